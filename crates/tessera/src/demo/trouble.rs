//! Why the demo cannot go on, in words that say what was asked and what was answered.

use reqwest::StatusCode;

use super::catalogue::CatalogueError;
use super::draw::DrawError;

#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{request} got no answer: {cause}")]
    NoAnswer { request: String, cause: String },
    #[error("{request} should be answered with {expected}, and was with {answer}")]
    Unexpected {
        request: String,
        expected: StatusCode,
        answer: String,
    },
    #[error("{request} was answered with something that cannot be read: {cause}")]
    Unreadable { request: String, cause: String },
    #[error("{what} did not come within {seconds} s; what was seen last: {last}")]
    TooLate {
        what: String,
        seconds: i64,
        last: String,
    },
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Draw(#[from] DrawError),
    #[error("{0}")]
    Other(String),
}

/// An error with all its causes: the first one alone rarely says what happened.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
