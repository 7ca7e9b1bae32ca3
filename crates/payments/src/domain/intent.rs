//! What a payment still wants of the gateway, and when it is asked again.

use std::str::FromStr;

use jiff::SignedDuration;
use tessera_contracts::Money;

/// How long a request has for its own answer, before the worker asks the gateway for it. Longer than
/// the request waits, so that the two rarely meet (and do no harm when they do).
pub const RESOLVE_AFTER: SignedDuration = SignedDuration::from_secs(15);

/// How long a process has payments to itself that it asks the gateway about: longer than two calls after each
/// other take, twice over. Should it die meanwhile, another one takes them then.
pub const CLAIMED_FOR: SignedDuration = SignedDuration::from_secs(60);

const FIRST_PAUSE_MILLIS: i64 = 200;
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What is to be asked of the gateway, until it has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Find out what became of the authorization.
    Resolve,
    /// Charge the amount that is held.
    Capture,
    /// Release the amount that is held.
    Void,
    /// Give back the amount that was charged although the order ended.
    Refund,
}

/// The gateway's last word on an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The amount was charged, of which the gateway kept `fee`, if it said so.
    Captured { fee: Option<Money> },
    /// It never will be.
    CaptureRefused,
    /// It was released.
    Voided,
    /// It could not be released: somebody else had charged it.
    ChargedElsewhere,
    /// It was given back.
    Refunded,
}

impl Intent {
    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Intent::Resolve => "resolve",
            Intent::Capture => "capture",
            Intent::Void => "void",
            Intent::Refund => "refund",
        }
    }
}

/// The text is no intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownIntent;

impl FromStr for Intent {
    type Err = UnknownIntent;

    fn from_str(text: &str) -> Result<Intent, UnknownIntent> {
        match text {
            "resolve" => Ok(Intent::Resolve),
            "capture" => Ok(Intent::Capture),
            "void" => Ok(Intent::Void),
            "refund" => Ok(Intent::Refund),
            _ => Err(UnknownIntent),
        }
    }
}

/// How long to wait after so many tries without an answer: 0.2 s after the first, twice as long after
/// each further one, at most a minute. It never ends by itself: money may be held.
pub fn pause_after(tries: u32) -> SignedDuration {
    let doublings = tries.saturating_sub(1).min(16);
    SignedDuration::from_millis(FIRST_PAUSE_MILLIS << doublings).min(LONGEST_PAUSE)
}

/// How long to wait before looking again whether a payer has confirmed a payment: the gateway tells of its own accord,
/// where it can.
pub fn pause_for_payer(tries: u32) -> SignedDuration {
    const LONGEST: SignedDuration = SignedDuration::from_secs(15);
    let doublings = tries.saturating_sub(1).min(8);
    SignedDuration::from_secs(2 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let millis = |tries| pause_after(tries).as_millis();
        assert_eq!([1, 2, 3, 4].map(millis), [200, 400, 800, 1_600]);
        assert_eq!(
            [9, 10, 100, u32::MAX].map(millis),
            [51_200, 60_000, 60_000, 60_000]
        );
    }

    #[test]
    fn a_payer_is_looked_after_every_few_seconds() {
        let seconds = |tries| pause_for_payer(tries).as_secs();
        assert_eq!([0, 1, 2, 3, 4, u32::MAX].map(seconds), [2, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn words_read_back() {
        for intent in [
            Intent::Resolve,
            Intent::Capture,
            Intent::Void,
            Intent::Refund,
        ] {
            assert_eq!(intent.as_str().parse(), Ok(intent));
        }
        assert_eq!("charge".parse::<Intent>(), Err(UnknownIntent));
    }
}
