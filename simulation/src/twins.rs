//! Whether requests that come twice under one idempotency key are answered alike, whoever hears it. Knows nothing of what they
//! are about.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::net::{Answer, Call};

/// What is refused to one of two that come at the same time.
const IN_PROGRESS: &str = "idempotency_in_progress";

/// The first answer under each key.
#[derive(Default)]
pub struct Twins(BTreeMap<String, String>);

impl Twins {
    /// The key of a request whose answer is kept under it at once. A payment has several answers on its way, and is
    /// looked at by what comes of it.
    pub fn key_of(call: &Call) -> Option<String> {
        call.key.clone().filter(|_| call.service != "payments")
    }

    /// Holds an answer against the one before it.
    pub fn judge(&mut self, key: &str, answer: &Answer) -> Result<(), String> {
        let Some(words) = last_word(answer) else {
            return Ok(());
        };
        let first = self
            .0
            .entry(key.to_owned())
            .or_insert_with(|| words.clone());
        match *first == words {
            true => Ok(()),
            false => Err(format!(
                "what was asked under {key} was answered with '{first}', and then with '{words}'"
            )),
        }
    }
}

/// What is said to every later request of the key; `None` where the next one may be answered otherwise.
fn last_word(answer: &Answer) -> Option<String> {
    let text = |name: &str| answer.body.get(name).and_then(Value::as_str);
    let may_change = matches!(answer.status, 400 | 401 | 429 | 500..) || answer.is_for_now;
    let word = text("code").or_else(|| text("id"))?;
    (!may_change && word != IN_PROGRESS).then(|| format!("{} {word}", answer.status))
}
