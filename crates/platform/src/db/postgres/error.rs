//! What PostgreSQL's failures mean.

use std::error::Error;
use std::io;

use tokio_postgres::error::{DbError as Said, Severity};

use crate::db::error::DbError;

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> DbError {
        match error.as_db_error() {
            Some(said) => meaning(said),
            None if is_of_the_connection(&error) => DbError::Unavailable(with_source(&error)),
            None => DbError::Statement(with_source(&error)),
        }
    }
}

fn meaning(said: &Said) -> DbError {
    let text = said.message().to_owned();
    let code = said.code().code();
    if is_of_the_session(said) {
        return DbError::Unavailable(text);
    }
    match code {
        // A serialization failure, a deadlock.
        "40001" | "40P01" => DbError::Conflict(text),
        // A lock was not to be had in time; no connection is free.
        "55P03" | "53300" => DbError::Busy,
        "57014" => DbError::Deadline,
        // It follows another failure, which tells more.
        "25P02" => DbError::Failed,
        "53100" | "53200" => DbError::Full,
        "3D000" => DbError::Missing(text),
        // It stops, crashed, or starts.
        "57P01" | "57P02" | "57P03" => DbError::Unavailable(text),
        _ => match code.get(..2).unwrap_or_default() {
            "08" => DbError::Unavailable(text),
            "23" => DbError::Constraint(match said.constraint() {
                Some(name) => format!("{name}: {text}"),
                None => text,
            }),
            "22" | "42" => DbError::Statement(text),
            _ => DbError::Engine(format!("{text} ({code})")),
        },
    }
}

/// Whether the session ended with it, or the whole server, so that nothing is said of a commit that was under way. A
/// session that was never let in is another matter.
fn is_of_the_session(said: &Said) -> bool {
    let code = said.code().code();
    let was_let_in =
        !matches!(code, "53300" | "3D000" | "42501" | "55000") && !code.starts_with("28");
    match said.parsed_severity() {
        Some(Severity::Panic) => true,
        Some(Severity::Fatal) => was_let_in,
        _ => false,
    }
}

/// Whether the connection failed, and not what was asked over it.
fn is_of_the_connection(error: &tokio_postgres::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<io::Error>() {
            return true;
        }
        source = cause.source();
    }
    error.is_closed()
}

/// The driver keeps the reason one level down.
fn with_source(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
