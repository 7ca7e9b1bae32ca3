//! A database of its own for each test, and a writer that can be held.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;
use tessera_platform::clock::{Clock, Hand};
use tessera_platform::db::{Db, DbError, Migration, Tx};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use tokio::sync::Notify;

/// The one table of a scratch database.
pub const NOTES: Migration = Migration {
    name: "scratch/0001_notes",
    sql: "CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL)",
};

/// A database in a folder of its own.
pub struct Scratch {
    pub db: Db,
    pub clock: Clock,
    pub hand: Hand,
    pub dir: TempDir,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch::with(&[NOTES])
    }

    /// One with these tables.
    pub fn with(tables: &[Migration]) -> Scratch {
        let dir = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::manual(noon());
        let db = open(&dir, tables, &clock).unwrap();
        Scratch {
            db,
            clock,
            hand,
            dir,
        }
    }

    /// Opens the same file once more, as a later start would.
    pub fn reopened(self) -> Scratch {
        let Scratch {
            db,
            clock,
            hand,
            dir,
        } = self;
        drop(db);
        let db = open(&dir, &[NOTES], &clock).unwrap();
        Scratch {
            db,
            clock,
            hand,
            dir,
        }
    }

    /// A transaction that writes a note.
    pub async fn note(&self, id: i64) -> Result<(), DbError> {
        self.db.write(id, |tx, id| Box::pin(note(tx, *id))).await
    }

    /// The ids of all notes.
    pub async fn notes(&self) -> Vec<i64> {
        let sql = "SELECT id FROM notes ORDER BY id";
        let rows: Vec<(i64,)> = self.db.list(sql, &[]).await.unwrap();
        rows.into_iter().map(|(id,)| id).collect()
    }

    /// Runs one statement that answers one number, in a transaction of its own.
    pub async fn ask(&self, sql: String) -> i64 {
        let asked = self.db.write(sql, |tx, sql| Box::pin(tx.one(sql, &[])));
        let (answer,) = within(asked).await.unwrap();
        answer
    }

    /// How many commits the log holds: its frames that end one
    /// (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).
    pub fn commits(&self) -> usize {
        const HEADER: usize = 32;
        const FRAME_HEADER: usize = 24;
        let log = fs::read(path(&self.dir).with_extension("db-wal")).unwrap();
        let page_size = u32::from_be_bytes(log[8..12].try_into().unwrap());
        let salts = log[16..24].to_vec();
        log[HEADER..]
            .chunks_exact(FRAME_HEADER + page_size as usize)
            .filter(|frame| frame[8..16] == salts && frame[4..8] != [0; 4])
            .count()
    }
}

pub fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

pub fn path(dir: &TempDir) -> PathBuf {
    dir.path().join("scratch.db")
}

pub fn open(dir: &TempDir, migrations: &[Migration], clock: &Clock) -> Result<Db, DbError> {
    let ids = Ids::seeded(1, clock.clone());
    Db::open_sqlite(&path(dir), "scratch", migrations, clock, &ids)
}

/// Writes a note.
pub async fn note(tx: &mut Tx, id: i64) -> Result<(), DbError> {
    let sql = "INSERT INTO notes (id, text) VALUES ($1, 'noted')";
    assert_eq!(tx.execute(sql, &params![id]).await?, 1);
    Ok(())
}

/// Queues a transaction now; its answer can be awaited later.
pub fn queued<F: Future>(write: F) -> Pin<Box<F>> {
    let mut write = Box::pin(write);
    let answer = (&mut write).now_or_never();
    assert!(answer.is_none(), "it was answered before it could run");
    write
}

/// Waits for what must come, and not for ever.
pub async fn within<F: Future>(bound: F) -> F::Output {
    let waited = tokio::time::timeout(Duration::from_secs(20), bound).await;
    waited.expect("it should have come long ago")
}

/// Waits until `condition` holds, and not for ever.
pub async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    within(met).await;
}

/// Holds the writer where a body stands at its passage. Dropping it lets the writer go on, so that
/// a test that fails also ends.
pub struct Gate(Arc<Passage>);

/// A body's side of a [`Gate`].
#[derive(Default)]
pub struct Passage {
    is_open: Mutex<bool>,
    opened: Condvar,
    reached: Notify,
}

impl Passage {
    /// Stops the thread that comes here.
    pub fn stop_here(&self) {
        self.reached.notify_one();
        let mut is_open = self.is_open.lock();
        while !*is_open {
            self.opened.wait(&mut is_open);
        }
    }
}

impl Gate {
    pub fn new() -> Gate {
        Gate(Arc::default())
    }

    pub fn passage(&self) -> Arc<Passage> {
        self.0.clone()
    }

    /// Waits until the writer stands at the gate.
    pub async fn reached(&self) {
        within(self.0.reached.notified()).await;
    }

    pub fn open(&self) {
        *self.0.is_open.lock() = true;
        self.0.opened.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

/// A transaction that changes nothing, and stands at `gate` until that is open.
pub async fn stand(db: &Db, gate: &Gate) -> Result<(), DbError> {
    db.write(gate.passage(), |_tx, passage: &Arc<Passage>| {
        Box::pin(async move {
            passage.stop_here();
            Ok(())
        })
    })
    .await
}

/// Holds the writer in such a transaction, so that work queues up behind it.
pub async fn hold(db: &Db) -> Gate {
    let gate = Gate::new();
    drop(queued(stand(db, &gate)));
    gate.reached().await;
    gate
}
