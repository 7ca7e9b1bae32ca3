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

/// What lets a browser go on with an authorization, and shows nothing but that one. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret that the gateway gave.
    pub fn new(text: String) -> ClientSecret {
        ClientSecret(text)
    }

    /// The text, for the payer and the database alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
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

impl Decline {
    const NOT_PROCESSED: &str = "not_processed";
    const ABANDONED: &str = "authentication_abandoned";

    /// The gateway made nothing of it, through no fault of the card.
    pub fn not_processed() -> Decline {
        Decline {
            code: Decline::NOT_PROCESSED.to_owned(),
            message:
                "This payment could not be processed, and nothing was charged. Please try again."
                    .to_owned(),
        }
    }

    /// The payer did not confirm it, and tried again with something else.
    pub fn abandoned() -> Decline {
        Decline {
            code: Decline::ABANDONED.to_owned(),
            message: "This payment was not confirmed, and another one was begun.".to_owned(),
        }
    }

    /// Whether it uses up one of the tries that an order has.
    pub fn uses_a_try(&self) -> bool {
        self.code != Decline::NOT_PROCESSED
    }
}

/// What a gateway answers when it is asked to hold an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is held on the card, and can be captured or voided.
    Authorized(GatewayId),
    /// The payer's bank wants to hear from them first. Nothing is held yet.
    ActionRequired(GatewayId, ClientSecret),
    /// Nothing is held, and nothing ever will be by this attempt.
    Declined(Decline),
    /// Nothing is held, but by what is still open at the gateway something could be: it is to be closed.
    DeclinedOpen(GatewayId, Decline),
}
