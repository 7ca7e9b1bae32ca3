//! What the commands read of an outbox, on either engine.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::db::{Db, Param};
use tessera_platform::params;
use tessera_platform::testing::TestApp;
use uuid::Uuid;

use super::reader::{Reader, Row};
use super::replay::{Wanted, mark_all};

const KINDS: [&str; 2] = ["order:created", "order:cancelled"];

async fn orders() -> TestApp {
    TestApp::start(&[tessera_orders::DEFINITION]).await
}

/// Appends published events with these ids, of both kinds in turn.
async fn append(app: &TestApp, ids: &[Uuid]) {
    let now = app.clock.now();
    let appended = app.db("orders").write(ids.to_vec(), move |tx, ids| {
        Box::pin(async move {
            let sql = "INSERT INTO outbox (id, type, payload, created_at, published_at)
                VALUES ($1, $2, '{}', $3, $3)";
            let kinds = ids.iter().zip(KINDS.into_iter().cycle());
            let rows = kinds.map(|(id, kind)| params![*id, kind, now].to_vec());
            let rows: Vec<Vec<Param<'_>>> = rows.collect();
            tx.execute_many(sql, &rows).await
        })
    });
    appended.await.unwrap();
}

fn draw(app: &TestApp, count: usize) -> Vec<Uuid> {
    (0..count).map(|_| app.ids.next()).collect()
}

fn ids(rows: Vec<Row>) -> Vec<Uuid> {
    rows.into_iter().map(|(id, _)| id).collect()
}

/// An id that was drawn so long before another one.
fn earlier(id: Uuid, millis: u128) -> Uuid {
    Uuid::from_u128(id.as_u128() - (millis << 80))
}

async fn open<'d>(
    db: &'d Db,
    event_type: Option<&'static str>,
    lines: u32,
) -> (Reader<'d>, Vec<Uuid>) {
    let (reader, latest) = Reader::open(db, event_type, lines).await.unwrap();
    (reader, ids(latest))
}

#[tokio::test]
async fn the_latest_are_read_and_then_each_new_one_once() {
    let app = orders().await;
    let first = draw(&app, 10);
    append(&app, &first).await;
    let (mut reader, latest) = open(app.db("orders"), None, 2).await;
    assert_eq!(latest, [first[9], first[8]]);
    assert_eq!(reader.new_ones().await.unwrap(), []);
    let second = draw(&app, 1_200);
    append(&app, &second).await;
    assert_eq!(ids(reader.new_ones().await.unwrap()), second);
    assert_eq!(reader.new_ones().await.unwrap(), []);
}

#[tokio::test]
async fn one_type_is_read_as_all_are() {
    let app = orders().await;
    let all = draw(&app, 4);
    append(&app, &all).await;
    let (mut reader, latest) = open(app.db("orders"), Some(KINDS[1]), 10).await;
    assert_eq!(latest, [all[3], all[1]]);
    let more = draw(&app, 2);
    append(&app, &more).await;
    assert_eq!(ids(reader.new_ones().await.unwrap()), [more[1]]);
}

#[tokio::test]
async fn one_that_is_committed_after_a_younger_one_is_read_too() {
    let app = orders().await;
    let last = app.ids.next();
    append(&app, &[last]).await;
    let (mut reader, _) = open(app.db("orders"), None, 1).await;
    let late = earlier(last, 4_999);
    append(&app, &[late]).await;
    assert_eq!(ids(reader.new_ones().await.unwrap()), [late]);
    assert_eq!(reader.new_ones().await.unwrap(), []);
    app.hand.advance(SignedDuration::from_secs(60));
    let younger = app.ids.next();
    append(&app, &[younger]).await;
    assert_eq!(ids(reader.new_ones().await.unwrap()), [younger]);
    let later = [earlier(younger, 5_001), earlier(younger, 10)];
    append(&app, &later).await;
    assert_eq!(ids(reader.new_ones().await.unwrap()), later[1..]);
}

#[tokio::test]
async fn an_outbox_is_marked_portion_by_portion() {
    let app = orders().await;
    append(&app, &draw(&app, 2_345)).await;
    let marked = async |event_type| {
        let wanted = Wanted {
            from: Timestamp::UNIX_EPOCH,
            to: app.clock.now(),
            event_type,
        };
        mark_all(app.db("orders"), wanted).await.unwrap()
    };
    assert_eq!(marked(Some(KINDS[0])).await, 1_173);
    assert_eq!(marked(None).await, 1_172, "those that were published");
    assert_eq!(marked(None).await, 0);
}
