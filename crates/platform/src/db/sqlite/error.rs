//! What SQLite's failures mean.

use crate::db::error::DbError;

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> DbError {
        use rusqlite::ErrorCode;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbError::Busy,
            Some(ErrorCode::OperationInterrupted) => DbError::Deadline,
            Some(ErrorCode::DiskFull) => DbError::Full,
            Some(ErrorCode::ConstraintViolation) => DbError::Constraint(text),
            // SQLite has no code of its own for a statement that it does not understand.
            Some(ErrorCode::Unknown | ErrorCode::TypeMismatch | ErrorCode::TooBig) | None => {
                DbError::Statement(text)
            }
            Some(_) => DbError::Engine(text),
        }
    }
}
