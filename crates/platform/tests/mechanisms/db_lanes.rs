//! The lanes to the writer: bounded, and people before background work.

use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::Mutex;
use tessera_platform::db::DbError;

use crate::scratch::{Scratch, hold, queued, within};

/// What one lane takes.
const LANE: i64 = 4_096;

/// Who ran, in the order in which they did.
type Ran = Arc<Mutex<Vec<&'static str>>>;

async fn run_as(scratch: &Scratch, ran: &Ran, who: &'static str) -> Result<(), DbError> {
    let input = (ran.clone(), who);
    scratch
        .db
        .write(input, |_tx, (ran, who)| {
            ran.lock().push(who);
            Box::pin(async { Ok(()) })
        })
        .await
}

async fn run_behind_as(scratch: &Scratch, ran: &Ran, who: &'static str) -> Result<(), DbError> {
    let input = (ran.clone(), who);
    scratch
        .db
        .write_bulk(input, |_tx, (ran, who)| {
            ran.lock().push(who);
            Box::pin(async { Ok(()) })
        })
        .await
}

#[tokio::test]
async fn a_full_lane_refuses_at_once_and_loses_nothing_that_it_took() {
    let scratch = Scratch::new();
    let held = hold(&scratch.db).await;
    let writes: Vec<_> = (0..LANE).map(|id| queued(scratch.note(id))).collect();
    let refused = within(scratch.note(LANE)).await.unwrap_err();
    assert!(
        matches!(refused, DbError::Busy) && refused.is_transient(),
        "{refused:?}"
    );
    held.open();
    let answers = within(join_all(writes)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(scratch.notes().await.len(), 4_096);
    within(scratch.note(LANE)).await.unwrap();
}

#[tokio::test]
async fn each_lane_has_a_bound_of_its_own() {
    let (scratch, ran) = (Scratch::new(), Ran::default());
    let held = hold(&scratch.db).await;
    let behind: Vec<_> = (0..LANE)
        .map(|_| queued(run_behind_as(&scratch, &ran, "bulk")))
        .collect();
    let refused = within(run_behind_as(&scratch, &ran, "bulk")).await;
    assert!(matches!(refused, Err(DbError::Busy)));
    let in_time = queued(run_as(&scratch, &ran, "interactive"));
    held.open();
    within(in_time).await.unwrap();
    within(join_all(behind)).await;
    assert_eq!(ran.lock().len(), 4_096 + 1);
}

#[tokio::test]
async fn what_people_wait_for_goes_before_background_work() {
    let (scratch, ran) = (Scratch::new(), Ran::default());
    let held = hold(&scratch.db).await;
    let behind: Vec<_> = (0..10)
        .map(|_| queued(run_behind_as(&scratch, &ran, "bulk")))
        .collect();
    let before: Vec<_> = (0..10)
        .map(|_| queued(run_as(&scratch, &ran, "interactive")))
        .collect();
    held.open();
    within(join_all(behind)).await;
    within(join_all(before)).await;
    let ran = ran.lock();
    assert!(ran[..10].iter().all(|who| *who == "interactive"), "{ran:?}");
    assert!(ran[10..].iter().all(|who| *who == "bulk"), "{ran:?}");
}

#[tokio::test]
async fn a_flood_of_requests_never_keeps_background_work_from_moving() {
    let (scratch, ran) = (Scratch::new(), Ran::default());
    let held = hold(&scratch.db).await;
    let flood: Vec<_> = (0..1_000)
        .map(|_| queued(run_as(&scratch, &ran, "interactive")))
        .collect();
    let behind: Vec<_> = (0..5)
        .map(|_| queued(run_behind_as(&scratch, &ran, "bulk")))
        .collect();
    held.open();
    within(join_all(flood)).await;
    within(join_all(behind)).await;
    let ran = ran.lock();
    for (group, bodies) in ran.chunks(128).take(5).enumerate() {
        let bulk = bodies.iter().filter(|who| **who == "bulk").count();
        assert_eq!(bulk, 1, "one of the 128 of group {group}");
    }
}
