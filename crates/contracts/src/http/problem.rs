//! Refusals: problem details, RFC 9457, as `application/problem+json`.
//!
//! Owns their form. Never says what went wrong inside: that goes to the log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What kind of problem it is, as a URI; `about:blank` where `code` says it all.
    #[serde(rename = "type", default = "about_blank")]
    #[schema(example = "about:blank", required)]
    pub kind: String,
    /// The kind in a few words; the same for every problem of its status.
    #[schema(example = "Conflict")]
    pub title: String,
    /// The HTTP status of the answer.
    #[schema(example = 409, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time, in a sentence for a person.
    pub detail: String,
    /// The problem as a stable slug, for programs.
    #[schema(example = "ticket_reserved")]
    pub code: String,
    /// Every single thing that is wrong; always at least one.
    pub errors: Vec<ProblemError>,
    /// How often the buyer may still try to pay this order; only with a declined card (402).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts_left: Option<u32>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemError {
    /// What is wrong, in a sentence that can be shown to a person.
    pub message: String,
    /// The field of the body, or the parameter, that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
}

fn about_blank() -> String {
    Problem::ABOUT_BLANK.to_owned()
}

impl Problem {
    /// The `type` of a problem that has no page of its own (RFC 9457, section 4.2.1).
    pub const ABOUT_BLANK: &'static str = "about:blank";

    /// The media type of a problem.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem with one error, which is `detail`. `title` is the standard phrase of `status`.
    #[must_use]
    pub fn new(status: u16, title: &str, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: about_blank(),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            errors: vec![ProblemError {
                message: detail.clone(),
                field: None,
            }],
            detail,
            attempts_left: None,
        }
    }

    /// The same problem with these errors; without any, it keeps the one that it has.
    #[must_use]
    pub fn with_errors(self, errors: Vec<ProblemError>) -> Self {
        if errors.is_empty() {
            self
        } else {
            Self { errors, ..self }
        }
    }

    /// The same problem with the attempts that are left to pay the order.
    #[must_use]
    pub fn with_attempts_left(self, attempts: u32) -> Self {
        Self {
            attempts_left: Some(attempts),
            ..self
        }
    }
}
