//! What is answered instead of what was asked for (<https://docs.stripe.com/api/errors>).

use serde_json::{Map, Value, json};

use super::declines::Decline;

/// A refusal is on the heap, since most calls end without one.
pub(crate) type Refused = Box<Refusal>;

#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) decline_code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    /// The intent that it is about: the answer shows it whole.
    pub(crate) intent: Option<String>,
    pub(crate) charge: Option<String>,
    /// Whether the endpoint had begun to act: only then an answer is kept under its idempotency key.
    pub(crate) begun: bool,
}

impl Refusal {
    /// The request was understood, and cannot be done.
    pub(crate) fn invalid(code: Option<&'static str>, message: impl Into<String>) -> Refused {
        Box::new(Refusal {
            status: 400,
            kind: "invalid_request_error",
            code,
            decline_code: None,
            message: message.into(),
            param: None,
            intent: None,
            charge: None,
            begun: true,
        })
    }

    /// A parameter is wrong: nothing began.
    pub(crate) fn parameter(
        code: Option<&'static str>,
        param: &str,
        message: impl Into<String>,
    ) -> Refused {
        Refusal::invalid(code, message).about(param).unbegun()
    }

    pub(crate) fn missing(param: &str) -> Refused {
        let message = format!("Missing required param: {param}.");
        Refusal::parameter(Some("parameter_missing"), param, message)
    }

    pub(crate) fn unknown(param: &str) -> Refused {
        let message = format!("Received unknown parameter: {param}");
        Refusal::parameter(Some("parameter_unknown"), param, message)
    }

    pub(crate) fn no_such(what: &str, id: &str, param: &str) -> Refused {
        let message = format!("No such {what}: '{id}'");
        let mut refusal = Refusal::invalid(Some("resource_missing"), message).about(param);
        refusal.status = 404;
        refusal
    }

    /// Something else has hold of it: another request, at the same time.
    pub(crate) fn locked() -> Refused {
        let message = "This object cannot be accessed right now: another request has hold of it.";
        Refusal::invalid(Some("lock_timeout"), message)
            .with_status(409)
            .unbegun()
    }

    /// The intent is not in a state in which this could be done.
    pub(crate) fn unexpected_state(intent: &str, message: impl Into<String>) -> Refused {
        Refusal::invalid(Some("payment_intent_unexpected_state"), message).of_intent(intent)
    }

    /// The card was declined.
    pub(crate) fn card(decline: &Decline) -> Refused {
        let mut refusal = Refusal::invalid(Some(decline.code), decline.message);
        refusal.status = 402;
        refusal.kind = "card_error";
        refusal.decline_code = decline.decline_code;
        refusal.param = decline.param.map(str::to_owned);
        refusal
    }

    pub(crate) fn about(mut self: Box<Self>, param: &str) -> Refused {
        self.param = Some(param.to_owned());
        self
    }

    pub(crate) fn of_intent(mut self: Box<Self>, intent: &str) -> Refused {
        self.intent = Some(intent.to_owned());
        self
    }

    pub(crate) fn of_charge(mut self: Box<Self>, charge: &str) -> Refused {
        self.charge = Some(charge.to_owned());
        self
    }

    pub(crate) fn with_status(mut self: Box<Self>, status: u16) -> Refused {
        self.status = status;
        self
    }

    pub(crate) fn of_kind(mut self: Box<Self>, kind: &'static str) -> Refused {
        self.kind = kind;
        self
    }

    /// Nothing had begun.
    pub(crate) fn unbegun(mut self: Box<Self>) -> Refused {
        self.begun = false;
        self
    }

    /// The fields of the error that it has: an error has no nulls.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(self.kind));
        fields.insert("message".to_owned(), json!(self.message));
        if let Some(code) = self.code {
            let page = code.replace('_', "-");
            let url = format!("https://docs.stripe.com/error-codes/{page}");
            fields.insert("code".to_owned(), json!(code));
            fields.insert("doc_url".to_owned(), json!(url));
        }
        let decline_code = self.decline_code.map(str::to_owned);
        let named = [
            ("decline_code", &decline_code),
            ("param", &self.param),
            ("charge", &self.charge),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
        fields
    }
}
