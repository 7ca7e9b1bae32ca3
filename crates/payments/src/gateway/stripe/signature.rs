//! Whether a message is Stripe's: `Stripe-Signature` (<https://docs.stripe.com/webhooks#verify-manually>).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use jiff::{SignedDuration, Timestamp};
use tessera_platform::config::Secret;

use crate::gateway::NotAuthentic;

/// How old a message may be, and how far ahead of our clock.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Signatures of a message that are looked at: Stripe sends one for each secret, and whoever sends more wants to keep us busy.
const MOST_SIGNATURES: usize = 8;
/// Bytes of a signature.
const SIGNATURE: usize = 32;

/// Passes a message that one of the secrets signed, a short time ago.
pub(super) fn check(
    header: &str,
    body: &[u8],
    secrets: &[Secret],
    now: Timestamp,
) -> Result<(), NotAuthentic> {
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let mut moments = parts().filter(|(name, _)| *name == "t");
    let (_, written) = moments.next().ok_or(NotAuthentic)?;
    let signed_at = written
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let age = now.duration_since(signed_at.ok_or(NotAuthentic)?);
    if age.abs() > TOLERANCE {
        return Err(NotAuthentic);
    }
    let message = [written.as_bytes(), b".", body].concat();
    let signatures = parts().filter(|(name, _)| *name == "v1");
    let signatures: Vec<_> = signatures
        .filter_map(|(_, signature)| bytes(signature))
        .filter(|signature| signature.len() == SIGNATURE)
        .take(MOST_SIGNATURES)
        .collect();
    // Each secret signs once, however many signatures there are.
    let signed = |secret: &Secret| {
        let key = Key::new(HMAC_SHA256, secret.expose().as_bytes());
        let own = hmac::sign(&key, &message);
        let mut given = signatures.iter();
        given.any(|signature| verify_slices_are_equal(own.as_ref(), signature).is_ok())
    };
    if !signatures.is_empty() && secrets.iter().any(signed) {
        Ok(())
    } else {
        Err(NotAuthentic)
    }
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    // `from_str_radix` takes a sign, too.
    let are_digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex.len().is_multiple_of(2) || !are_digits {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2).map(|at| hex.get(at..at + 2));
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(text)).collect()
    }

    fn sign(at: i64, secret: &str, body: &[u8]) -> String {
        let message = [format!("{at}.").as_bytes(), body].concat();
        let tag = hmac::sign(&Key::new(HMAC_SHA256, secret.as_bytes()), &message);
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn header(at: i64, secret: &str) -> String {
        format!("t={at},v1={}", sign(at, secret, BODY))
    }

    fn passes(header: &str, texts: &[&str]) -> bool {
        check(header, BODY, &secrets(texts), now()).is_ok()
    }

    #[test]
    fn digits_are_digits() {
        assert_eq!(bytes("0fA0"), Some(vec![0x0f, 0xa0]));
        for none in ["+f", "0", "-1", "é", "0g"] {
            assert_eq!(bytes(none), None, "{none}");
        }
    }

    #[test]
    fn only_who_has_a_secret_can_sign() {
        let at = now().as_second();
        let good = header(at, "whsec_a");
        assert!(passes(&good, &["whsec_a"]));
        assert!(
            passes(&good, &["whsec_b", "whsec_a"]),
            "while it is being replaced"
        );
        assert!(!passes(&good, &["whsec_b"]) && !passes(&good, &[]));
        let changed = check(&good, br#"{"id":"evt_2"}"#, &secrets(&["whsec_a"]), now());
        assert_eq!(changed, Err(NotAuthentic));
        let both = format!("{good},v1={}", sign(at, "whsec_c", BODY));
        assert!(passes(&both, &["whsec_c"]) && passes(&both, &["whsec_a"]));
    }

    #[test]
    fn of_many_signatures_the_first_few_are_looked_at() {
        let at = now().as_second();
        let others = format!("v1={},", sign(at, "whsec_c", BODY));
        let after = |count: usize| {
            let header = format!(
                "t={at},{}v1={}",
                others.repeat(count),
                sign(at, "whsec_a", BODY)
            );
            passes(&header, &["whsec_a"])
        };
        assert!(after(MOST_SIGNATURES - 1));
        assert!(!after(MOST_SIGNATURES));
    }

    #[test]
    fn what_is_five_minutes_old_or_ahead_counts_and_more_does_not() {
        for (seconds, counts) in [
            (0, true),
            (300, true),
            (-300, true),
            (301, false),
            (-301, false),
        ] {
            let header = header(now().as_second() + seconds, "whsec_a");
            assert_eq!(passes(&header, &["whsec_a"]), counts, "{seconds}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let at = now().as_second();
        let signature = sign(at, "whsec_a", BODY);
        let wrong = [
            String::new(),
            "t".to_owned(),
            format!("t={at}"),
            format!("v1={signature}"),
            format!("t=,v1={signature}"),
            format!("t={}{at},v1={signature}", i64::MAX),
            format!("t={at},v0={signature}"),
            format!("t={at},v1={}", &signature[1..]),
            format!("t={at},v1={}", &signature[2..]),
            format!("t={at},v1=ää{signature}"),
            format!("t={at},v1="),
            format!("t={at},t={},v1={}", at + 1, sign(at + 1, "whsec_a", BODY)),
        ];
        for header in wrong {
            assert!(!passes(&header, &["whsec_a"]), "{header}");
        }
    }
}
