//! The test cards that the double knows, and what becomes of each: a part of Stripe's own
//! (<https://docs.stripe.com/testing>), with its codes.
//!
//! A name stands for a token and for a payment method: `visa` for `tok_visa` and for `pm_card_visa`.

use super::declines::{
    CVC, Decline, EXPIRED, FRAUD, FUNDS, GENERIC, LOST, NOT_FOR_TESTS, NUMBER, PROCESSING, STOLEN,
    VELOCITY,
};

/// What becomes of a payment with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Accept,
    Decline(&'static Decline),
    /// Asks for 3-D Secure, then accepts.
    Authenticate,
    /// Asks for 3-D Secure, then declines all the same.
    AuthenticateAndDecline(&'static Decline),
    /// Accepts; a refund seems to succeed, and fails some time later.
    AcceptAndFailRefunds,
    /// Accepts; a refund is pending for some time.
    AcceptAndDelayRefunds,
}

pub(crate) struct TestCard {
    pub(crate) number: &'static str,
    pub(crate) brand: &'static str,
    names: &'static [&'static str],
    pub(crate) behaviour: Behaviour,
}

const fn card(
    number: &'static str,
    names: &'static [&'static str],
    behaviour: Behaviour,
) -> TestCard {
    let brand = "visa";
    TestCard {
        number,
        brand,
        names,
        behaviour,
    }
}

use Behaviour::{
    Accept, AcceptAndDelayRefunds, AcceptAndFailRefunds, Authenticate, AuthenticateAndDecline,
    Decline as Declines,
};

static CARDS: &[TestCard] = &[
    card("4242424242424242", &["visa", "us"], Accept),
    card("4000056655665556", &["visa_debit"], Accept),
    TestCard {
        number: "5555555555554444",
        brand: "mastercard",
        names: &["mastercard"],
        behaviour: Accept,
    },
    TestCard {
        number: "378282246310005",
        brand: "amex",
        names: &["amex"],
        behaviour: Accept,
    },
    card(
        "4000000000000002",
        &["visa_chargeDeclined", "chargeDeclined"],
        Declines(&GENERIC),
    ),
    card(
        "4000000000009995",
        &[
            "visa_chargeDeclinedInsufficientFunds",
            "chargeDeclinedInsufficientFunds",
        ],
        Declines(&FUNDS),
    ),
    card(
        "4000000000009987",
        &["visa_chargeDeclinedLostCard"],
        Declines(&LOST),
    ),
    card(
        "4000000000009979",
        &["visa_chargeDeclinedStolenCard"],
        Declines(&STOLEN),
    ),
    card(
        "4000000000000069",
        &[
            "chargeDeclinedExpiredCard",
            "visa_chargeDeclinedExpiredCard",
        ],
        Declines(&EXPIRED),
    ),
    card(
        "4000000000000127",
        &[
            "chargeDeclinedIncorrectCvc",
            "visa_chargeDeclinedIncorrectCvc",
        ],
        Declines(&CVC),
    ),
    card(
        "4000000000000119",
        &[
            "chargeDeclinedProcessingError",
            "visa_chargeDeclinedProcessingError",
        ],
        Declines(&PROCESSING),
    ),
    card(
        "4000000000006975",
        &["visa_chargeDeclinedVelocityLimitExceeded"],
        Declines(&VELOCITY),
    ),
    card(
        "4100000000000019",
        &[
            "radarBlock",
            "chargeDeclinedFraudulent",
            "visa_chargeDeclinedFraudulent",
        ],
        Declines(&FRAUD),
    ),
    card(
        "4000000000000341",
        &["chargeCustomerFail", "visa_chargeCustomerFail"],
        Declines(&GENERIC),
    ),
    card("4000000000005126", &["refundFail"], AcceptAndFailRefunds),
    card(
        "4000000000007726",
        &["pendingRefund"],
        AcceptAndDelayRefunds,
    ),
    // The double sets no card up for later, so that these ask for authentication each time.
    card(
        "4000002500003155",
        &["authenticationRequiredOnSetup"],
        Authenticate,
    ),
    card(
        "4000002760003184",
        &["authenticationRequired"],
        Authenticate,
    ),
    card(
        "4000000000003220",
        &["threeDSecure2Required", "threeDSecureRequired"],
        Authenticate,
    ),
    card(
        "4000008260003178",
        &["authenticationRequiredChargeDeclinedInsufficientFunds"],
        AuthenticateAndDecline(&FUNDS),
    ),
    card(
        "4000008400001629",
        &["threeDSecureRequiredChargeDeclined"],
        AuthenticateAndDecline(&GENERIC),
    ),
];

/// The card of a token, as `tok_visa`.
pub(crate) fn of_token(token: &str) -> Option<&'static TestCard> {
    named(token.strip_prefix("tok_")?)
}

/// The card of a payment method, as `pm_card_visa`.
pub(crate) fn of_method(method: &str) -> Option<&'static TestCard> {
    named(method.strip_prefix("pm_card_")?)
}

/// The card of a number: declined as Stripe declines a number that is none, or that may be somebody's.
pub(crate) fn of_number(number: &str) -> Result<&'static TestCard, &'static Decline> {
    if !is_card_number(number) {
        return Err(&NUMBER);
    }
    let known = CARDS.iter().find(|card| card.number == number);
    known.ok_or(&NOT_FOR_TESTS)
}

fn named(name: &str) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.names.contains(&name))
}

/// By the check digit (ISO/IEC 7812-1).
fn is_card_number(number: &str) -> bool {
    let mut sum = 0;
    for (at, digit) in number.chars().rev().enumerate() {
        let Some(digit) = digit.to_digit(10) else {
            return false;
        };
        sum += if at % 2 == 0 {
            digit
        } else {
            digit * 2 / 10 + digit * 2 % 10
        };
    }
    (12..=19).contains(&number.len()) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_and_no_name_stands_twice() {
        let mut names: Vec<_> = CARDS.iter().flat_map(|card| card.names).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for card in CARDS {
            assert!(is_card_number(card.number), "{}", card.number);
        }
    }

    #[test]
    fn a_name_a_token_and_a_number_lead_to_the_same_card() {
        let card = of_token("tok_visa").expect("a card");
        assert_eq!(
            card.number,
            of_method("pm_card_visa").expect("a card").number
        );
        assert_eq!(
            card.number,
            of_number("4242424242424242")
                .map_err(|_| ())
                .expect("one")
                .number
        );
        assert!(of_number("4242424242424241").is_err_and(|decline| decline == &NUMBER));
        assert!(of_number("4012888888881881").is_err_and(|decline| decline == &NOT_FOR_TESTS));
        assert!(of_method("tok_visa").is_none());
    }
}
