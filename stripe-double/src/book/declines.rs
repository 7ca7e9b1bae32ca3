//! How cards are declined: with Stripe's codes (<https://docs.stripe.com/declines/codes>,
//! <https://docs.stripe.com/error-codes>), in our words.

/// How the issuer of a card declines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decline {
    pub(crate) code: &'static str,
    /// Stripe's table has none where the code says it all.
    pub(crate) decline_code: Option<&'static str>,
    pub(crate) message: &'static str,
    /// The field of a form that is at fault.
    pub(crate) param: Option<&'static str>,
}

const fn declined(decline_code: &'static str, message: &'static str) -> Decline {
    let (code, decline_code) = ("card_declined", Some(decline_code));
    let param = None;
    Decline {
        code,
        decline_code,
        message,
        param,
    }
}

const fn coded(code: &'static str, param: Option<&'static str>, message: &'static str) -> Decline {
    let decline_code = None;
    Decline {
        code,
        decline_code,
        message,
        param,
    }
}

pub(super) static GENERIC: Decline = declined("generic_decline", "The card was declined.");
pub(super) static FUNDS: Decline =
    declined("insufficient_funds", "The card has too little money on it.");
// Their owners learn no more than of any other decline.
pub(super) static LOST: Decline = declined("lost_card", "The card was declined.");
pub(super) static STOLEN: Decline = declined("stolen_card", "The card was declined.");
pub(super) static VELOCITY: Decline =
    declined("card_velocity_exceeded", "The card was used too often.");
pub(super) static FRAUD: Decline = declined("fraudulent", "The card was declined.");
pub(super) static EXPIRED: Decline =
    coded("expired_card", Some("exp_month"), "The card has expired.");
pub(super) static CVC: Decline = coded(
    "incorrect_cvc",
    Some("cvc"),
    "The card's security code is wrong.",
);
pub(super) static PROCESSING: Decline =
    coded("processing_error", None, "The card could not be processed.");
pub(super) static UNAUTHENTICATED: Decline = Decline {
    code: "authentication_required",
    decline_code: Some("authentication_required"),
    message: "The card was declined: this payment needs authentication.",
    param: None,
};
pub(super) static NUMBER: Decline = coded(
    "incorrect_number",
    Some("number"),
    "The card number is wrong.",
);
pub(super) static NOT_FOR_TESTS: Decline = declined(
    "test_mode_live_card",
    "The card was declined: only test cards are taken here.",
);
pub(super) static MONTH: Decline = coded(
    "invalid_expiry_month",
    Some("exp_month"),
    "The card's month of expiry is invalid.",
);
pub(super) static YEAR: Decline = coded(
    "invalid_expiry_year",
    Some("exp_year"),
    "The card's year of expiry is invalid.",
);
pub(super) static SHORT_CVC: Decline = coded(
    "invalid_cvc",
    Some("cvc"),
    "The card's security code is invalid.",
);
