//! What a page gets for a card, and gives to its server: tokens (<https://docs.stripe.com/api/tokens/object>) and
//! confirmation tokens (<https://docs.stripe.com/api/confirmation_tokens/object>). Both can be used once.

use serde_json::{Value, json};

use super::attempt::How;
use super::method::{Card, CardInput};
use super::refusal::{Refusal, Refused};
use super::{Book, Kept};

const CONFIRMATION_TOKEN_LASTS: i64 = 12 * 60 * 60;

pub(crate) struct Token {
    id: String,
    created: i64,
    card: Card,
    used: bool,
}

pub(crate) struct ConfirmationToken {
    id: String,
    created: i64,
    /// `pm_…`: whoever confirms gets it.
    method: String,
    card: Card,
    return_url: Option<String>,
    /// The intent that it confirmed.
    used_for: Option<String>,
}

impl Book {
    pub(crate) fn create_token(&mut self, input: &CardInput) -> Result<String, Refused> {
        let card = Card::entered(input, self.now)?;
        let (id, created) = (self.ids.next("tok"), self.now);
        self.tokens.put(Token {
            id: id.clone(),
            created,
            card,
            used: false,
        });
        Ok(id)
    }

    pub(super) fn use_token(&mut self, id: &str) -> Result<Card, Refused> {
        let token = self
            .tokens
            .find_mut(id, "payment_method_data[card][token]")?;
        if std::mem::replace(&mut token.used, true) {
            let message = format!("Token {id} was used already: a token can be used once.");
            return Err(Refusal::invalid(Some("token_already_used"), message));
        }
        Ok(token.card.clone())
    }

    /// For a payment method that is in the book.
    pub(crate) fn create_confirmation_token(
        &mut self,
        method: String,
        return_url: Option<String>,
    ) -> Result<String, Refused> {
        let card = self.methods.find(&method, "payment_method")?.card.clone();
        let (id, created) = (self.ids.next("ctoken"), self.now);
        self.confirmation_tokens.put(ConfirmationToken {
            id: id.clone(),
            created,
            method,
            card,
            return_url,
            used_for: None,
        });
        Ok(id)
    }

    /// Whether a confirmation token can be used.
    pub(super) fn check_confirmation_token(&self, id: &str) -> Result<(), Refused> {
        let param = "confirmation_token";
        let token = self.confirmation_tokens.find(id, param)?;
        // Stripe documents that a token is used once and lasts twelve hours, and not the codes of these.
        if token.used_for.is_some() {
            let message = format!("ConfirmationToken {id} was used already.");
            return Err(Refusal::invalid(None, message).about(param));
        }
        if self.now >= token.created + CONFIRMATION_TOKEN_LASTS {
            let message = format!("ConfirmationToken {id} has expired.");
            return Err(Refusal::invalid(None, message).about(param));
        }
        Ok(())
    }

    /// Takes what a confirmation token brings. Its page uses Stripe.js for the next step.
    pub(super) fn use_confirmation_token(
        &mut self,
        id: &str,
        intent: &str,
        how: &mut How,
    ) -> Result<String, Refused> {
        self.check_confirmation_token(id)?;
        let token = self
            .confirmation_tokens
            .find_mut(id, "confirmation_token")?;
        token.used_for = Some(intent.to_owned());
        how.use_sdk = true;
        how.return_url = how.return_url.take().or_else(|| token.return_url.clone());
        Ok(token.method.clone())
    }
}

impl Kept for Token {
    const NAME: &'static str = "token";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "token",
            "card": self.card.json(),
            "client_ip": null,
            "created": self.created,
            "livemode": false,
            "type": "card",
            "used": self.used,
        })
    }
}

impl Kept for ConfirmationToken {
    const NAME: &'static str = "ConfirmationToken";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "confirmation_token",
            "created": self.created,
            "expires_at": self.created + CONFIRMATION_TOKEN_LASTS,
            "livemode": false,
            "mandate_data": null,
            "metadata": null,
            "payment_intent": self.used_for,
            "payment_method_options": null,
            "payment_method_preview": {
                "allow_redisplay": "unspecified",
                "billing_details": { "address": null, "email": null, "name": null, "phone": null, "tax_id": null },
                "card": self.card.json(),
                "customer": null,
                "type": "card",
            },
            "return_url": self.return_url,
            "setup_future_usage": null,
            "setup_intent": null,
            "shipping": null,
            "use_stripe_sdk": true,
        })
    }
}
