//! The steps by which a database gets its tables.
//!
//! Migrations are plain SQL files, applied in order, each once, all in one transaction. What was
//! applied is never edited or taken away: a changed or missing one stops the start.
//!
//! A database may be ahead of a program: while a new version is rolled out, a process of the old one may
//! start again. Whether it may run there is for the newer migration to say, in its first line:
//! `-- compatible-from: orders/0002_search` – every program that knows this one may go on. The database keeps
//! the statements of what was applied, so that the old program reads it there.

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

/// How a migration says from which one on a program need not know it.
const COMPATIBLE_FROM: &str = "-- compatible-from: ";

impl Migration {
    /// The last migration that a program has to know to run on a database that has this one, too. Without
    /// one, it has to know this one itself.
    pub fn compatible_from(&self) -> Option<&'static str> {
        compatible_from(self.sql)
    }
}

fn compatible_from(sql: &str) -> Option<&str> {
    let first = sql.lines().next()?;
    first.strip_prefix(COMPATIBLE_FROM).map(str::trim)
}

/// Those of `known` that were not `applied` yet.
///
/// # Errors
/// When the database has another history: one that was edited, one of a newer version that does not go
/// together with this one, or one that forked.
pub(super) fn missing<'m>(
    applied: &[Applied],
    known: &'m [Migration],
) -> Result<Vec<&'m Migration>, DbError> {
    let mut ahead = None;
    for (name, sql) in applied {
        match known.iter().find(|migration| migration.name == name) {
            Some(migration) if migration.sql == sql => {}
            Some(_) => {
                return Err(DbError::Engine(format!(
                    "migration {name} of this database differs from the one of this version"
                )));
            }
            None => {
                refuse_incompatible(name, sql, known)?;
                ahead = Some(name);
            }
        }
    }
    let is_applied = |migration: &Migration| applied.iter().any(|(name, _)| name == migration.name);
    let missing: Vec<_> = known
        .iter()
        .filter(|migration| !is_applied(migration))
        .collect();
    if let (Some(ahead), Some(first)) = (ahead, missing.first()) {
        return Err(DbError::Engine(format!(
            "this database has migration {ahead}, which this version does not know, and lacks {}: neither is newer than the other",
            first.name
        )));
    }
    if let Some(ahead) = ahead {
        tracing::info!(
            migration = ahead,
            "this database was brought up to date by a newer version, which lets this one go on"
        );
    }
    Ok(missing)
}

/// An old version runs on a newer shape only where the newer one says so.
fn refuse_incompatible(name: &str, sql: &str, known: &[Migration]) -> Result<(), DbError> {
    let needed = compatible_from(sql);
    if needed.is_some_and(|needed| known.iter().any(|migration| migration.name == needed)) {
        return Ok(());
    }
    let why = match needed {
        Some(needed) => format!(", and which only versions that know {needed} go together with"),
        None => String::new(),
    };
    Err(DbError::Engine(format!(
        "this database has migration {name}, which this version does not know{why}: it was written by a newer one"
    )))
}

/// For those who judge every row, and must know what each means.
pub(super) fn refuse_newer(applied: &[Applied], known: &[Migration]) -> Result<(), DbError> {
    let is_known = |name: &str| known.iter().any(|migration| migration.name == name);
    match applied.iter().find(|(name, _)| !is_known(name)) {
        None => Ok(()),
        Some((name, _)) => Err(DbError::Engine(format!(
            "this database has migration {name}, which this version does not know: it was written by a newer one"
        ))),
    }
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
