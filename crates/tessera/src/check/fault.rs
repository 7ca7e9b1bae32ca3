//! Why a look into the databases ended early.

use rusqlite::ErrorCode;

/// The databases cannot be read, in words for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// What can go wrong while reading.
#[derive(Debug)]
pub(super) enum Fault {
    /// A file holds what no database holds.
    Damaged(String),
    /// It could not be looked at.
    Unreadable(Unreadable),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Fault::Damaged(format!("a database is damaged: {error}"))
            }
            _ => Fault::Unreadable(Unreadable(format!("the databases cannot be read: {error}"))),
        }
    }
}

impl From<Unreadable> for Fault {
    fn from(reason: Unreadable) -> Fault {
        Fault::Unreadable(reason)
    }
}
