//! The write-ahead log: it is moved into the database file beside the writer, and does not grow for ever,
//! whoever reads from it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use tessera_platform::params;

use crate::scratch::{Scratch, path, within};

const MEBIBYTE: u64 = 1 << 20;

/// The log is too long from 64 MiB on, and grows on while it is moved: on a busy machine by quite a bit.
const LOG_BOUND: u64 = 180 * MEBIBYTE;

/// Rows that take some milliseconds to read.
const SLOW: &str = "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 10000)
    SELECT count(*) FROM n, (SELECT count(*) AS notes FROM notes)";

/// Writes a mebibyte of notes in one transaction.
async fn write_mebibyte(scratch: &Scratch, number: i64) {
    let written = scratch.db.write_bulk(number, |tx, number| {
        Box::pin(async move {
            let text = "x".repeat(64 * 1024);
            for place in 0..16 {
                let sql = "INSERT INTO notes (id, text) VALUES ($1, $2)";
                tx.execute(sql, &params![*number * 16 + place, &text])
                    .await?;
            }
            Ok::<_, tessera_platform::db::DbError>(())
        })
    });
    within(written).await.unwrap();
}

fn log_bytes(scratch: &Scratch) -> u64 {
    let log = path(&scratch.dir).with_extension("db-wal");
    fs::metadata(log).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_short_while_there_is_always_somebody_who_reads() {
    let scratch = Arc::new(Scratch::new());
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (scratch, over) = (scratch.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let _: Vec<(i64,)> = scratch.db.list(SLOW, &[]).await.unwrap();
                }
            })
        })
        .collect();
    for number in 0..320 {
        write_mebibyte(&scratch, number).await;
        assert!(log_bytes(&scratch) < LOG_BOUND, "after {number} MiB");
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        within(reader).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_anew_once_a_long_read_has_ended() {
    let scratch = Scratch::new();
    let reader = Connection::open(path(&scratch.dir)).unwrap();
    reader
        .execute_batch("BEGIN; SELECT id FROM notes;")
        .unwrap();
    let held = reader.query_row("SELECT count(*) FROM notes", [], |row| row.get::<_, i64>(0));
    assert_eq!(held.unwrap(), 0);
    for number in 0..200 {
        write_mebibyte(&scratch, number).await;
    }
    assert!(
        log_bytes(&scratch) > 200 * MEBIBYTE,
        "the read keeps all of it"
    );
    reader.execute_batch("COMMIT").unwrap();
    for number in 200..800 {
        write_mebibyte(&scratch, number).await;
        if log_bytes(&scratch) < LOG_BOUND {
            return;
        }
    }
    panic!("the log is still {} bytes long", log_bytes(&scratch));
}
