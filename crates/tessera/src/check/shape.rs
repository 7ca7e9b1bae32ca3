//! Whether a database still has the tables and indexes that its migrations made.
//!
//! The unique indexes are the marketplace's locks: one that was dropped or changed breaks nothing at
//! once, and everything later.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tessera_platform::db::Migration;

use super::fault::{Fault, Unreadable};
use super::report::Invariant;

const APPLIED: &str = "SELECT name, sql FROM migrations ORDER BY rowid";

/// `migrations` itself is made by the program, and sqlite_… by SQLite.
const MADE: &str = "SELECT name, sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND name <> 'migrations' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// The indexes that an invariant rests on.
const LOCKS: &[(&str, Invariant)] = &[
    ("orders_one_live", Invariant::OneLiveOrder),
    ("payments_one_live", Invariant::PaidOnce),
];

/// Something that is not as the migrations made it.
pub(super) struct Misshapen {
    pub(super) invariant: Invariant,
    pub(super) what: String,
}

/// What made each table and index, by its name.
pub(super) type Statements = BTreeMap<String, String>;

/// Compares the tables and indexes of a database with those that its own record of migrations makes.
/// `known` are the migrations of this program; of the gateway's book the record alone is known.
pub(super) fn compare(
    name: &str,
    database: &Connection,
    known: Option<&[Migration]>,
) -> Result<Vec<Misshapen>, Fault> {
    let applied: Vec<(String, String)> = pairs(database, APPLIED)?;
    if let Some(known) = known {
        refuse_another_version(name, &applied, known)?;
    }
    let fresh = Connection::open_in_memory()?;
    for (_, sql) in &applied {
        fresh.execute_batch(sql)?;
    }
    let found: Statements = pairs(database, MADE)?;
    let expected: Statements = pairs(&fresh, MADE)?;
    Ok(differences(&format!("{name}.db"), &found, &expected))
}

/// What is not as it should be in the database that people know as `of`.
pub(super) fn differences(of: &str, found: &Statements, expected: &Statements) -> Vec<Misshapen> {
    let wrong = expected.iter().filter_map(|(what, made)| {
        let how = match found.get(what) {
            Some(same) if same == made => return None,
            Some(_) => "is not as it was made",
            None => "is missing",
        };
        let lock = LOCKS.iter().find(|(lock, _)| lock == what);
        let invariant = lock.map_or(Invariant::Files, |(_, invariant)| *invariant);
        Some(Misshapen {
            invariant,
            what: format!("{of}: {what} {how}"),
        })
    });
    wrong.collect()
}

fn pairs<C: FromIterator<(String, String)>>(database: &Connection, sql: &str) -> Result<C, Fault> {
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<C, _>>()?)
}

fn refuse_another_version(
    name: &str,
    applied: &[(String, String)],
    known: &[Migration],
) -> Result<(), Unreadable> {
    let applied = applied.iter().map(|(name, _)| name.as_str());
    let known = known.iter().map(|migration| migration.name);
    if applied.eq(known) {
        return Ok(());
    }
    Err(Unreadable(format!(
        "{name}.db was written by another version of this program; `tessera migrate` brings older ones up to date"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATION: Migration = Migration {
        name: "a/0001_a",
        sql: "CREATE TABLE a (id uuid PRIMARY KEY); CREATE UNIQUE INDEX orders_one_live ON a (id) WHERE id <> 'x';",
    };

    fn database(then: &str) -> Connection {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch("CREATE TABLE migrations (name text PRIMARY KEY, sql text NOT NULL)")
            .unwrap();
        database
            .execute(
                "INSERT INTO migrations VALUES (?1, ?2)",
                (MIGRATION.name, MIGRATION.sql),
            )
            .unwrap();
        database.execute_batch(MIGRATION.sql).unwrap();
        database.execute_batch(then).unwrap();
        database
    }

    fn wrong(then: &str) -> Vec<(Invariant, String)> {
        let wrong = compare("a", &database(then), Some(&[MIGRATION])).unwrap();
        wrong
            .into_iter()
            .map(|one| (one.invariant, one.what))
            .collect()
    }

    #[test]
    fn what_the_migrations_made_is_as_it_should_be() {
        assert_eq!(wrong(""), []);
        assert_eq!(wrong("CREATE INDEX of_an_operator ON a (id)"), []);
    }

    #[test]
    fn a_dropped_lock_and_a_changed_one_are_found() {
        let missing = "a.db: orders_one_live is missing".to_owned();
        assert_eq!(
            wrong("DROP INDEX orders_one_live"),
            [(Invariant::OneLiveOrder, missing)]
        );
        let weaker = "DROP INDEX orders_one_live; CREATE INDEX orders_one_live ON a (id);";
        let changed = "a.db: orders_one_live is not as it was made".to_owned();
        assert_eq!(wrong(weaker), [(Invariant::OneLiveOrder, changed)]);
    }

    #[test]
    fn a_database_of_another_version_is_not_judged() {
        let other = Migration {
            name: "a/0002_b",
            ..MIGRATION
        };
        let refused = compare("a", &database(""), Some(&[MIGRATION, other]));
        assert!(matches!(refused, Err(Fault::Unreadable(_))));
    }
}
