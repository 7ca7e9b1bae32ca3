//! What is said to Stripe, in its spelling.

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use uuid::Uuid;

use super::client::Fields;
use crate::gateway::{Authorize, Refund, Token, TokenError};

/// Under which names Stripe keeps our ids beside its objects.
pub(super) const PAYMENT: &str = "tessera_payment";
pub(super) const ORDER: &str = "tessera_order";
pub(super) const REFUND: &str = "tessera_refund";

/// The most that Stripe lists at once.
pub(super) const PAGE: usize = 100;

const LONGEST_TOKEN: usize = 255;

/// The `Idempotency-Key` of a call: of what is recorded, so that whoever makes it has the same.
pub(super) fn key(call: &str, id: Uuid, round: u32) -> String {
    format!("tessera-{call}-{id}-{round}")
}

/// Takes what Stripe gives for a card. A card's number is none, and is neither kept nor repeated.
pub(super) fn check_token(text: String) -> Result<Token, TokenError> {
    let known = ["tok_", "pm_", "ctoken_", "card_"];
    let rest = known.iter().find_map(|prefix| text.strip_prefix(prefix));
    let is_one = rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
    });
    if is_one && text.len() <= LONGEST_TOKEN {
        Ok(Token::new(text))
    } else {
        let message =
            "token must be what Stripe gives for a card: it begins with tok_, pm_ or ctoken_";
        Err(TokenError(message.to_owned()))
    }
}

/// A part of a path.
pub(super) fn segment(id: &str) -> String {
    percent_encode(id.as_bytes(), NON_ALPHANUMERIC)
        .to_string()
        .replace("%5F", "_")
}

fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    pairs.into_iter().map(own).collect()
}

/// Creates an intent and confirms it. The payer's bank may ask for them; a browser can go on from there.
pub(super) fn authorize(wish: &Authorize, amount: i64) -> Fields {
    let currency = wish.amount.currency();
    let mut form = fields([
        ("amount", &amount.to_string()),
        ("currency", currency.as_str()),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("allowed_payment_method_types[]", "card"),
        ("use_stripe_sdk", "true"),
        (&format!("metadata[{PAYMENT}]"), &wish.key.to_string()),
        (&format!("metadata[{ORDER}]"), &wish.order.to_string()),
    ]);
    let token = wish.token.as_str();
    if token.starts_with("tok_") {
        form.extend(fields([
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][token]", token),
        ]));
    } else if token.starts_with("ctoken_") {
        form.extend(fields([("confirmation_token", token)]));
    } else {
        form.extend(fields([("payment_method", token)]));
    }
    form
}

/// Charges this much, and no other.
pub(super) fn capture(amount: i64) -> Fields {
    let mut form = with_fee();
    form.extend(fields([("amount_to_capture", &amount.to_string())]));
    form
}

/// Asks for an intent together with what Stripe kept of it.
pub(super) fn with_fee() -> Fields {
    fields([("expand[]", "latest_charge.balance_transaction")])
}

/// Gives something back.
pub(super) fn refund(wish: &Refund, amount: i64) -> Fields {
    fields([
        ("payment_intent", wish.id.as_str()),
        ("amount", &amount.to_string()),
        (&format!("metadata[{REFUND}]"), &wish.key.to_string()),
    ])
}

/// All that was charged and is not given back yet, for a payment that its buyer got nothing for.
pub(super) fn refund_rest(intent: &str, payment: Uuid) -> Fields {
    fields([
        ("payment_intent", intent),
        (&format!("metadata[{REFUND}]"), &payment.to_string()),
    ])
}

/// The refunds of an intent.
pub(super) fn refunds_of(intent: &str) -> Fields {
    fields([("payment_intent", intent), ("limit", &PAGE.to_string())])
}

/// The intents of a span of time, the newest first, without what was charged.
pub(super) fn list_plain(since: Timestamp, until: Timestamp, after: Option<&str>) -> Fields {
    let mut query = page(since, after);
    query.extend(fields([("created[lte]", &until.as_second().to_string())]));
    query
}

/// The intents since then, the newest first, each with what was charged.
pub(super) fn list(since: Timestamp, after: Option<&str>) -> Fields {
    let mut query = page(since, after);
    query.extend(fields([(
        "expand[]",
        "data.latest_charge.balance_transaction",
    )]));
    query
}

fn page(since: Timestamp, after: Option<&str>) -> Fields {
    let mut query = fields([
        ("limit", &PAGE.to_string()),
        ("created[gte]", &since.as_second().to_string()),
    ]);
    if let Some(after) = after {
        query.extend(fields([("starting_after", after)]));
    }
    query
}

/// What Stripe told of chargebacks, and of refunds that did not arrive, the newest first. Intents tell all else of
/// themselves.
pub(super) fn events(since: Timestamp, after: Option<&str>) -> Fields {
    let mut query = fields([
        ("limit", &PAGE.to_string()),
        ("created[gte]", &since.as_second().to_string()),
        ("types[]", "charge.dispute.created"),
        ("types[]", "charge.dispute.closed"),
        ("types[]", "refund.failed"),
    ]);
    if let Some(after) = after {
        query.extend(fields([("starting_after", after)]));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_stripe_gives_for_a_card_and_nothing_else() {
        for text in ["tok_visa", "pm_card_visa", "ctoken_1Abc", "card_1"] {
            assert_eq!(check_token(text.to_owned()).unwrap().as_str(), text);
        }
        let canary = "4242424242424242";
        let long = format!("tok_{}", "a".repeat(252));
        for text in [
            "",
            "tok_",
            "visa",
            canary,
            "tok_visa&amount=1",
            "pi_1",
            "tok_vißa",
            &long,
        ] {
            let TokenError(message) = check_token(text.to_owned()).unwrap_err();
            assert!(!message.contains(canary));
        }
    }

    #[test]
    fn an_id_stays_one_part_of_a_path() {
        assert_eq!(segment("pi_3Abc"), "pi_3Abc");
        assert_eq!(segment("../refunds?x"), "%2E%2E%2Frefunds%3Fx");
    }

    #[test]
    fn a_key_is_of_the_call_the_payment_and_the_round() {
        let id = Uuid::from_u128(3);
        assert_eq!(
            key("capture", id, 2),
            "tessera-capture-00000000-0000-0000-0000-000000000003-2"
        );
    }
}
