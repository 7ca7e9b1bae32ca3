//! How a refusal looks to a test that drives the double.

use std::fmt;

use crate::book::Refused;

/// Why the double did not do what a test asked of it: what Stripe would answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As in `resource_missing`.
    pub code: Option<&'static str>,
    /// In words.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} ({code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal {
            code: refused.code,
            message: refused.message,
        }
    }
}
