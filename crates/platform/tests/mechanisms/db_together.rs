//! Bodies side by side in one transaction, and rows that are inserted in the hope that no other is in their way: the
//! same on both engines, and on a server with fewer answers to wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tempfile::TempDir;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Migration, Pace, Place, Tx};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use tessera_platform::testing::{are_several_writers, server_for};
use tokio::sync::Notify;

use crate::scratch::noon;

const TABLES: [Migration; 1] = [Migration {
    name: "together/0001_seats",
    sql: "CREATE TABLE seats (seat bigint PRIMARY KEY, taken_by bigint NOT NULL CHECK (taken_by >= 0))",
}];

const TAKE: &str = "INSERT INTO seats (seat, taken_by) VALUES ($1, $2)";
const TAKE_OR_NOTHING: &str =
    "INSERT INTO seats (seat, taken_by) VALUES ($1, $2) ON CONFLICT (seat) DO NOTHING";
const MOVE: &str = "UPDATE seats SET taken_by = taken_by + 1 WHERE seat = $1 AND taken_by = $2";

/// On a server where there is one; the folder is of use to the other engine alone.
async fn open() -> (Db, TempDir) {
    let (clock, _hand) = Clock::manual(noon());
    let ids = Ids::seeded(7, clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let place = match server_for(["together"].into_iter()).await {
        Some(server) => Place::Server(Box::new(server)),
        None => Place::Folder(folder.path().to_owned(), Pace::Threads),
    };
    let db = place.open("together", &TABLES, &clock, &ids).await;
    (db.unwrap(), folder)
}

async fn seats(db: &Db) -> Vec<(i64, i64)> {
    let all = "SELECT seat, taken_by FROM seats ORDER BY seat";
    db.list(all, &[]).await.unwrap()
}

async fn take_and_move(tx: &mut Tx, seat: i64, by: i64) -> Result<(), DbError> {
    tx.execute(TAKE, &params![seat, by]).await?;
    tx.execute(MOVE, &params![seat, by]).await?;
    tx.later(MOVE, &params![seat, by + 1]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_side_by_side_do_what_they_do_in_turn() {
    let (db, _folder) = open().await;
    let taken = db.write((), |tx, ()| {
        Box::pin(async move {
            let all: Vec<i64> = (0..300).collect();
            tx.side_by_side(&all, |tx, seat| Box::pin(take_and_move(tx, *seat, 10)))
                .await?;
            // What they left to travel has arrived before this is asked.
            let moved = "SELECT count(*) FROM seats WHERE taken_by = 12";
            tx.one::<(i64,)>(moved, &[]).await
        })
    });
    assert_eq!(taken.await.unwrap(), (300,));
    let expected: Vec<(i64, i64)> = (0..300).map(|seat| (seat, 12)).collect();
    assert_eq!(seats(&db).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_bodies_side_by_side_the_one_that_failed_says_why_and_nothing_stays() {
    let (db, _folder) = open().await;
    let taken = db.write((), |tx, ()| {
        Box::pin(async move {
            let all: Vec<i64> = (0..40).collect();
            tx.side_by_side(&all, |tx, seat| {
                // What no seat may hold.
                let by = if *seat == 20 { -1 } else { 10 };
                Box::pin(take_and_move(tx, *seat, by))
            })
            .await
        })
    });
    let refused: Result<(), DbError> = taken.await;
    assert!(
        matches!(refused, Err(DbError::Constraint(_))),
        "{refused:?}"
    );
    assert_eq!(seats(&db).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_after_the_beginning_was_lost_stays_no_more_than_the_rest() {
    let (db, _folder) = open().await;
    let taken = db.write(Arc::new(Notify::new()), |tx, failed| {
        Box::pin(async move {
            let both = [1_i64, 2].map(|seat| (seat, failed.clone()));
            tx.side_by_side(&both, |tx, (seat, failed)| {
                Box::pin(fail_or_take(tx, *seat, failed))
            })
            .await
        })
    });
    let refused: Result<(), DbError> = taken.await;
    assert!(matches!(refused, Err(DbError::Statement(_))), "{refused:?}");
    assert_eq!(seats(&db).await, []);
}

/// The first one asks what cannot be prepared, and it is the first that is asked at all; the second one after it.
async fn fail_or_take(tx: &mut Tx, seat: i64, failed: &Notify) -> Result<(), DbError> {
    if seat == 1 {
        let refused = tx.execute("INSERT INTO no_such_table VALUES (1)", &[]);
        let refused = refused.await.map(drop);
        failed.notify_one();
        return refused;
    }
    failed.notified().await;
    tx.execute(TAKE, &params![seat, seat]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_insert_one_row_one_is_told_that_it_did() {
    let (db, _folder) = open().await;
    let tries = (0..32_i64).map(|by| {
        db.write(by, |tx, by| {
            Box::pin(async move {
                let params = params![1_i64, *by];
                Ok::<_, DbError>((
                    *by,
                    tx.insert_or_nothing(TAKE, TAKE_OR_NOTHING, &params).await?,
                ))
            })
        })
    });
    let told: Vec<(i64, bool)> = join_all(tries)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let winners: Vec<i64> = told
        .iter()
        .filter(|(_, won)| *won)
        .map(|(by, _)| *by)
        .collect();
    assert_eq!(winners.len(), 1, "{told:?}");
    assert_eq!(seats(&db).await, [(1, winners[0])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_hoped_in_vain_is_undone_and_asked() {
    let (db, _folder) = open().await;
    let runs = Arc::new(AtomicU32::new(0));
    let write = async || {
        let done = db.write(runs.clone(), |tx, runs| {
            Box::pin(async move {
                let run = runs.fetch_add(1, Ordering::SeqCst);
                tx.execute(TAKE, &params![100 + i64::from(run), 0_i64])
                    .await?;
                let params = params![1_i64, 0_i64];
                tx.insert_or_nothing(TAKE, TAKE_OR_NOTHING, &params).await
            })
        });
        let done: Result<bool, DbError> = done.await;
        done.unwrap()
    };
    assert!(write().await);
    assert!(!write().await);
    let (all_runs, last) = if are_several_writers() {
        (3, 102)
    } else {
        (2, 101)
    };
    assert_eq!(runs.load(Ordering::SeqCst), all_runs);
    assert_eq!(seats(&db).await, [(1, 0), (100, 0), (last, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_go_by_one_statement_are_all_there_and_in_their_place() {
    let (db, _folder) = open().await;
    let inserted = db.write((), |tx, ()| {
        Box::pin(async move {
            for seat in 0..23 {
                tx.insert(TAKE, &params![seat, 0_i64]).await?;
            }
            // It stands between them, and needs those before it.
            tx.later(MOVE, &params![22_i64, 0_i64]).await?;
            for seat in (23..29).step_by(2) {
                tx.insert(TAKE, &params![seat, 7_i64]).await?;
                tx.insert(TAKE_OR_NOTHING, &params![seat + 1, 8_i64])
                    .await?;
            }
            let all = "SELECT count(*) FROM seats";
            let (count,): (i64,) = tx.one(all, &[]).await?;
            assert_eq!(count, 29, "they have arrived before this is asked");
            tx.insert(TAKE, &params![29_i64, 0_i64]).await?;
            tx.insert(TAKE, &params![30_i64, 0_i64]).await
        })
    });
    inserted.await.unwrap();
    let by = |seat| match seat {
        22 => 1,
        23..29 if seat % 2 == 1 => 7,
        23..29 => 8,
        _ => 0,
    };
    let wanted: Vec<(i64, i64)> = (0..31).map(|seat| (seat, by(seat))).collect();
    assert_eq!(seats(&db).await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_may_not_be_takes_all_with_it() {
    let (db, _folder) = open().await;
    let refused = db.write((), |tx, ()| {
        Box::pin(async move {
            for (seat, by) in [(1_i64, 0_i64), (2, -1), (3, 0)] {
                tx.insert(TAKE, &params![seat, by]).await?;
            }
            Ok(())
        })
    });
    match refused.await {
        Err(DbError::Constraint(words)) => assert!(words.contains("taken_by"), "{words}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(seats(&db).await, []);
}

const SHOW: &str = "SELECT taken_by FROM seats WHERE seat = $1";
const OF_ONE: &str = "SELECT seat FROM seats WHERE taken_by = $1";
const OF_ONE_IN_ORDER: &str = "SELECT seat FROM seats WHERE taken_by = $1 ORDER BY seat DESC";
const GIVE_BACK: &str = "DELETE FROM seats WHERE seat = $1 RETURNING taken_by";

/// Seats of which every third is free, and the others are taken by as many as there are threes before them.
async fn with_threes(db: &Db, count: i64) {
    let taken = db.write((), move |tx, ()| {
        Box::pin(async move {
            for seat in (0..count).filter(|seat| seat % 3 != 0) {
                tx.insert(TAKE, &params![seat, seat / 3]).await?;
            }
            Ok::<_, DbError>(())
        })
    });
    taken.await.unwrap();
}

/// Asks in every way, and looks whether the answers are its own.
async fn ask_all(tx: &mut Tx, seat: i64) -> Result<(), DbError> {
    let threes = seat / 3;
    let is_taken = (seat % 3 != 0).then_some((threes,));
    assert_eq!(tx.opt::<(i64,)>(SHOW, &params![seat]).await?, is_taken);
    assert_eq!(tx.hold::<(i64,)>(SHOW, &params![seat]).await?, is_taken);
    let (held, shown) = tx
        .hold_and_opt::<(i64,), (i64,)>((SHOW, &params![seat]), (SHOW, &params![seat + 1]))
        .await?;
    assert_eq!((held, shown.is_some()), (is_taken, seat % 3 != 2));
    let mut both: Vec<(i64,)> = tx.all(OF_ONE, &params![threes]).await?;
    both.sort_unstable();
    assert_eq!(both, [(threes * 3 + 1,), (threes * 3 + 2,)]);
    let both: Vec<(i64,)> = tx.all(OF_ONE_IN_ORDER, &params![threes]).await?;
    assert_eq!(both, [(threes * 3 + 2,), (threes * 3 + 1,)]);
    let moved = tx.execute(MOVE, &params![seat, threes]).await?;
    assert_eq!(moved, u64::from(is_taken.is_some()));
    tx.later(MOVE, &params![seat, threes + 1]).await?;
    let given: Option<(i64,)> = tx.opt(GIVE_BACK, &params![seat]).await?;
    assert_eq!(
        given,
        is_taken.map(|(by,)| (by + 2,)),
        "what was to be done later is done"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_those_side_by_side_is_told_its_own_answers() {
    let (db, _folder) = open().await;
    // The first of the next three is free, so that nobody waits for a row that another one changes.
    with_threes(&db, 150).await;
    for residue in 0..3 {
        let asked = db.write(residue, |tx, residue| {
            let residue = *residue;
            Box::pin(async move {
                let all: Vec<i64> = (0..150).filter(|seat| seat % 3 == residue).collect();
                tx.side_by_side(&all, |tx, seat| Box::pin(ask_all(tx, *seat)))
                    .await?;
                // For the next ones.
                Err::<(), _>(DbError::Corrupt("enough".to_owned()))
            })
        });
        let outcome = asked.await;
        assert!(matches!(outcome, Err(DbError::Corrupt(_))), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_meet_at_one_row_after_all_one_is_told_that_it_did() {
    let (db, _folder) = open().await;
    with_threes(&db, 30).await;
    let told = Arc::new(AtomicU32::new(0));
    let moved = db.write(told.clone(), |tx, told| {
        Box::pin(async move {
            let seats = [1_i64, 2, 4, 1, 5, 1].map(|seat| (seat, told.clone()));
            tx.side_by_side(&seats, |tx, (seat, told)| {
                Box::pin(async move {
                    let done = tx.execute(MOVE, &params![*seat, *seat / 3]).await?;
                    if *seat == 1 {
                        told.fetch_add(u32::try_from(done).unwrap(), Ordering::SeqCst);
                    }
                    Ok::<_, DbError>(())
                })
            })
            .await
        })
    });
    moved.await.unwrap();
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(seats(&db).await[..4], [(1, 1), (2, 1), (4, 2), (5, 2)]);
}
