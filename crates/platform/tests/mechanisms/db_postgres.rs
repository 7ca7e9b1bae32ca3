//! What only the PostgreSQL engine has: transactions that meet each other, connections that are lost, and roles
//! that may not do everything. Left out where the tests run without a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Migration, Place, Turn, Tx};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use tessera_platform::testing::{Lossy, server_for};
use uuid::Uuid;

use crate::scratch::noon;

const TABLES: [Migration; 2] = [
    Migration {
        name: "scratch/0001_notes",
        sql: "CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL)",
    },
    Migration {
        name: "scratch/0002_sums",
        sql: "CREATE TABLE sums (id bigint PRIMARY KEY, sum bigint NOT NULL CHECK (sum >= 0))",
    },
];

const FIND: &str = "SELECT 1 FROM notes WHERE id = $1";

fn ids() -> (Clock, Ids) {
    let (clock, _hand) = Clock::manual(noon());
    let ids = Ids::seeded(7, clock.clone());
    (clock, ids)
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
async fn place() -> Option<Place> {
    let server = server_for(["scratch"].into_iter()).await;
    if server.is_none() {
        eprintln!("left out: it needs a PostgreSQL server");
    }
    server.map(|server| Place::Server(Box::new(server)))
}

async fn open(place: &Place) -> Result<Db, DbError> {
    let (clock, ids) = ids();
    place.open("scratch", &TABLES, &clock, &ids).await
}

async fn notes(db: &Db) -> i64 {
    let rows: Vec<(i64,)> = db.list("SELECT count(*) FROM notes", &[]).await.unwrap();
    rows[0].0
}

async fn run(db: &Db, sql: &'static str) {
    let done = db.write(sql, |tx, sql| {
        Box::pin(async move { tx.execute(sql, &[]).await })
    });
    done.await.unwrap();
}

/// Writes a note under a new id, by which a lost commit can be looked up.
async fn note(tx: &mut Tx, runs: &AtomicU32) -> Result<Uuid, DbError> {
    runs.fetch_add(1, Ordering::SeqCst);
    let id = tx.new_id();
    let insert = "INSERT INTO notes (id, text) VALUES ($1, 'noted')";
    assert_eq!(tx.execute(insert, &params![id]).await?, 1);
    tx.witness_by(FIND, id);
    Ok(id)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_that_open_an_empty_database_at_once_all_find_its_tables() {
    let Some(place) = place().await else { return };
    let opened = join_all((0..10).map(|_| open(&place))).await;
    for db in opened {
        assert_eq!(notes(&db.unwrap()).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_wait_for_each_other_both_succeed() {
    let Some(place) = place().await else { return };
    let db = open(&place).await.unwrap();
    run(&db, "INSERT INTO sums (id, sum) VALUES (1, 0), (2, 0)").await;
    let both = [[1_i64, 2], [2, 1]].map(|order| {
        db.write(order, |tx, order| {
            Box::pin(async move {
                let add = "UPDATE sums SET sum = sum + 1 WHERE id = $1";
                tx.execute(add, &params![order[0]]).await?;
                // Until the other one has its first row, too.
                tx.opt::<(i32,)>("SELECT 1 FROM pg_sleep(0.3)", &[]).await?;
                tx.execute(add, &params![order[1]]).await?;
                Ok::<_, DbError>(())
            })
        })
    });
    for outcome in join_all(both).await {
        outcome.unwrap();
    }
    let sums: Vec<(i64,)> = db.list("SELECT sum FROM sums", &[]).await.unwrap();
    assert_eq!(sums, [(2,), (2,)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_gives_itself_up_is_run_again_and_nothing_of_it_stays() {
    let Some(place) = place().await else { return };
    let db = open(&place).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let written = db.write(runs.clone(), |tx, runs| {
        Box::pin(async move {
            let id = note(tx, runs).await?;
            if runs.load(Ordering::SeqCst) < 3 {
                return Err(tx.conflict());
            }
            Ok(id)
        })
    });
    written.await.unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), notes(&db).await), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_travels_with_the_commit_may_fail_it() {
    let Some(place) = place().await else { return };
    let db = open(&place).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let refused = db.write(runs.clone(), |tx, runs| {
        Box::pin(async move {
            note(tx, runs).await?;
            let broken = "INSERT INTO sums (id, sum) VALUES ($1, $2)";
            tx.later(broken, &params![1_i64, -1_i64]).await
        })
    });
    match refused.await {
        Err(DbError::Constraint(words)) => assert!(words.contains("sums_sum_check"), "{words}"),
        other => panic!("{other:?}"),
    }
    assert_eq!((runs.load(Ordering::SeqCst), notes(&db).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_row_is_nobody_elses_until_the_end() {
    let Some(place) = place().await else { return };
    let db = open(&place).await.unwrap();
    run(&db, "INSERT INTO sums (id, sum) VALUES (1, 0)").await;
    // Each reads the sum and writes what it makes of it: without the hold they would overwrite each other.
    let adds = (0..20).map(|_| {
        db.write((), |tx, ()| {
            Box::pin(async move {
                let sql = "SELECT sum FROM sums WHERE id = $1";
                let held: Option<(i64,)> = tx.hold(sql, &params![1_i64]).await?;
                let sum = held.map_or(0, |(sum,)| sum) + 1;
                let save = "UPDATE sums SET sum = $2 WHERE id = $1";
                tx.execute(save, &params![1_i64, sum]).await
            })
        })
    });
    for outcome in join_all(adds).await {
        assert_eq!(outcome.unwrap(), 1);
    }
    let sums: Vec<(i64,)> = db.list("SELECT sum FROM sums", &[]).await.unwrap();
    assert_eq!(sums, [(20,)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn background_work_does_not_wait_behind_a_crowd() {
    let Some(place) = place().await else { return };
    let db = open(&place).await.unwrap();
    let done = Arc::new(AtomicU32::new(0));
    let crowd = (0..60).map(|_| {
        let (db, done) = (db.clone(), done.clone());
        tokio::spawn(async move {
            let written = db.write(done, |tx, done| {
                Box::pin(async move {
                    tx.opt::<(i32,)>("SELECT 1 FROM pg_sleep(0.1)", &[]).await?;
                    done.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, DbError>(())
                })
            });
            written.await
        })
    });
    let crowd: Vec<_> = crowd.collect();
    // Once all of them are there: as many work as there are places, the others wait.
    while done.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        let behind = db.write_bulk((), |tx, ()| {
            Box::pin(async move { tx.execute("SELECT 1", &[]).await })
        });
        behind.await.unwrap();
        db.few::<(i32,)>("SELECT 1", &[]).await.unwrap();
    }
    let before = done.load(Ordering::SeqCst);
    assert!(before < 40, "{before} of a crowd of 60 came first");
    for written in crowd {
        written.await.unwrap().unwrap();
    }
}

/// The same corner of the server, through a connection that loses what the test says.
async fn behind(place: &Place) -> (Lossy, Db) {
    let Place::Server(server) = place else {
        panic!("no server");
    };
    let mut server = Some(server.as_ref().clone());
    let lossy = Lossy::before(&mut server).unwrap();
    let through = Place::Server(Box::new(server.unwrap()));
    (lossy, open(&through).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_found_and_not_made_again() {
    let Some(place) = place().await else { return };
    let plain = open(&place).await.unwrap();
    let (lossy, db) = behind(&place).await;
    let runs = Arc::new(AtomicU32::new(0));
    lossy.lose_the_answer_to_the_next_commit();
    let written = db.write(runs.clone(), |tx, runs| Box::pin(note(tx, runs)));
    let id = written.await.unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), notes(&plain).await), (1, 1));
    let found: Option<(i32,)> = plain.opt(FIND, &params![id]).await.unwrap();
    assert!(found.is_some(), "and it is the very one that was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_made_again() {
    let Some(place) = place().await else { return };
    let plain = open(&place).await.unwrap();
    let (lossy, db) = behind(&place).await;
    let runs = Arc::new(AtomicU32::new(0));
    lossy.lose_the_next_commit();
    let written = db.write(runs.clone(), |tx, runs| Box::pin(note(tx, runs)));
    written.await.unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), notes(&plain).await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_crowd_whose_commit_is_in_doubt_each_has_its_row_once() {
    let Some(place) = place().await else { return };
    let plain = open(&place).await.unwrap();
    let (lossy, db) = behind(&place).await;
    for round in 1..=6_u32 {
        let runs = Arc::new(AtomicU32::new(0));
        match round % 2 {
            0 => lossy.lose_the_answer_to_the_next_commit(),
            _ => lossy.lose_the_next_commit(),
        }
        let written = (0..50_u32).map(|number| {
            let turn = Turn {
                of: Uuid::from_u128(number.into()),
                at: Uuid::from_u128(number.into()),
            };
            db.write_grouped(turn, runs.clone(), |tx, runs| Box::pin(note(tx, runs)))
        });
        for id in join_all(written).await {
            let found: Option<(i32,)> = plain.opt(FIND, &params![id.unwrap()]).await.unwrap();
            assert!(found.is_some(), "what was answered is there");
        }
        assert_eq!(notes(&plain).await, i64::from(round) * 50);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_doubt_without_a_row_to_look_for_is_said_to_be_so() {
    let Some(place) = place().await else { return };
    open(&place).await.unwrap();
    let (lossy, db) = behind(&place).await;
    lossy.lose_the_answer_to_the_next_commit();
    let written = db.write((), |tx, ()| {
        Box::pin(async move {
            let sql = "INSERT INTO sums (id, sum) VALUES (1, 0)";
            tx.execute(sql, &[]).await
        })
    });
    assert!(matches!(written.await, Err(DbError::InDoubt)));
}

/// Of a newer version, which those go together with that know the notes.
const COLOURS: Migration = Migration {
    name: "scratch/0003_colours",
    sql: "-- compatible-from: scratch/0001_notes\nALTER TABLE notes ADD COLUMN colour text;",
};

/// Of a later one, which takes away what the older ones use.
const NO_TEXT: Migration = Migration {
    name: "scratch/0004_no_text",
    sql: "-- compatible-from: scratch/0003_colours\nALTER TABLE notes DROP COLUMN text;",
};

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_starts_again_on_a_newer_database_that_lets_it() {
    let Some(place) = place().await else { return };
    let (clock, ids) = ids();
    let new = [TABLES[0], TABLES[1], COLOURS];
    place.open("scratch", &new, &clock, &ids).await.unwrap();
    let old = open(&place).await.unwrap();
    let runs = AtomicU32::new(0);
    let written = old.write(runs, |tx, runs| Box::pin(note(tx, runs)));
    written.await.unwrap();
    let beside = place.open_beside("scratch", &TABLES, &clock, &ids).await;
    assert_eq!(notes(&beside.unwrap()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_does_not_start_where_a_newer_one_took_something_away() {
    let Some(place) = place().await else { return };
    let (clock, ids) = ids();
    let newest = [TABLES[0], TABLES[1], COLOURS, NO_TEXT];
    place.open("scratch", &newest, &clock, &ids).await.unwrap();
    let refused = open(&place).await.map(drop).unwrap_err().to_string();
    let words = ["scratch/0004_no_text", "scratch/0003_colours", "newer"];
    assert!(words.iter().all(|word| refused.contains(word)), "{refused}");
    place
        .open("scratch", &newest[..3], &clock, &ids)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_what_makes_it() {
    let Some(place) = place().await else { return };
    let (clock, ids) = ids();
    let Err(missing) = place.open("nowhere", &TABLES, &clock, &ids).await else {
        panic!("it was opened");
    };
    let words = missing.to_string();
    assert!(
        words.contains("nowhere") && words.contains("tessera migrate"),
        "{words}"
    );
}
