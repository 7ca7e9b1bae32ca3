//! Writes that come in a crowd and share transactions: each has its own outcome, on both engines.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tempfile::TempDir;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Migration, Pace, Place, Turn, Tx};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use tessera_platform::testing::{Halt, are_several_writers, meet, server_for};
use uuid::Uuid;

use crate::scratch::noon;

const TABLES: [Migration; 1] = [Migration {
    name: "crowd/0001_seats",
    sql: "CREATE TABLE seats (seat bigint PRIMARY KEY, taken_by bigint NOT NULL CHECK (taken_by >= 0))",
}];

const TAKE: &str = "INSERT INTO seats (seat, taken_by) VALUES ($1, $2)";
const TAKE_OR_NOTHING: &str =
    "INSERT INTO seats (seat, taken_by) VALUES ($1, $2) ON CONFLICT (seat) DO NOTHING";
const HAS: &str = "SELECT count(*) FROM seats WHERE taken_by = $1";
const IS_TAKEN: &str = "SELECT taken_by FROM seats WHERE seat = $1";
/// It begins with its key, so that those who ask it together do so by one statement.
const SEAT: &str = "SELECT seat, taken_by FROM seats WHERE seat = $1";

/// On a server where there is one; the folder is of use to the other engine alone.
async fn open() -> (Db, TempDir) {
    let (clock, _hand) = Clock::manual(noon());
    let ids = Ids::seeded(7, clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let place = match server_for(["crowd"].into_iter()).await {
        Some(server) => Place::Server(Box::new(server)),
        None => Place::Folder(folder.path().to_owned(), Pace::Threads),
    };
    let db = place.open("crowd", &TABLES, &clock, &ids).await;
    (db.unwrap(), folder)
}

fn turn(of: i64, at: i64) -> Turn {
    let id = |number: i64| Uuid::from_u128(number.unsigned_abs().into());
    Turn {
        of: id(of),
        at: id(at),
    }
}

async fn seats(db: &Db) -> Vec<(i64, i64)> {
    let all = "SELECT seat, taken_by FROM seats ORDER BY seat";
    db.list(all, &[]).await.unwrap()
}

/// What a body of this test does, besides taking its seat.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Nothing,
    RefusesFirst,
    RefusesAfter,
    WhatNoSeatMayHold,
    Panics,
}

async fn take(tx: &mut Tx, seat: i64, does: Does) -> Result<i64, DbError> {
    let refusal = DbError::Corrupt(format!("seat {seat} is refused"));
    if does == Does::RefusesFirst {
        let _: Option<(i64,)> = tx.opt(IS_TAKEN, &params![seat]).await?;
        return Err(refusal);
    }
    let by = if does == Does::WhatNoSeatMayHold {
        -1
    } else {
        seat
    };
    tx.execute(TAKE, &params![seat, by]).await?;
    match does {
        Does::RefusesAfter => Err(refusal),
        Does::Panics => panic!("seat {seat}"),
        _ => Ok(seat),
    }
}

async fn crowd(db: &Db, does: impl Fn(i64) -> Does) -> Vec<Result<i64, DbError>> {
    let writes = (0..200_i64).map(|seat| {
        db.write_grouped(
            turn(seat, 1_000 - seat),
            (seat, does(seat)),
            |tx, (seat, does)| Box::pin(take(tx, *seat, *does)),
        )
    });
    join_all(writes).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_crowd_has_what_it_wrote() {
    let (db, _folder) = open().await;
    let answers = crowd(&db, |_| Does::Nothing).await;
    let told: Vec<i64> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(told, (0..200).collect::<Vec<_>>());
    let all: Vec<(i64, i64)> = (0..200).map(|seat| (seat, seat)).collect();
    assert_eq!(seats(&db).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_shares_its_transactions() {
    if !are_several_writers() {
        return;
    }
    let (db, _folder) = open().await;
    let writes = (0..200_i64).map(|seat| {
        db.write_grouped(turn(seat, seat), seat, |tx, seat| {
            Box::pin(async move {
                tx.execute(TAKE, &params![*seat, *seat]).await?;
                let current = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)";
                tx.one::<(i64,)>(current, &[]).await
            })
        })
    });
    let answers = join_all(writes).await.into_iter();
    let transactions: HashSet<(i64,)> = answers.map(Result::unwrap).collect();
    assert!(
        transactions.len() < 20,
        "{} transactions",
        transactions.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_or_is_refused_in_a_crowd_is_told_so_and_takes_nobody_along() {
    let (db, _folder) = open().await;
    let does = |seat| match seat {
        20 | 120 => Does::RefusesFirst,
        50 => Does::RefusesAfter,
        100 => Does::WhatNoSeatMayHold,
        150 => Does::Panics,
        _ => Does::Nothing,
    };
    let answers = crowd(&db, does).await;
    for (seat, answer) in (0..200).zip(&answers) {
        let answer = answer.as_ref().map_err(ToString::to_string);
        match does(seat) {
            Does::Nothing => assert_eq!(answer, Ok(&seat)),
            Does::RefusesFirst | Does::RefusesAfter => {
                let refusal = format!("inconsistent row: seat {seat} is refused");
                assert_eq!(answer, Err(refusal));
            }
            Does::WhatNoSeatMayHold => {
                let words = answer.unwrap_err();
                assert!(words.contains("taken_by"), "{words}");
            }
            Does::Panics => assert!(
                answer
                    .unwrap_err()
                    .ends_with(&format!("panicked: seat {seat}"))
            ),
        }
    }
    let all = (0..200).filter(|seat| does(*seat) == Does::Nothing);
    assert_eq!(
        seats(&db).await,
        all.map(|seat| (seat, seat)).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_before_anything_is_changed_runs_nobody_again() {
    let (db, _folder) = open().await;
    let runs = Arc::new(AtomicU32::new(0));
    let writes = (0..200_i64).map(|seat| {
        let input = (runs.clone(), seat);
        db.write_grouped(turn(seat, seat), input, |tx, (runs, seat)| {
            Box::pin(async move {
                runs.fetch_add(1, Ordering::SeqCst);
                let refuses = seat % 2 == 0;
                let does = if refuses {
                    Does::RefusesFirst
                } else {
                    Does::Nothing
                };
                take(tx, *seat, does).await
            })
        })
    });
    let answers = join_all(writes).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 100);
    assert_eq!(runs.load(Ordering::SeqCst), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_look_at_one_row_together_see_it() {
    let (db, _folder) = open().await;
    let taken = db.write((), |tx, ()| {
        Box::pin(async move { tx.execute(TAKE, &params![7_i64, 70_i64]).await })
    });
    let _: u64 = taken.await.unwrap();
    let looks = (0..100_i64).map(|buyer| {
        db.write_grouped(turn(buyer, 7), (), |tx, ()| {
            Box::pin(async move { tx.opt::<(i64, i64)>(SEAT, &params![7_i64]).await })
        })
    });
    for seen in join_all(looks).await {
        let seen: Result<_, DbError> = seen;
        assert_eq!(seen.unwrap(), Some((7, 70)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_before_the_beginning_gets_nothing_done() {
    if !are_several_writers() {
        return;
    }
    let (db, _folder) = open().await;
    let halt = Arc::new(Halt::new());
    let first = db.write_grouped(turn(1, 1), halt.clone(), |tx, halt| {
        Box::pin(async move {
            halt.stand().await;
            take(tx, 1, Does::Nothing).await
        })
    });
    let second = async {
        let waits = db.write_grouped(turn(1, 2), (), |tx, ()| {
            Box::pin(take(tx, 2, Does::Nothing))
        });
        // While its owner has another one under way.
        assert!(futures_util::poll!(Box::pin(waits)).is_pending());
    };
    let (first, ()) = meet(&db, &halt, first, second).await;
    first.unwrap();
    let third = db.write_grouped(turn(1, 3), (), |tx, ()| {
        Box::pin(take(tx, 3, Does::Nothing))
    });
    third.await.unwrap();
    assert_eq!(seats(&db).await, [(1, 1), (3, 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_owner_one_is_under_way_at_a_time() {
    let (db, _folder) = open().await;
    // Nothing but its turn keeps one from counting while another is about to take.
    let writes = (0..120_i64).map(|seat| {
        db.write_grouped(turn(seat % 4, seat), seat, |tx, seat| {
            Box::pin(async move {
                let (has,): (i64,) = tx.one(HAS, &params![seat % 4]).await?;
                if has >= 2 {
                    return Ok(0);
                }
                tx.execute(TAKE, &params![*seat, seat % 4]).await
            })
        })
    });
    let answers = join_all(writes).await;
    let taken: u64 = answers
        .into_iter()
        .map(|answer: Result<_, DbError>| answer.unwrap())
        .sum();
    assert_eq!(taken, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_that_wants_one_seat_one_has_it() {
    let (db, _folder) = open().await;
    for seat in 0..5_i64 {
        let writes = (0..100_i64).map(|buyer| {
            db.write_grouped(turn(buyer, seat), (seat, buyer), |tx, (seat, buyer)| {
                Box::pin(async move {
                    if tx.opt::<(i64,)>(IS_TAKEN, &params![*seat]).await?.is_some() {
                        return Err(DbError::Corrupt("it is taken".to_owned()));
                    }
                    let params = params![*seat, *buyer];
                    match tx.insert_or_nothing(TAKE, TAKE_OR_NOTHING, &params).await? {
                        true => Ok(*buyer),
                        false => Err(DbError::Corrupt("another was faster".to_owned())),
                    }
                })
            })
        });
        let answers = join_all(writes).await;
        let winners: Vec<i64> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok())
            .copied()
            .collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        assert_eq!(seats(&db).await.last(), Some(&(seat, winners[0])));
        let others = answers.iter().filter_map(|answer| answer.as_ref().err());
        others.for_each(|error| assert!(matches!(error, DbError::Corrupt(_)), "{error}"));
    }
}
