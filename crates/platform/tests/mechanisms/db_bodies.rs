//! A transaction's body: what it changes stays or goes as one, whatever the body does.

use jiff::SignedDuration;
use tessera_platform::clock::Hand;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;

use crate::scratch::{Scratch, hold, noon, note, queued, within};

/// Why a body of these tests gives up.
#[derive(Debug, PartialEq)]
enum Refusal {
    Rule,
    Db(String),
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Refusal {
        Refusal::Db(format!("{error:?}"))
    }
}

async fn note_and_refuse(tx: &mut Tx, id: i64) -> Result<(), Refusal> {
    note(tx, id).await?;
    Err(Refusal::Rule)
}

async fn note_and_panic(tx: &mut Tx, id: i64) -> Result<(), Refusal> {
    note(tx, id).await?;
    panic!("body {id} fell over")
}

async fn note_and_wait_for_something(tx: &mut Tx, id: i64) -> Result<(), Refusal> {
    note(tx, id).await?;
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::test]
async fn a_body_that_fails_takes_back_its_own_changes_and_no_others() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let before = queued(scratch.note(1));
    let refused = queued(
        scratch
            .db
            .write(2, |tx, id| Box::pin(note_and_refuse(tx, *id))),
    );
    let after = queued(scratch.note(3));
    held.open();
    within(before).await.unwrap();
    within(after).await.unwrap();
    assert_eq!(within(refused).await, Err(Refusal::Rule));
    assert_eq!(scratch.notes().await, [1, 3]);
}

#[tokio::test]
async fn a_body_that_fails_alone_leaves_nothing() {
    let scratch = Scratch::new();
    let refused = scratch
        .db
        .write(1, |tx, id| Box::pin(note_and_refuse(tx, *id)));
    assert_eq!(within(refused).await, Err(Refusal::Rule));
    assert!(scratch.notes().await.is_empty());
}

#[tokio::test]
async fn a_body_that_panics_takes_back_its_own_changes_and_the_writer_goes_on() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let panicked = queued(
        scratch
            .db
            .write(1, |tx, id| Box::pin(note_and_panic(tx, *id))),
    );
    let beside: Vec<_> = (2..5).map(|id| queued(scratch.note(id))).collect();
    held.open();
    let panic = Refusal::Db("Panicked(\"body 1 fell over\")".to_owned());
    assert_eq!(within(panicked).await, Err(panic));
    for write in beside {
        within(write).await.unwrap();
    }
    let alone = scratch
        .db
        .write(6, |tx, id| Box::pin(note_and_panic(tx, *id)));
    within(alone).await.unwrap_err();
    assert_eq!(scratch.notes().await, [2, 3, 4]);
}

#[tokio::test]
async fn a_body_that_waits_for_something_else_is_reported_and_rolled_back() {
    let scratch = Scratch::new();
    let write = scratch
        .db
        .write(1, |tx, id| Box::pin(note_and_wait_for_something(tx, *id)));
    let pended = Refusal::Db("Pended".to_owned());
    assert_eq!(within(write).await, Err(pended));
    assert!(scratch.notes().await.is_empty());
}

#[tokio::test]
async fn after_an_error_a_transaction_refuses_every_further_statement() {
    let scratch = Scratch::new();
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async {
            note(tx, 1).await?;
            let twice = note(tx, 1).await.unwrap_err();
            assert!(matches!(twice, DbError::Constraint(_)), "{twice:?}");
            let refused: [DbError; 5] = [
                tx.execute("SELECT 1", &[]).await.unwrap_err(),
                tx.later("SELECT 1", &[]).await.unwrap_err(),
                tx.opt::<(i64,)>("SELECT 1", &[]).await.unwrap_err(),
                tx.all::<(i64,)>("SELECT 1", &[]).await.unwrap_err(),
                tx.execute_many("SELECT 1", &[vec![]]).await.unwrap_err(),
            ];
            assert!(refused.iter().all(|error| matches!(error, DbError::Failed)));
            Err::<(), _>(twice)
        })
    });
    let error = within(write).await.unwrap_err();
    assert!(matches!(error, DbError::Constraint(_)), "{error:?}");
    assert!(scratch.notes().await.is_empty());
}

#[tokio::test]
async fn a_body_cannot_commit_over_an_error_that_it_kept_to_itself() {
    let scratch = Scratch::new();
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async {
            note(tx, 1).await?;
            drop(note(tx, 1).await);
            Ok::<_, DbError>(())
        })
    });
    let error = within(write).await.unwrap_err();
    assert!(matches!(error, DbError::Failed), "{error:?}");
    assert!(scratch.notes().await.is_empty());
}

#[tokio::test]
async fn time_stands_still_for_the_length_of_a_body() {
    let scratch = Scratch::new();
    let write = scratch.db.write(scratch.hand.clone(), |tx, hand: &Hand| {
        Box::pin(async move {
            let began = tx.now();
            hand.advance(SignedDuration::from_secs(1));
            Ok::<_, DbError>((began, tx.now()))
        })
    });
    assert_eq!(within(write).await.unwrap(), (noon(), noon()));
    let later = scratch.db.write((), |tx, ()| {
        Box::pin(async move { Ok::<_, DbError>(tx.now()) })
    });
    assert_eq!(within(later).await.unwrap(), scratch.clock.now());
}

#[tokio::test]
async fn an_answer_counts_the_rows_that_changed() {
    let scratch = Scratch::new();
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async {
            let rows: Vec<_> = (0..5_i64).map(|id| params![id].to_vec()).collect();
            let add = "INSERT INTO notes (id, text) VALUES ($1, 'noted') ON CONFLICT DO NOTHING";
            let change = "UPDATE notes SET text = 'changed' WHERE id >= $1";
            Ok::<_, DbError>([
                tx.execute_many(add, &rows).await?,
                tx.execute(change, &params![2]).await?,
                tx.execute(change, &params![9]).await?,
                tx.execute_many(add, &rows).await?,
                tx.execute_many(add, &[]).await?,
            ])
        })
    });
    assert_eq!(within(write).await.unwrap(), [5, 3, 0, 0, 0]);
}

#[tokio::test]
async fn a_body_outlives_whoever_asked_for_it() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    drop(queued(scratch.note(1)));
    held.open();
    within(scratch.note(2)).await.unwrap();
    assert_eq!(scratch.notes().await, [1, 2]);
}
