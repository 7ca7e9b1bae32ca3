//! The database file: brought to its shape once, durable, and shared with nobody who would write.

use std::sync::Arc;
use std::sync::Barrier;
use std::thread;

use futures_util::future::join_all;
use rusqlite::Connection;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Durability, Migration};

use crate::scratch::{NOTES, Scratch, noon, open, path, within};

const TAGS: Migration = Migration {
    name: "scratch/0002_tags",
    sql: "CREATE TABLE tags (id bigint PRIMARY KEY); INSERT INTO tags (id) VALUES (1);",
};

fn opened(dir: &tempfile::TempDir, migrations: &[Migration]) -> Result<Db, DbError> {
    open(dir, migrations, &Clock::manual(noon()).0)
}

#[tokio::test]
async fn a_later_version_adds_what_is_missing_and_keeps_what_is_there() {
    let scratch = Scratch::new();
    within(scratch.note(1)).await.unwrap();
    let Scratch { db, dir, .. } = scratch;
    drop(db);
    for _start in 0..2 {
        let db = opened(&dir, &[NOTES, TAGS]).unwrap();
        let sql = "SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM tags)";
        assert_eq!(db.opt(sql, &[]).await.unwrap(), Some((1_i64, 1_i64)));
    }
}

#[test]
fn an_edited_migration_and_a_newer_database_stop_the_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(opened(&dir, &[NOTES, TAGS]).unwrap());
    let newer = opened(&dir, &[NOTES]).unwrap_err().to_string();
    assert!(newer.contains("scratch/0002_tags"), "{newer}");
    assert!(newer.contains("newer"), "{newer}");
    let sql = "CREATE TABLE tags (id text)";
    let edited = opened(&dir, &[NOTES, Migration { sql, ..TAGS }]).unwrap_err();
    assert!(edited.to_string().contains("differs"), "{edited}");
    opened(&dir, &[NOTES, TAGS]).unwrap();
}

/// One of a newer version, which those go together with that know the notes.
const COLOURS: Migration = Migration {
    name: "scratch/0002_colours",
    sql: "-- compatible-from: scratch/0001_notes\nALTER TABLE notes ADD COLUMN colour text;",
};

#[tokio::test]
async fn an_old_version_starts_again_on_a_newer_database_that_lets_it() {
    let scratch = Scratch::new();
    drop(opened(&scratch.dir, &[NOTES, COLOURS]).unwrap());
    let old = scratch.reopened();
    within(old.note(1)).await.unwrap();
    assert_eq!(old.notes().await, [1]);
    let new = opened(&old.dir, &[NOTES, COLOURS]).unwrap();
    let seen = new.opt("SELECT id, colour FROM notes", &[]).await.unwrap();
    assert_eq!(seen, Some((1_i64, None::<String>)));
}

#[test]
fn a_migration_that_fails_is_named_and_leaves_nothing_of_any() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "CREATE TABLE half (id bigint); CREATE TABEL other (id bigint);";
    let name = "scratch/0002_broken";
    let error = opened(&dir, &[NOTES, Migration { name, sql }]).unwrap_err();
    assert!(error.to_string().contains(name), "{error}");
    let raw = Connection::open(path(&dir)).unwrap();
    let tables = raw.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
    assert_eq!(tables, Ok(0));
}

#[test]
fn those_who_start_at_the_same_time_migrate_once() {
    for _round in 0..20 {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let together = Arc::new(Barrier::new(8));
        let start = || {
            let (dir, together) = (dir.clone(), together.clone());
            thread::spawn(move || {
                together.wait();
                opened(&dir, &[NOTES, TAGS]).map(drop)
            })
        };
        let starts: Vec<_> = (0..8).map(|_| start()).collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn the_writer_reads_back_that_a_commit_survives_a_power_failure() {
    let scratch = Scratch::new();
    let full = Durability::Sqlite {
        synchronous: 2,
        journal_mode: "wal".to_owned(),
    };
    assert_eq!(scratch.db.durability().await.unwrap(), full);
    scratch
        .db
        .write((), |tx, ()| {
            Box::pin(async { tx.execute("PRAGMA synchronous = OFF", &[]).await })
        })
        .await
        .unwrap_err();
    assert_eq!(
        scratch.db.durability().await.unwrap(),
        full,
        "not in a transaction"
    );
}

#[test]
fn a_file_that_is_no_database_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(path(&dir), "x".repeat(4_096)).unwrap();
    let error = opened(&dir, &[NOTES]).unwrap_err();
    assert!(
        !error.is_of_the_body() && !error.is_transient(),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_database_that_is_closed_is_one_whole_file() {
    let scratch = Scratch::new();
    within(scratch.note(1)).await.unwrap();
    assert_eq!(scratch.notes().await, [1]);
    let Scratch { db, dir, .. } = scratch;
    drop(db);
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["scratch.db"], "the log is moved into it");
}

#[tokio::test]
async fn while_another_process_holds_the_database_all_are_told_busy_together() {
    let scratch = Scratch::new();
    let other = Connection::open(path(&scratch.dir)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Each of them waiting its own five seconds in turn would take minutes.
    let writes = join_all((0..100).map(|id| scratch.note(id)));
    for answer in within(writes).await {
        assert!(matches!(answer, Err(DbError::Busy)), "{answer:?}");
    }
    other.execute_batch("ROLLBACK").unwrap();
    within(scratch.note(1)).await.unwrap();
    assert_eq!(scratch.notes().await, [1]);
}
