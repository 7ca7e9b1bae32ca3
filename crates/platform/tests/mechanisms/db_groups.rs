//! Group commit: what waits together is made durable together, and answered after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use axum::http::StatusCode;
use futures_util::FutureExt;
use futures_util::future::join_all;
use tessera_platform::db::{DbError, Migration};
use tessera_platform::http::{Failure, Key, Stored, idempotency};
use tokio::sync::oneshot;

use crate::scratch::{Gate, NOTES, Passage, Scratch, hold, note, queued, stand, within};

#[tokio::test]
async fn writes_that_wait_together_share_one_commit() {
    let scratch = Scratch::new();
    let before = scratch.commits();
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (0..100).map(|id| queued(scratch.note(id))).collect();
    held.open();
    let answers = within(join_all(writes)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(scratch.commits() - before, 1);
    assert_eq!(scratch.notes().await.len(), 100);
}

#[tokio::test]
async fn a_group_is_bounded_so_that_nobody_waits_for_too_many_others() {
    let scratch = Scratch::new();
    let before = scratch.commits();
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (0..300).map(|id| queued(scratch.note(id))).collect();
    held.open();
    let answers = within(join_all(writes)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(scratch.commits() - before, 3, "127 + 127 + 46");
}

#[tokio::test]
async fn a_write_that_is_alone_waits_for_no_other() {
    let scratch = Scratch::new();
    let before = scratch.commits();
    for id in 0..3 {
        within(scratch.note(id)).await.unwrap();
    }
    assert_eq!(scratch.commits() - before, 3);
}

#[tokio::test]
async fn what_goes_along_waits_for_nobody_who_does_not_come() {
    let scratch = Scratch::new();
    within(along(&scratch, 1)).await.unwrap();
    assert_eq!(scratch.notes().await, [1]);
}

#[tokio::test]
async fn a_full_group_has_a_place_for_what_goes_along() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (0..300).map(|id| queued(scratch.note(id))).collect();
    let gate = Gate::new();
    let last = queued(stand(&scratch.db, &gate));
    let along = queued(along(&scratch, 300));
    held.open();
    // The last of them is not even begun to be committed.
    within(along).await.unwrap();
    gate.open();
    within(last).await.unwrap();
    let answers = within(join_all(writes)).await;
    assert!(answers.iter().all(Result::is_ok));
}

async fn along(scratch: &Scratch, id: i64) -> Result<(), DbError> {
    scratch
        .db
        .write_along(id, |tx, id| Box::pin(note(tx, *id)))
        .await
}

#[tokio::test]
async fn a_refusal_too_waits_for_the_commit_since_it_may_tell_of_anothers_change() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let first = queued(scratch.note(1));
    let mut refused = queued(scratch.db.write((), |tx, ()| {
        Box::pin(async {
            let seen: Vec<(i64,)> = tx.all("SELECT id FROM notes", &[]).await?;
            Err::<(), _>(DbError::Corrupt(format!("{seen:?}")))
        })
    }));
    let gate = Gate::new();
    let last = queued(
        scratch
            .db
            .write(gate.passage(), |tx, passage: &Arc<Passage>| {
                Box::pin(async move {
                    passage.stop_here();
                    note(tx, 2).await
                })
            }),
    );
    held.open();
    gate.reached().await;
    // The refusal has been found, and another's uncommitted change is what it rests on.
    assert!((&mut refused).now_or_never().is_none());
    assert!(scratch.notes().await.is_empty());
    gate.open();
    let refusal = within(refused).await.unwrap_err();
    assert_eq!(refusal.to_string(), "inconsistent row: [(1,)]");
    assert_eq!(
        scratch.notes().await,
        [1, 2],
        "answered once both are there"
    );
    within(first).await.unwrap();
    within(last).await.unwrap();
}

#[tokio::test]
async fn a_signal_wakes_once_its_transaction_is_committed_and_never_before() {
    let scratch = Scratch::new();
    let signal = scratch.db.signal("bell");
    let held = hold(&scratch.db).await;
    let ringing = queued(scratch.db.write((), |tx, ()| {
        Box::pin(async {
            note(tx, 1).await?;
            tx.wake("bell");
            Ok::<_, DbError>(())
        })
    }));
    let gate = Gate::new();
    let last = queued(stand(&scratch.db, &gate));
    held.open();
    gate.reached().await;
    assert!(signal.notified().now_or_never().is_none());
    gate.open();
    within(signal.notified()).await;
    assert_eq!(scratch.notes().await, [1], "whoever is woken finds the row");
    within(ringing).await.unwrap();
    within(last).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_wakes_nobody() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let refuse = || {
        scratch.db.write((), |tx, ()| {
            tx.wake("bell");
            Box::pin(async { Err::<(), _>(DbError::Failed) })
        })
    };
    let (in_a_group, beside_it) = (queued(refuse()), queued(refuse()));
    held.open();
    within(in_a_group).await.unwrap_err();
    within(beside_it).await.unwrap_err();
    within(refuse()).await.unwrap_err();
    let signal = scratch.db.signal("bell");
    assert!(signal.notified().now_or_never().is_none());
}

/// Runs ten bodies, one that is refused after `sql`, and ten more in one commit; answers how many runs that took.
async fn runs_around_a_refusal_after(sql: &'static str) -> usize {
    let scratch = Scratch::new();
    let runs = Arc::new(AtomicUsize::new(0));
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (1..=21)
        .map(|id| {
            let body = scratch.db.write((runs.clone(), id), move |tx, (runs, id)| {
                runs.fetch_add(1, Ordering::Relaxed);
                Box::pin(async move {
                    if *id != 11 {
                        return note(tx, *id).await;
                    }
                    tx.execute(sql, &[]).await?;
                    Err(DbError::Corrupt("a refusal".to_owned()))
                })
            });
            queued(body)
        })
        .collect();
    held.open();
    let refused = within(join_all(writes)).await;
    assert_eq!(refused.iter().filter(|answer| answer.is_err()).count(), 1);
    assert_eq!(scratch.notes().await.len(), 20);
    runs.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_refusal_before_anything_was_written_costs_the_others_nothing() {
    let nothing = "UPDATE notes SET text = 'none' WHERE id = 404";
    assert_eq!(runs_around_a_refusal_after(nothing).await, 21);
    let all = "UPDATE notes SET text = 'all'";
    assert_eq!(runs_around_a_refusal_after(all).await, 11 + 21);
}

#[tokio::test]
async fn a_refusal_with_a_key_is_no_reason_for_others_to_begin_anew() {
    let keys = Migration {
        name: "scratch/0002_keys",
        sql: idempotency::MIGRATION,
    };
    let scratch = Scratch::with(&[NOTES, keys]);
    let runs = Arc::new(AtomicUsize::new(0));
    let held = hold(&scratch.db).await;
    let noted = |id: i64| {
        let body = scratch.db.write((runs.clone(), id), |tx, (runs, id)| {
            runs.fetch_add(1, Ordering::Relaxed);
            Box::pin(note(tx, *id))
        });
        queued(body)
    };
    let before: Vec<_> = (1..=3).map(noted).collect();
    let key = Key::new("user POST /api/notes", "key", b"{}");
    let refused = queued(idempotency::write(
        &scratch.db,
        Some(key),
        (),
        |_tx, ()| Box::pin(async { Err::<(), _>(Failure::conflict("taken", "It is taken.")) }),
        |()| Stored::json(StatusCode::CREATED, &()),
    ));
    let after: Vec<_> = (4..=6).map(noted).collect();
    held.open();
    let all = async { futures_util::join!(join_all(before), refused, join_all(after)) };
    let (before, refused, after) = within(all).await;
    assert!(before.iter().chain(&after).all(Result::is_ok));
    assert_eq!(refused.unwrap_err().code(), "taken");
    assert_eq!(runs.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn dropping_the_database_finishes_what_is_queued() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    for id in 0..50 {
        drop(queued(scratch.note(id)));
    }
    held.open();
    let scratch = scratch.reopened();
    assert_eq!(scratch.notes().await.len(), 50);
}

/// Tells, when it is dropped, whether that is because of a panic.
struct Told(Option<oneshot::Sender<bool>>);

impl Drop for Told {
    fn drop(&mut self) {
        let teller = self.0.take().unwrap();
        teller.send(thread::panicking()).unwrap();
    }
}

#[tokio::test]
async fn the_last_handle_may_be_dropped_by_a_body_on_the_writer_itself() {
    let scratch = Scratch::new();
    let (sender, panicked) = oneshot::channel();
    let held = hold(&scratch.db).await;
    // Dropped in this order, once it is answered.
    let input = (scratch.db.clone(), Told(Some(sender)));
    let write = scratch.db.write(input, |tx, _last| Box::pin(note(tx, 1)));
    drop(queued(write));
    drop(scratch.db);
    held.open();
    assert!(!within(panicked).await.unwrap());
}
