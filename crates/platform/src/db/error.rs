//! What can go wrong between a service and its database.

use std::any::Any;

/// A failure of the database, as opposed to a refusal by a rule of the service.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// The queue to the writer, or to the readers, is full: try again shortly.
    #[error("the database has more work queued than it takes")]
    Busy,
    /// A read took longer than it may.
    #[error("the database did not answer in time")]
    Deadline,
    /// The disk (or the database's size limit) is full.
    #[error("the database is full")]
    Full,
    /// The database was closed while the work was queued.
    #[error("the database is closed")]
    Closed,
    /// A row that cannot be: written by no version of this code.
    #[error("inconsistent row: {0}")]
    Corrupt(String),
    /// A constraint refused the statement; expected conflicts are asked for with `ON CONFLICT`.
    #[error("constraint refused: {0}")]
    Constraint(String),
    /// The statement is wrong, or is not given the parameters that it names.
    #[error("wrong statement: {0}")]
    Statement(String),
    /// A statement followed one that had failed in the same transaction, or the body answered as
    /// if none had.
    #[error("the transaction went on after one of its statements had failed")]
    Failed,
    /// A transaction body awaited something other than its transaction.
    #[error("a transaction body waited for something else than its transaction")]
    Pended,
    /// A transaction body panicked; its changes are rolled back.
    #[error("a transaction body panicked: {0}")]
    Panicked(String),
    /// Another transaction was in the way, and this one was given up for it.
    #[error("given up for another transaction: {0}")]
    Conflict(String),
    /// The database cannot be reached, or the connection to it was lost.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// There is no database of that name.
    #[error("{0}; `tessera migrate` makes it")]
    Missing(String),
    /// The connection was lost while the transaction committed, and it could not be found out whether it did.
    #[error("the connection was lost during a commit: whether it happened is not known")]
    InDoubt,
    /// Anything else that the engine said.
    #[error("database engine: {0}")]
    Engine(String),
}

impl DbError {
    /// Whether the same work may well succeed a little later, without anyone mending anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            DbError::Busy | DbError::Deadline | DbError::Full | DbError::InDoubt
        ) || self.is_of_the_moment()
    }

    /// Whether the engine runs the same work again by itself.
    pub(super) fn is_of_the_moment(&self) -> bool {
        matches!(self, DbError::Conflict(_) | DbError::Unavailable(_))
    }

    /// Whether the fault lies with the statement or its row rather than with the database: run
    /// again, it fails again.
    pub fn is_of_the_body(&self) -> bool {
        matches!(
            self,
            DbError::Corrupt(_)
                | DbError::Constraint(_)
                | DbError::Statement(_)
                | DbError::Failed
                | DbError::Pended
                | DbError::Panicked(_)
        )
    }
}

/// What a panic said.
pub(super) fn words_of_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
