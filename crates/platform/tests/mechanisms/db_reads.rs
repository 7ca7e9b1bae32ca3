//! Reads beside the writer: of what is committed and nothing else, and never for too long.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tessera_platform::db::DbError;
use tessera_platform::params;

use crate::scratch::{Gate, Passage, Scratch, note, queued, within};

/// A row of one number.
type Id = (i64,);

const COUNT: &str = "SELECT count(*) FROM notes";
const ALL: &str = "SELECT id FROM notes ORDER BY id";
const ENDLESS: &str = "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
    SELECT count(*) FROM n";

#[tokio::test]
async fn a_committed_write_is_read_at_once_by_every_kind_of_read() {
    let scratch = Scratch::new();
    for id in 0..100 {
        within(scratch.note(id)).await.unwrap();
        let count = id + 1;
        assert_eq!(scratch.db.opt(COUNT, &[]).await.unwrap(), Some((count,)));
        assert_eq!(scratch.db.few::<Id>(COUNT, &[]).await.unwrap(), [(count,)]);
        assert_eq!(scratch.db.list::<Id>(COUNT, &[]).await.unwrap(), [(count,)]);
    }
}

#[tokio::test]
async fn what_is_not_committed_is_read_by_its_own_transaction_alone() {
    let scratch = Scratch::new();
    let gate = Gate::new();
    let write = queued(
        scratch
            .db
            .write(gate.passage(), |tx, passage: &Arc<Passage>| {
                Box::pin(async move {
                    note(tx, 1).await?;
                    let own: Id = tx.one(COUNT, &[]).await?;
                    passage.stop_here();
                    Ok::<_, DbError>(own)
                })
            }),
    );
    gate.reached().await;
    assert_eq!(scratch.db.opt(COUNT, &[]).await.unwrap(), Some((0,)));
    gate.open();
    assert_eq!(within(write).await.unwrap(), (1,));
    assert_eq!(scratch.db.opt(COUNT, &[]).await.unwrap(), Some((1,)));
}

#[tokio::test]
async fn a_point_read_answers_the_first_row_of_none_one_or_many() {
    let scratch = Scratch::new();
    assert_eq!(scratch.db.opt::<Id>(ALL, &[]).await.unwrap(), None);
    within(scratch.note(1)).await.unwrap();
    assert_eq!(scratch.db.opt(ALL, &[]).await.unwrap(), Some((1,)));
    within(scratch.note(2)).await.unwrap();
    assert_eq!(scratch.db.opt(ALL, &[]).await.unwrap(), Some((1,)));
    assert_eq!(scratch.db.few::<Id>(ALL, &[]).await.unwrap(), [(1,), (2,)]);
}

#[tokio::test]
async fn a_transaction_reads_none_one_or_many_and_says_when_one_should_be_there() {
    let scratch = Scratch::new();
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async {
            assert_eq!(tx.opt::<Id>(ALL, &[]).await?, None);
            assert!(tx.all::<Id>(ALL, &[]).await?.is_empty());
            note(tx, 1).await?;
            note(tx, 2).await?;
            assert_eq!(tx.opt(ALL, &[]).await?, Some((1,)));
            assert_eq!(tx.one::<Id>(ALL, &[]).await?, (1,));
            assert_eq!(tx.all::<Id>(ALL, &[]).await?, [(1,), (2,)]);
            let none = "SELECT id FROM notes WHERE id = $1";
            tx.one::<Id>(none, &params![3]).await
        })
    });
    let error = within(write).await.unwrap_err();
    assert!(matches!(error, DbError::Corrupt(_)), "{error:?}");
    assert!(error.to_string().contains("no row answered"), "{error}");
}

#[tokio::test]
async fn a_statement_that_returns_rows_makes_all_of_its_changes() {
    let scratch = Scratch::new();
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async {
            let sql = "INSERT INTO notes (id, text) VALUES (1, 'a'), (2, 'b') RETURNING id";
            tx.opt::<Id>(sql, &[]).await
        })
    });
    assert_eq!(within(write).await.unwrap(), Some((1,)));
    assert_eq!(scratch.notes().await, [1, 2]);
}

#[tokio::test]
async fn reads_cannot_write() {
    let scratch = Scratch::new();
    let sql = "INSERT INTO notes (id, text) VALUES (1, 'no') RETURNING id";
    scratch.db.opt::<Id>(sql, &[]).await.unwrap_err();
    scratch.db.few::<Id>(sql, &[]).await.unwrap_err();
    scratch.db.list::<Id>(sql, &[]).await.unwrap_err();
    assert!(scratch.notes().await.is_empty());
}

/// All in one test, since a list's deadline passes in real time.
#[tokio::test]
async fn lists_are_bounded_in_time_and_number_and_hold_up_nobody_else() {
    let scratch = Scratch::new();
    within(scratch.note(1)).await.unwrap();
    let endless = || scratch.db.list::<Id>(ENDLESS, &[]);
    let lists: Vec<_> = (0..256).map(|_| queued(endless())).collect();
    let one_more = endless().now_or_never();
    assert!(matches!(one_more, Some(Err(DbError::Busy))), "{one_more:?}");
    assert_eq!(scratch.db.opt(COUNT, &[]).await.unwrap(), Some((1,)));
    within(scratch.note(2)).await.unwrap();
    // Five seconds for each, waiting for a place included: one after another they would take minutes.
    for answer in within(join_all(lists)).await {
        assert!(matches!(answer, Err(DbError::Deadline)), "{answer:?}");
    }
    assert_eq!(
        scratch.notes().await,
        [1, 2],
        "and the next ones are served"
    );
}
