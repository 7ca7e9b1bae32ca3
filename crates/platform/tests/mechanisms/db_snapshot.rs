//! A snapshot of a database on a PostgreSQL server: it stays as it was, row by row, and changes nothing.

use jiff::Timestamp;
use tessera_platform::clock::Clock;
use tessera_platform::db::postgres::{Server, Snapshot};
use tessera_platform::db::{Db, DbError, Migration, Place, Row};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use tessera_platform::testing::{TEST_DATABASE_URL, server_for};

const NAME: &str = "snapshot";

const THINGS: Migration = Migration {
    name: "snapshot/0001_things",
    sql: "CREATE TABLE owners (id bigint PRIMARY KEY);
        CREATE TABLE things (id bigint PRIMARY KEY, owner_id bigint REFERENCES owners (id), text text NOT NULL);
        CREATE UNIQUE INDEX things_one_live ON things (owner_id) WHERE text IN ('a', 'b');",
};

/// A database on the server; `None` where the tests run without one.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
async fn opened() -> Option<(Server, Db)> {
    let Some(server) = server_for([NAME].into_iter()).await else {
        println!("skipped: {TEST_DATABASE_URL} is not set");
        return None;
    };
    let (clock, _hand) = Clock::manual(Timestamp::UNIX_EPOCH);
    let ids = Ids::seeded(1, clock.clone());
    let place = Place::Server(Box::new(server.clone()));
    let db = place.open(NAME, &[THINGS], &clock, &ids).await.unwrap();
    Some((server, db))
}

async fn run(db: &Db, sql: &'static str) {
    let done = db.write(sql, |tx, sql| {
        Box::pin(async move { tx.execute(sql, &[]).await })
    });
    done.await.unwrap();
}

async fn texts(snapshot: &Snapshot) -> Vec<String> {
    let mut texts = Vec::new();
    let sql = "SELECT text FROM things WHERE id >= $1 ORDER BY id";
    let keep = |row: &mut Row<'_>| {
        texts.push(row.next()?);
        Ok::<(), DbError>(())
    };
    snapshot.each(sql, &params![1_i64], keep).await.unwrap();
    texts
}

#[tokio::test]
async fn it_sees_the_database_as_it_was_when_it_was_taken() {
    let Some((server, db)) = opened().await else {
        return;
    };
    run(&db, "INSERT INTO things VALUES (1, NULL, 'a')").await;
    let snapshot = Snapshot::connect(&server, NAME).await.unwrap();
    snapshot.verify(&[THINGS]).await.unwrap();
    snapshot.take().await.unwrap();
    run(&db, "INSERT INTO things VALUES (2, NULL, 'b')").await;
    assert_eq!(texts(&snapshot).await, ["a"]);
    snapshot.end().await.unwrap();
    snapshot.take().await.unwrap();
    assert_eq!(texts(&snapshot).await, ["a", "b"]);
}

#[tokio::test]
async fn it_changes_nothing() {
    let Some((server, _db)) = opened().await else {
        return;
    };
    let snapshot = Snapshot::connect(&server, NAME).await.unwrap();
    snapshot.take().await.unwrap();
    let insert = "INSERT INTO owners VALUES (1) RETURNING id";
    let refused = snapshot.each::<DbError>(insert, &[], |_| Ok(())).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("read-only transaction"), "{refused}");
}

#[tokio::test]
async fn the_catalogue_is_what_the_migrations_make_until_somebody_changes_it() {
    let Some((server, db)) = opened().await else {
        return;
    };
    let snapshot = Snapshot::connect(&server, NAME).await.unwrap();
    let made = snapshot.catalogue_of(&[THINGS]).await.unwrap();
    assert_eq!(snapshot.catalogue().await.unwrap(), made);
    let names: Vec<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "owners",
            "owners_pkey",
            "things",
            "things_one_live",
            "things_owner_id_fkey",
            "things_pkey"
        ]
    );
    run(&db, "DROP INDEX things_one_live").await;
    run(
        &db,
        "CREATE UNIQUE INDEX things_one_live ON things (owner_id)",
    )
    .await;
    run(&db, "ALTER TABLE things ALTER COLUMN text DROP NOT NULL").await;
    let found = snapshot.catalogue().await.unwrap();
    let changed = made
        .iter()
        .filter(|(name, words)| found.get(*name) != Some(*words));
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    assert_eq!(changed, ["things", "things_one_live"]);
}
