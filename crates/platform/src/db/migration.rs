//! The steps by which a database gets its tables.
//!
//! Migrations are plain SQL files, applied in order, each once, all in one transaction. What was
//! applied is never edited or taken away: a changed or missing one stops the start.

use super::error::DbError;

/// One step in the life of a database's tables.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its owner and its file's name without the ending, such as `orders/0001_orders`.
    pub name: &'static str,
    /// The statements, in the SQL that both engines share.
    pub sql: &'static str,
}

/// Name and statements of one that a database says was applied.
pub(super) type Applied = (String, String);

/// Those of `known` that were not `applied` yet.
///
/// # Errors
/// When the database has another history: one of a newer version, or one that was edited.
pub(super) fn missing<'m>(
    applied: &[Applied],
    known: &'m [Migration],
) -> Result<Vec<&'m Migration>, DbError> {
    for (name, sql) in applied {
        match known.iter().find(|migration| migration.name == name) {
            Some(migration) if migration.sql == sql => {}
            Some(_) => {
                return Err(DbError::Engine(format!(
                    "migration {name} of this database differs from the one of this version"
                )));
            }
            None => {
                return Err(DbError::Engine(format!(
                    "this database has migration {name}, which this version does not know: it was written by a newer one"
                )));
            }
        }
    }
    let is_applied = |migration: &Migration| applied.iter().any(|(name, _)| name == migration.name);
    Ok(known
        .iter()
        .filter(|migration| !is_applied(migration))
        .collect())
}

/// For those who look at a database on which a server runs, and must not change its shape.
pub(super) fn refuse_older(missing: &[&Migration]) -> Result<(), DbError> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(DbError::Engine(
        "this database was written by an older version: bring it up to date with `tessera migrate`"
            .to_owned(),
    ))
}
