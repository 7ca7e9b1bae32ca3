//! What goes back.

use serde_json::{Map, Value, json};

use crate::book::{Book, Kept, Refusal};

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Whether it is to be repeated to whoever comes again with the same idempotency key.
    pub(super) is_kept: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = format!("{body:#}\n").into_bytes();
        Answer {
            status,
            body,
            headers,
            is_kept: true,
        }
    }

    /// A refusal, with the whole intent in it where it is about one.
    pub(super) fn refused(refusal: &Refusal, book: &Book, for_browser: bool) -> Answer {
        let mut fields = refusal.fields();
        let intent = refusal.intent.as_ref().and_then(|id| book.intents.get(id));
        if let Some(intent) = intent.map(Kept::json) {
            let failed = intent.pointer("/last_payment_error/payment_method");
            if let Some(method) = failed.filter(|_| refusal.charge.is_some()) {
                fields.insert("payment_method".to_owned(), method.clone());
            }
            let intent = if for_browser {
                seen_by_a_browser(intent)
            } else {
                intent
            };
            fields.insert("payment_intent".to_owned(), intent);
        }
        let is_kept = refusal.begun;
        let body = json!({ "error": fields });
        Answer {
            is_kept,
            ..Answer::json(refusal.status, &body)
        }
    }

    /// Something is wrong at Stripe's.
    pub(super) fn failure() -> Answer {
        let message = "An error occurred on our side.";
        Answer::json(
            500,
            &json!({ "error": { "type": "api_error", "message": message } }),
        )
    }

    pub(super) fn unavailable() -> Answer {
        let message = "The API is not available at this moment.";
        let body = json!({ "error": { "type": "api_error", "message": message } });
        Answer {
            is_kept: false,
            ..Answer::json(503, &body)
        }
    }

    pub(super) fn too_many(retry_after: u64) -> Answer {
        let message = "Too many requests came too quickly.";
        let error =
            json!({ "type": "invalid_request_error", "code": "rate_limit", "message": message });
        let answer = Answer::json(429, &json!({ "error": error }));
        let answer = Answer {
            is_kept: false,
            ..answer
        };
        answer.with("retry-after", retry_after.to_string())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// Ends in the middle.
    pub(super) fn cut(mut self) -> Answer {
        self.body.truncate(self.body.len() / 2);
        self
    }
}

/// What a publishable key and a client secret let one see of an intent: as documented for Stripe.js, not its metadata
/// nor its charges.
pub(super) fn seen_by_a_browser(intent: Value) -> Value {
    const SHOWN: [&str; 24] = [
        "id",
        "object",
        "amount",
        "amount_details",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "last_payment_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_types",
        "processing",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "source",
        "status",
    ];
    match intent {
        Value::Object(fields) => {
            let shown = |(name, _): &(String, Value)| SHOWN.contains(&name.as_str());
            Value::Object(fields.into_iter().filter(shown).collect::<Map<_, _>>())
        }
        other => other,
    }
}
