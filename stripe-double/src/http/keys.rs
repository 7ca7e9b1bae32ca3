//! Idempotency keys (<https://docs.stripe.com/api/idempotent_requests>, <https://docs.stripe.com/error-low-level>):
//! a key is acted upon once, and its answer is repeated, be it a success or an error.

use std::collections::HashMap;

use aws_lc_rs::digest;

use super::answer::Answer;
use crate::book::{Refusal, Refused};

/// Stripe forgets keys when they are at least a day old; the double an hour later.
const KEPT_FOR: i64 = 25 * 60 * 60;
const LONGEST: usize = 255;

#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Entry>);

struct Entry {
    wish: Wish,
    since: i64,
    /// `None` while it is being acted upon.
    answer: Option<Answer>,
}

/// What a key was first used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    path: String,
    /// Of the parameters: there may be a card number among them, which nobody may keep.
    digest: Vec<u8>,
}

impl Wish {
    /// The order of the parameters does not matter.
    pub(super) fn new(path: &str, params: &[(String, String)]) -> Wish {
        let mut params: Vec<_> = params.iter().collect();
        params.sort();
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let text = text.extend_pairs(params.into_iter().map(|(name, value)| (name, value)));
        let digest = digest::digest(&digest::SHA256, text.finish().as_bytes());
        let (path, digest) = (path.to_owned(), digest.as_ref().to_vec());
        Wish { path, digest }
    }
}

pub(super) enum Begin {
    /// It was not used before: whoever asks acts, and says how that ended.
    Fresh,
    /// It was: this is what was answered.
    Again(Answer),
}

impl Keys {
    /// Claims a key.
    pub(super) fn begin(&mut self, key: &str, wish: Wish, now: i64) -> Result<Begin, Refused> {
        if key.is_empty() || key.len() > LONGEST {
            let message = format!("An idempotency key has 1 to {LONGEST} characters.");
            return Err(Refusal::invalid(None, message)
                .of_kind("idempotency_error")
                .unbegun());
        }
        self.0
            .retain(|_, entry| entry.answer.is_none() || entry.since + KEPT_FOR > now);
        match self.0.get(key) {
            None => {
                let entry = Entry {
                    wish,
                    since: now,
                    answer: None,
                };
                self.0.insert(key.to_owned(), entry);
                Ok(Begin::Fresh)
            }
            Some(entry) if entry.wish.path != wish.path => {
                let path = &entry.wish.path;
                Err(misused(format!(
                    "This idempotency key was first used for {path}."
                )))
            }
            Some(entry) if entry.wish != wish => Err(misused(
                "This idempotency key was first used with other parameters.",
            )),
            Some(Entry { answer: None, .. }) => Err(in_use(key)),
            Some(Entry {
                answer: Some(answer),
                ..
            }) => Ok(Begin::Again(answer.clone())),
        }
    }

    /// Keeps the answer of a claimed key, or gives the key back where nothing had begun.
    pub(super) fn end(&mut self, key: &str, answer: &Answer) {
        if !answer.is_kept {
            self.0.remove(key);
        } else if let Some(entry) = self.0.get_mut(key) {
            entry.answer = Some(answer.clone());
        }
    }
}

fn misused(message: impl Into<String>) -> Refused {
    Refusal::invalid(None, message)
        .of_kind("idempotency_error")
        .unbegun()
}

/// Another request with this key is on its way.
pub(super) fn in_use(key: &str) -> Refused {
    let message = format!("Another request with the idempotency key {key} is being acted upon.");
    let refusal = Refusal::invalid(Some("idempotency_key_in_use"), message);
    refusal
        .of_kind("idempotency_error")
        .with_status(409)
        .unbegun()
}
