//! A full disk: SQLite takes back the whole group, and only the one that cannot be written pays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tessera_platform::BoxFuture;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;

use crate::scratch::{Scratch, hold, note, queued, within};

/// Pages that are left once the disk is nearly full.
const PAGES_LEFT: i64 = 8;
const MORE_THAN_IS_LEFT: usize = 1 << 20;

async fn nearly_fill(scratch: &Scratch) {
    let pages = scratch.ask("PRAGMA page_count".to_owned()).await + PAGES_LEFT;
    let limit = scratch
        .ask(format!("PRAGMA max_page_count = {pages}"))
        .await;
    assert_eq!(limit, pages);
}

async fn make_room(scratch: &Scratch) {
    scratch
        .ask("PRAGMA max_page_count = 100000".to_owned())
        .await;
}

/// A long text: too long for what is left, in one row.
async fn note_at_length(tx: &mut Tx, id: i64) -> Result<(), DbError> {
    let sql = "INSERT INTO notes (id, text) VALUES ($1, $2)";
    let text = "x".repeat(MORE_THAN_IS_LEFT);
    tx.execute(sql, &params![id, text]).await.map(drop)
}

/// Many rows in one statement, of which SQLite takes back that statement alone.
async fn note_many(tx: &mut Tx, id: i64) -> Result<(), DbError> {
    let sql = "WITH RECURSIVE n (id) AS (SELECT $1 UNION ALL SELECT id + 1 FROM n LIMIT 9000)
        INSERT INTO notes (id, text) SELECT id, 'one of very many notes' FROM n WHERE id > 0";
    tx.execute(sql, &params![id]).await.map(drop)
}

type Body = for<'a> fn(&'a mut Tx, i64) -> BoxFuture<'a, Result<(), DbError>>;

/// Commits 10 small notes, `large`, and 10 small notes as one group, and answers what became of
/// each and how many bodies were run.
async fn commit_around(scratch: &Scratch, large: Body) -> (Vec<Result<(), DbError>>, usize) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = |id: i64, body: Body| {
        scratch.db.write((runs.clone(), id), move |tx, (runs, id)| {
            runs.fetch_add(1, Ordering::Relaxed);
            body(tx, *id)
        })
    };
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (1..=21)
        .map(|id| {
            let body: Body = if id == 11 {
                large
            } else {
                |tx, id| Box::pin(note(tx, id))
            };
            queued(counted(id, body))
        })
        .collect();
    held.open();
    let answers = within(join_all(writes)).await;
    (answers, runs.load(Ordering::Relaxed))
}

fn assert_only_the_eleventh_met_a_full_disk(answers: &[Result<(), DbError>]) {
    for (id, answer) in (1..).zip(answers) {
        match answer {
            Err(DbError::Full) => assert_eq!(id, 11),
            Ok(()) => assert_ne!(id, 11),
            Err(error) => panic!("{id} was answered {error:?}"),
        }
    }
}

#[tokio::test]
async fn when_the_group_is_lost_the_bodies_run_again_one_by_one() {
    let scratch = Scratch::new();
    nearly_fill(&scratch).await;
    let (answers, runs) = commit_around(&scratch, |tx, id| Box::pin(note_at_length(tx, id))).await;
    assert_only_the_eleventh_met_a_full_disk(&answers);
    assert_eq!(runs, 11 + 21, "all those before the loss ran twice");
    assert_eq!(scratch.notes().await.len(), 20);
}

#[tokio::test]
async fn when_the_statement_alone_is_taken_back_the_group_goes_on() {
    let scratch = Scratch::new();
    nearly_fill(&scratch).await;
    let before = scratch.commits();
    let (answers, runs) = commit_around(&scratch, |tx, id| Box::pin(note_many(tx, id))).await;
    assert_only_the_eleventh_met_a_full_disk(&answers);
    assert_eq!(
        (runs, scratch.commits() - before),
        (11 + 21, 1),
        "all those before the refusal ran twice"
    );
    assert_eq!(scratch.notes().await.len(), 20);
}

#[tokio::test]
async fn once_there_is_room_again_everything_can_be_written() {
    let scratch = Scratch::new();
    nearly_fill(&scratch).await;
    let write = || {
        scratch
            .db
            .write(1, |tx, id| Box::pin(note_at_length(tx, *id)))
    };
    let error = within(write()).await.unwrap_err();
    assert!(
        matches!(error, DbError::Full) && error.is_transient(),
        "{error:?}"
    );
    make_room(&scratch).await;
    within(write()).await.unwrap();
    assert_eq!(scratch.notes().await, [1]);
}
