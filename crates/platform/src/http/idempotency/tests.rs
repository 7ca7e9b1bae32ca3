//! The same key, the same answer: once, twice, at once, and after refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use futures_util::future::join_all;
use jiff::SignedDuration;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::clock::{Clock, Hand};
use crate::db::{Db, DbError, Migration, Pace, Place};
use crate::http::body::Body;
use crate::ids::Ids;
use crate::params;
use crate::testing::{are_several_writers, server_for};

/// A database with a table of things, at most five.
struct Shop {
    db: Db,
    hand: Hand,
    _dir: TempDir,
}

#[derive(Debug)]
enum BuyError {
    SoldOut,
    NotNow,
    Wrong,
    Db(DbError),
}

impl From<DbError> for BuyError {
    fn from(error: DbError) -> BuyError {
        BuyError::Db(error)
    }
}

impl From<BuyError> for Failure {
    fn from(error: BuyError) -> Failure {
        match error {
            BuyError::SoldOut => Failure::conflict("sold_out", "There is none left."),
            BuyError::NotNow => Failure::conflict("not_ready", "Not yet.")
                .retry_after(std::time::Duration::from_secs(1)),
            BuyError::Wrong => Failure::bad_request("That makes no sense."),
            BuyError::Db(error) => error.into(),
        }
    }
}

/// What is bought, and how it goes.
struct Purchase {
    name: &'static str,
    outcome: fn(i64) -> Result<(), BuyError>,
    runs: Arc<AtomicUsize>,
}

fn up_to_five(there: i64) -> Result<(), BuyError> {
    if there < 5 {
        Ok(())
    } else {
        Err(BuyError::SoldOut)
    }
}

async fn buy(tx: &mut Tx, purchase: &Purchase) -> Result<i64, BuyError> {
    purchase.runs.fetch_add(1, Ordering::SeqCst);
    tx.execute(
        "INSERT INTO things (name) VALUES ($1)",
        &params![purchase.name],
    )
    .await?;
    let (there,): (i64,) = tx.one("SELECT count(*) FROM things", &[]).await?;
    (purchase.outcome)(there - 1)?;
    Ok(there)
}

fn respond(number: &i64) -> Stored {
    Stored::created(
        format!("/api/things/{number}"),
        &serde_json::json!({ "number": number }),
    )
}

fn key(name: &str, body: &str) -> Option<Key> {
    Some(Key::new("user POST /api/things", name, body.as_bytes()))
}

impl Shop {
    async fn open() -> Shop {
        let dir = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::manual("2030-01-01T12:00:00Z".parse().unwrap());
        let ids = Ids::seeded(1, clock.clone());
        let tables = [
            Migration {
                name: "keys",
                sql: MIGRATION,
            },
            Migration {
                name: "things",
                sql: "CREATE TABLE things (name text NOT NULL);",
            },
        ];
        let place = match server_for(["shop"].into_iter()).await {
            Some(server) => Place::Server(Box::new(server)),
            None => Place::Folder(dir.path().to_owned(), Pace::Threads),
        };
        let db = place.open("shop", &tables, &clock, &ids).await.unwrap();
        Shop {
            db,
            hand,
            _dir: dir,
        }
    }

    async fn buy(
        &self,
        key: Option<Key>,
        outcome: fn(i64) -> Result<(), BuyError>,
    ) -> Result<Stored, Failure> {
        let purchase = Purchase {
            name: "thing",
            outcome,
            runs: Arc::default(),
        };
        write(
            &self.db,
            key,
            purchase,
            |tx, purchase| Box::pin(buy(tx, purchase)),
            respond,
        )
        .await
    }

    async fn begin(&self, key: Option<Key>, payment: Uuid) -> Result<Begun<i64>, Failure> {
        let purchase = Purchase {
            name: "thing",
            outcome: up_to_five,
            runs: Arc::default(),
        };
        begin(&self.db, key, payment, purchase, |tx, purchase| {
            Box::pin(buy(tx, purchase))
        })
        .await
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.db.opt::<(i64,)>(&sql, &[]).await.unwrap().unwrap().0
    }
}

#[tokio::test]
async fn the_second_request_gets_the_first_answer() {
    let shop = Shop::open().await;
    let first = shop.buy(key("k", "{}"), up_to_five).await.unwrap();
    assert!(!first.replayed);
    let second = shop.buy(key("k", "{}"), up_to_five).await.unwrap();
    assert_eq!(
        second,
        Stored {
            replayed: true,
            ..first
        }
    );
    assert_eq!(shop.count("things").await, 1);
    let response = second.into_response();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["idempotency-replayed"], "true");
    assert_eq!(response.headers()["location"], "/api/things/1");
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn without_a_key_every_request_counts() {
    let shop = Shop::open().await;
    for number in 1..=3 {
        assert_eq!(
            shop.buy(None, up_to_five).await.unwrap().location,
            Some(format!("/api/things/{number}"))
        );
    }
    assert_eq!(shop.count("idempotency_keys").await, 0);
}

#[tokio::test]
async fn a_key_counts_for_one_body_one_user_and_one_path() {
    let shop = Shop::open().await;
    shop.buy(key("k", "{}"), up_to_five).await.unwrap();
    let reused = shop
        .buy(key("k", "{\"other\":1}"), up_to_five)
        .await
        .unwrap_err();
    assert_eq!(
        (reused.status().as_u16(), reused.code()),
        (422, "idempotency_key_reused")
    );
    let elsewhere = Key::new("user POST /api/others", "k", b"{}");
    assert!(
        !shop
            .buy(Some(elsewhere), up_to_five)
            .await
            .unwrap()
            .replayed
    );
    assert_eq!(shop.count("things").await, 2);
}

#[tokio::test]
async fn a_refusal_by_a_rule_is_given_again_even_when_the_rule_would_now_allow_it() {
    let shop = Shop::open().await;
    let refused = shop
        .buy(key("k", "{}"), |_| Err(BuyError::SoldOut))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "sold_out");
    assert_eq!(shop.count("things").await, 0);
    let again = shop.buy(key("k", "{}"), up_to_five).await.unwrap();
    assert_eq!((again.status, again.replayed), (StatusCode::CONFLICT, true));
    assert_eq!(
        again.body,
        serde_json::to_string(refused.problem()).unwrap()
    );
    assert_eq!(
        again.into_response().headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(shop.count("things").await, 0);
}

#[tokio::test]
async fn what_may_go_better_next_time_is_not_kept() {
    let passing: [fn(i64) -> Result<(), BuyError>; 4] = [
        |_| Err(BuyError::NotNow),
        |_| Err(BuyError::Wrong),
        |_| Err(BuyError::Db(DbError::Busy)),
        |_| Err(BuyError::Db(DbError::Corrupt("planted".to_owned()))),
    ];
    for outcome in passing {
        let shop = Shop::open().await;
        shop.buy(key("k", "{}"), outcome).await.unwrap_err();
        assert_eq!(shop.count("idempotency_keys").await, 0);
        let answer = shop.buy(key("k", "{}"), up_to_five).await.unwrap();
        assert_eq!(
            (answer.status, answer.replayed),
            (StatusCode::CREATED, false)
        );
    }
}

#[tokio::test]
async fn twins_buy_once_and_get_the_same_answer() {
    let shop = Shop::open().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let twins = (0..32).map(|_| {
        let purchase = Purchase {
            name: "thing",
            outcome: up_to_five,
            runs: runs.clone(),
        };
        write(
            &shop.db,
            key("k", "{}"),
            purchase,
            |tx, purchase| Box::pin(buy(tx, purchase)),
            respond,
        )
    });
    let answers: Vec<Stored> = join_all(twins)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(
        (shop.count("things").await, runs.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[tokio::test]
async fn twins_in_a_crowd_buy_once_and_get_the_same_answer() {
    let shop = Shop::open().await;
    let twins = (0..96_u128).map(|buyer| {
        let purchase = Purchase {
            name: "thing",
            // Whoever comes after its twin is refused: what its twin was answered counts.
            outcome: |there| match there {
                0..5 => Ok(()),
                _ => Err(BuyError::NotNow),
            },
            runs: Arc::default(),
        };
        let turn = Turn {
            of: Uuid::from_u128(buyer),
            at: Uuid::from_u128(buyer % 3),
        };
        let names = ["one", "two", "three", "four", "five"];
        let name = names[usize::try_from(buyer % 5).unwrap()];
        write_grouped(
            &shop.db,
            turn,
            key(name, "{}"),
            purchase,
            |tx, purchase| Box::pin(buy(tx, purchase)),
            respond,
        )
    });
    let answers: Vec<Stored> = join_all(twins)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 5);
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(answer.body, answers[place % 5].body);
    }
    assert_eq!(shop.count("things").await, 5);
}

#[tokio::test]
async fn twins_that_are_refused_get_the_same_refusal() {
    let shop = Shop::open().await;
    let twins = (0..32).map(|_| shop.buy(key("k", "{}"), |_| Err(BuyError::SoldOut)));
    let codes = join_all(twins)
        .await
        .into_iter()
        .map(|answer| match answer {
            Ok(stored) => stored.status.as_u16(),
            Err(failure) => failure.status().as_u16(),
        });
    assert!(codes.into_iter().all(|status| status == 409));
    assert_eq!(
        (
            shop.count("things").await,
            shop.count("idempotency_keys").await
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn a_write_in_two_steps_is_pending_between_them() {
    let shop = Shop::open().await;
    let payment = Uuid::from_u128(1);
    assert!(matches!(
        shop.begin(key("k", "{}"), payment).await,
        Ok(Begun::Started(1))
    ));
    let twin = shop
        .begin(key("k", "{}"), Uuid::from_u128(2))
        .await
        .unwrap_err();
    assert_eq!(
        (twin.status().as_u16(), twin.code()),
        (409, "idempotency_in_progress")
    );

    // As whoever finds the recorded intent after a crash would.
    let outcome = Stored::json(StatusCode::PAYMENT_REQUIRED, &"declined");
    let kept = outcome.clone();
    shop.db
        .write(kept, move |tx, kept| Box::pin(complete(tx, payment, kept)))
        .await
        .unwrap();
    let Ok(Begun::Replayed(again)) = shop.begin(key("k", "{}"), Uuid::from_u128(3)).await else {
        panic!("the outcome is known")
    };
    assert_eq!(
        again,
        Stored {
            replayed: true,
            ..outcome
        }
    );
    assert_eq!(shop.count("things").await, 1);
}

#[tokio::test]
async fn a_first_step_that_is_refused_keeps_its_refusal() {
    let shop = Shop::open().await;
    for _ in 0..5 {
        shop.begin(None, Uuid::from_u128(1)).await.unwrap();
    }
    assert_eq!(
        shop.begin(key("k", "{}"), Uuid::from_u128(1))
            .await
            .unwrap_err()
            .code(),
        "sold_out"
    );
    shop.db
        .write((), |tx, ()| {
            Box::pin(async move { tx.execute("DELETE FROM things", &[]).await })
        })
        .await
        .unwrap();
    assert!(matches!(
        shop.begin(key("k", "{}"), Uuid::from_u128(1)).await,
        Ok(Begun::Replayed(_))
    ));
}

#[tokio::test]
async fn keys_are_forgotten_after_their_time() {
    let shop = Shop::open().await;
    shop.buy(key("old", "{}"), up_to_five).await.unwrap();
    shop.hand.advance(SignedDuration::from_hours(1));
    shop.buy(key("new", "{}"), up_to_five).await.unwrap();
    shop.hand.advance(KEPT - SignedDuration::from_hours(1));
    let more = shop.db.write((), |tx, ()| Box::pin(prune(tx))).await;
    assert!(!more.unwrap());
    assert!(
        shop.buy(key("new", "{}"), up_to_five)
            .await
            .unwrap()
            .replayed
    );
    assert!(
        !shop
            .buy(key("old", "{}"), up_to_five)
            .await
            .unwrap()
            .replayed
    );
}

#[tokio::test]
async fn a_key_is_visible_ascii_of_bounded_length() {
    use crate::http::Caller;
    use axum::extract::FromRequestParts;

    let read = async |keys: &[&[u8]]| {
        let request = keys
            .iter()
            .fold(Request::post("/api/things"), |request, key| {
                request.header("idempotency-key", *key)
            });
        let mut head = request.body(()).unwrap().into_parts().0;
        head.extensions.insert(Caller {
            address: [127, 0, 0, 1].into(),
            session: None,
        });
        IdempotencyKey::from_request_parts(&mut head, &()).await
    };
    let body = Body::from(bytes::Bytes::from_static(b"{}"));
    assert_eq!(read(&[]).await.unwrap().of(&body), None);
    let longest = vec![b'k'; 255];
    let given = read(&[&longest]).await.unwrap().of(&body).unwrap();
    assert_eq!(
        given,
        Key::new(
            "- POST /api/things",
            str::from_utf8(&longest).unwrap(),
            b"{}"
        )
    );
    let too_long = vec![b'k'; 256];
    let wrong: [&[&[u8]]; 5] = [
        &[b""],
        &[&too_long],
        &[b"a b"],
        &[b"\xc3\xa9"],
        &[b"a", b"b"],
    ];
    for keys in wrong {
        let failure = read(keys).await.unwrap_err();
        assert_eq!(
            failure.problem().errors[0].field.as_deref(),
            Some("Idempotency-Key")
        );
    }
}

#[tokio::test]
async fn a_key_that_is_pruned_between_two_looks_is_free() {
    if !are_several_writers() {
        return;
    }
    let shop = Shop::open().await;
    let key = key("k1", "{}").unwrap();
    // Its first run is one that was told that somebody has the key, and then finds nobody.
    let runs = AtomicUsize::new(0);
    let claimed = shop.db.write((key, runs), |tx, (key, runs)| {
        Box::pin(async move {
            match runs.fetch_add(1, Ordering::SeqCst) {
                0 => store::look_up(tx, key).await,
                _ => store::claim(tx, key, None).await,
            }
        })
    });
    assert!(matches!(claimed.await, Ok(Claim::Fresh)));
}
