//! The tokens that the gateway takes: some of Stripe's own
//! (<https://docs.stripe.com/testing?testing-method=tokens>).

use crate::domain::{Decline, Token};
use crate::gateway::TokenError;

/// What becomes of an authorization.
pub(super) enum Verdict {
    Accept,
    Decline(Decline),
}

struct Declined {
    token: &'static str,
    code: &'static str,
    message: &'static str,
}

const ACCEPTED: &str = "tok_visa";
const DECLINED: &[Declined] = &[
    Declined {
        token: "tok_chargeDeclined",
        code: "generic_decline",
        message: "Your card was declined.",
    },
    Declined {
        token: "tok_chargeDeclinedInsufficientFunds",
        code: "insufficient_funds",
        message: "Your card has insufficient funds.",
    },
    Declined {
        token: "tok_chargeDeclinedExpiredCard",
        code: "expired_card",
        message: "Your card has expired.",
    },
];

/// The verdict on a token; `None` when there is no such token.
pub(super) fn verdict(token: &Token) -> Option<Verdict> {
    if token.as_str() == ACCEPTED {
        return Some(Verdict::Accept);
    }
    let declined = DECLINED
        .iter()
        .find(|declined| declined.token == token.as_str())?;
    Some(Verdict::Decline(Decline {
        code: declined.code.to_owned(),
        message: declined.message.to_owned(),
    }))
}

/// Takes a token that the gateway knows.
pub(super) fn check(text: String) -> Result<Token, TokenError> {
    let token = Token::new(text);
    match verdict(&token) {
        Some(_) => Ok(token),
        None => Err(unknown()),
    }
}

fn unknown() -> TokenError {
    let known = DECLINED.iter().map(|declined| declined.token);
    let known: Vec<_> = std::iter::once(ACCEPTED).chain(known).collect();
    TokenError(format!(
        "token must be one of the test tokens {}",
        known.join(", ")
    ))
}
