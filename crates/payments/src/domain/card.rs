//! What passes between payments and a card gateway.

use std::fmt;

/// What stands for a card: only the gateway that gave it knows which. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that the gateway knows, or that was kept as such.
    pub fn new(text: String) -> Token {
        Token(text)
    }

    /// The text, for the gateway and the database alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The gateway's own id of an authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayId(String);

impl GatewayId {
    /// An id that the gateway gave.
    pub fn new(text: String) -> GatewayId {
        GatewayId(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a card was not authorized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    /// A stable slug, such as `insufficient_funds`.
    pub code: String,
    /// A sentence for the buyer.
    pub message: String,
}

/// What a gateway answers when it is asked to hold an amount: its last word, in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is held on the card, and can be captured or voided.
    Authorized(GatewayId),
    /// Nothing is held, and nothing ever will be by this attempt.
    Declined(Decline),
}
