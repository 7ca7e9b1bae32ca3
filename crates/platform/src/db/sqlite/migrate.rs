//! Brings a database to the shape that this version of the code expects.

use rusqlite::{Connection, TransactionBehavior};

use crate::db::Migration;
use crate::db::error::DbError;
use crate::db::migration::{Applied, missing, refuse_older};

const APPLIED: &str =
    "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, sql text NOT NULL)";

/// Applies those of `migrations` that the database lacks.
pub(super) fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), DbError> {
    // Immediate: a second process that starts at the same time waits here.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(APPLIED)?;
    for migration in missing(&applied(&tx)?, migrations)? {
        tx.execute_batch(migration.sql)
            .map_err(|error| DbError::Engine(format!("migration {}: {error}", migration.name)))?;
        tx.execute(
            "INSERT INTO migrations (name, sql) VALUES (?1, ?2)",
            (migration.name, migration.sql),
        )?;
    }
    Ok(tx.commit()?)
}

/// Refuses a database that is not of this version or of a newer one that goes together with it: for those who
/// look at one that a server runs on, and must not change its shape.
pub(super) fn verify(connection: &Connection, migrations: &[Migration]) -> Result<(), DbError> {
    let exists = connection.table_exists(None, "migrations")?;
    let applied = if exists {
        applied(connection)?
    } else {
        Vec::new()
    };
    refuse_older(&missing(&applied, migrations)?)
}

/// Names and statements of those that were applied.
fn applied(connection: &Connection) -> Result<Vec<Applied>, DbError> {
    Ok(connection
        .prepare("SELECT name, sql FROM migrations")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        name: "0001_a",
        sql: "CREATE TABLE a (id uuid PRIMARY KEY)",
    };
    const SECOND: Migration = Migration {
        name: "0002_b",
        sql: "CREATE TABLE b (id uuid PRIMARY KEY)",
    };

    const THIRD: Migration = Migration {
        name: "0003_c",
        sql: "CREATE TABLE c (id uuid PRIMARY KEY)",
    };

    #[test]
    fn applies_each_once_and_only_what_is_missing() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[FIRST]).unwrap();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        let count: i64 = connection
            .query_row("SELECT count(*) FROM migrations", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 2);
    }

    const TOLERANT: Migration = Migration {
        name: "0003_c",
        sql: "-- compatible-from: 0001_a\nCREATE TABLE c (id uuid PRIMARY KEY)",
    };

    #[test]
    fn a_newer_migration_says_which_older_programs_may_go_on() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(TOLERANT.compatible_from(), Some("0001_a"));
        apply(&mut connection, &[FIRST, TOLERANT]).unwrap();
        apply(&mut connection, &[FIRST]).unwrap();
        verify(&connection, &[FIRST]).unwrap();
        let stranger = apply(&mut connection, &[]).unwrap_err();
        assert!(stranger.to_string().contains("0001_a"), "{stranger}");
    }

    #[test]
    fn what_a_newer_one_tolerates_counts_for_it_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[FIRST, SECOND, TOLERANT]).unwrap();
        let refused = apply(&mut connection, &[FIRST]).unwrap_err();
        assert!(refused.to_string().contains("0002_b"), "{refused}");
    }

    #[test]
    fn a_program_that_knows_too_little_is_told_what_it_would_have_to_know() {
        let mut connection = Connection::open_in_memory().unwrap();
        let later = Migration {
            name: "0004_d",
            sql: "-- compatible-from: 0003_c\nCREATE TABLE d (id uuid PRIMARY KEY)",
        };
        apply(&mut connection, &[FIRST, TOLERANT, later]).unwrap();
        apply(&mut connection, &[FIRST, TOLERANT]).unwrap();
        let refused = apply(&mut connection, &[FIRST]).unwrap_err().to_string();
        assert!(
            refused.contains("0004_d") && refused.contains("0003_c"),
            "{refused}"
        );
    }

    #[test]
    fn two_that_each_lack_something_of_the_other_do_not_go_together() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[FIRST, TOLERANT]).unwrap();
        let forked = apply(&mut connection, &[FIRST, SECOND])
            .unwrap_err()
            .to_string();
        assert!(
            forked.contains("0003_c") && forked.contains("0002_b"),
            "{forked}"
        );
    }

    #[test]
    fn refuses_a_database_from_a_newer_version_and_an_edited_migration() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[FIRST, SECOND]).unwrap();
        let newer = apply(&mut connection, &[FIRST]).unwrap_err();
        assert!(newer.to_string().contains("0002_b"), "{newer}");
        let older = verify(&connection, &[FIRST, SECOND, THIRD]).unwrap_err();
        assert!(older.to_string().contains("tessera migrate"), "{older}");
        verify(&connection, &[FIRST, SECOND]).unwrap();
        let edited = Migration {
            name: "0001_a",
            sql: "CREATE TABLE a (id text)",
        };
        let changed = apply(&mut connection, &[edited, SECOND]).unwrap_err();
        assert!(changed.to_string().contains("0001_a"), "{changed}");
    }
}
