//! What goes into a statement comes out of a row as the same, or not at all.

use std::fmt::Debug;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tessera_contracts::ids::{EventId, OrderId, PaymentId, SessionId, TicketId, UserId};
use tessera_contracts::{CancelReason, OrderStatus};
use tessera_platform::db::{DbError, FromColumn, FromRow, Param, Row};
use tessera_platform::params;
use uuid::Uuid;

use crate::scratch::{Scratch, within};

async fn assert_comes_back<T>(scratch: &Scratch, value: T)
where
    T: FromColumn + Into<Param<'static>> + Clone + PartialEq + Debug,
{
    let param: Param<'static> = value.clone().into();
    let back: Option<(T,)> = scratch.db.opt("SELECT $1", &[param]).await.unwrap();
    assert_eq!(back, Some((value,)));
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went_in() {
    let scratch = &Scratch::new();
    for value in [0, 1, -1, i64::MIN, i64::MAX] {
        assert_comes_back(scratch, value).await;
    }
    assert_comes_back(scratch, i32::MIN).await;
    assert_comes_back(scratch, u32::MAX).await;
    assert_comes_back(scratch, true).await;
    assert_comes_back(scratch, false).await;
    for text in ["", "Grüße, 世界 🎟", "it's \"quoted\" $1", "a\0b", "120.00"] {
        assert_comes_back(scratch, text.to_owned()).await;
    }
    assert_comes_back(scratch, Vec::<u8>::new()).await;
    assert_comes_back(scratch, vec![0, 255, b'\'']).await;
    for time in ["1969-12-31T23:59:59.999Z", "2030-01-01T12:00:00.001Z"] {
        assert_comes_back(scratch, time.parse::<Timestamp>().unwrap()).await;
    }
    assert_comes_back(scratch, Some(7_i64)).await;
    assert_comes_back(scratch, None::<i64>).await;
    assert_comes_back(scratch, None::<String>).await;
}

#[tokio::test]
async fn every_kind_of_id_comes_back_as_it_went_in() {
    let scratch = &Scratch::new();
    for id in [Uuid::nil(), Uuid::max(), Uuid::from_u128(7)] {
        assert_comes_back(scratch, id).await;
        assert_comes_back(scratch, EventId::from(id)).await;
        assert_comes_back(scratch, OrderId::from(id)).await;
        assert_comes_back(scratch, PaymentId::from(id)).await;
        assert_comes_back(scratch, SessionId::from(id)).await;
        assert_comes_back(scratch, TicketId::from(id)).await;
        assert_comes_back(scratch, UserId::from(id)).await;
        assert_comes_back(scratch, Some(UserId::from(id))).await;
    }
}

#[test]
fn any_text_number_or_moment_comes_back_as_it_went_in() {
    let scratch = Scratch::new();
    let milliseconds = -62_135_596_800_000..253_402_300_799_999_i64;
    let values = (
        any::<String>(),
        any::<i64>(),
        any::<Vec<u8>>(),
        milliseconds,
    );
    let same = |(text, number, bytes, moment): (String, i64, Vec<u8>, i64)| {
        let moment = Timestamp::from_millisecond(moment).unwrap();
        let params = params![&text, number, bytes.as_slice(), moment];
        let read = scratch.db.opt("SELECT $1, $2, $3, $4", &params);
        let back = futures_util::FutureExt::now_or_never(read)
            .unwrap()
            .unwrap();
        prop_assert_eq!(back, Some((text, number, bytes, moment)));
        Ok(())
    };
    TestRunner::deterministic().run(&values, same).unwrap();
}

#[tokio::test]
async fn parameters_are_bound_by_their_number_in_any_order_and_as_often_as_they_appear() {
    let scratch = Scratch::new();
    let sql = "SELECT $3, $1, $2, $1, $10 || $3";
    let params = params!["one", 2, "three", 4, 5, 6, 7, 8, 9, "ten"];
    let row: Option<(String, String, i64, String, String)> =
        scratch.db.opt(sql, &params).await.unwrap();
    let texts = |a: &str, b: &str, c: &str, d: &str| {
        (a.to_owned(), b.to_owned(), 2, c.to_owned(), d.to_owned())
    };
    assert_eq!(row, Some(texts("three", "one", "one", "tenthree")));
}

#[tokio::test]
async fn a_parameter_too_few_too_many_or_without_a_number_is_refused_by_name() {
    let scratch = Scratch::new();
    let cases: [(&str, &[Param<'_>], &str); 7] = [
        (
            "SELECT $1, $2",
            &params![1],
            "$2 has no value: SELECT $1, $2",
        ),
        ("SELECT $1", &[], "$1 has no value"),
        ("SELECT $0", &params![1], "variable number must be between"),
        ("SELECT $1", &params![1, 2], "it names no $2: SELECT $1"),
        ("SELECT 1", &params![1], "it names no $1"),
        ("SELECT ?", &params![1], "a parameter is not of the form $1"),
        (
            "SELECT :name",
            &params![1],
            "a parameter is not of the form $1",
        ),
    ];
    for (sql, params, words) in cases {
        let error = scratch.db.opt::<(i64,)>(sql, params).await.unwrap_err();
        assert!(matches!(error, DbError::Statement(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_statement_that_is_wrong_says_so_and_counts_as_the_fault_of_its_body() {
    let scratch = Scratch::new();
    for sql in [
        "SELECT",
        "SELECT * FROM nowhere",
        "SELECT nothing FROM notes",
    ] {
        let error = scratch.db.opt::<(i64,)>(sql, &[]).await.unwrap_err();
        assert!(error.is_of_the_body() && !error.is_transient(), "{error:?}");
    }
    let write = scratch.db.write((), |tx, ()| {
        Box::pin(async { tx.execute("SELECT 1", &[]).await })
    });
    let error = within(write).await.unwrap_err();
    assert!(
        matches!(error, DbError::Statement(_)),
        "rows nobody reads: {error:?}"
    );
}

async fn corruption<R: FromRow + Debug>(scratch: &Scratch, sql: &str) -> String {
    match scratch.db.opt::<R>(sql, &[]).await {
        Err(DbError::Corrupt(words)) => words,
        other => panic!("{sql} was answered {other:?}"),
    }
}

#[tokio::test]
async fn a_column_that_holds_something_else_is_named() {
    let scratch = &Scratch::new();
    let words = corruption::<(i64, i64)>(scratch, "SELECT 1 AS version, 'two' AS price").await;
    assert_eq!(words, "column price holds Text(\"two\")");
    corruption::<(i64,)>(scratch, "SELECT NULL").await;
    corruption::<(i64,)>(scratch, "SELECT 1.5").await;
    corruption::<(i32,)>(scratch, "SELECT 2147483648").await;
    corruption::<(u32,)>(scratch, "SELECT -1").await;
    corruption::<(bool,)>(scratch, "SELECT 2").await;
    corruption::<(String,)>(scratch, "SELECT 1").await;
    corruption::<(String,)>(scratch, "SELECT CAST(x'ff' AS text)").await;
    corruption::<(Vec<u8>,)>(scratch, "SELECT 'text'").await;
    corruption::<(Uuid,)>(scratch, "SELECT x'00112233445566778899aabbccddee'").await;
    corruption::<(OrderId,)>(scratch, "SELECT '0198c0de-7a11-7000-8000-000000000001'").await;
    corruption::<(Timestamp,)>(scratch, "SELECT 9223372036854775807").await;
    corruption::<(Option<i64>,)>(scratch, "SELECT 'one'").await;
}

#[derive(Debug, PartialEq)]
struct State(OrderStatus, Option<CancelReason>);

impl FromRow for State {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(State(row.parse()?, row.parse_opt()?))
    }
}

#[tokio::test]
async fn a_column_of_a_closed_set_is_parsed_or_named() {
    let scratch = &Scratch::new();
    let ended = "SELECT 'cancelled', 'expired'";
    let state = scratch.db.opt(ended, &[]).await.unwrap();
    let expired = State(OrderStatus::Cancelled, Some(CancelReason::Expired));
    assert_eq!(state, Some(expired));
    let live = scratch.db.opt("SELECT 'created', NULL", &[]).await.unwrap();
    assert_eq!(live, Some(State(OrderStatus::Created, None)));
    let words = corruption::<State>(scratch, "SELECT 'paid' AS status, NULL").await;
    assert_eq!(words, "column status holds Text(\"paid\")");
    let words = corruption::<State>(scratch, "SELECT 'created', 3 AS reason").await;
    assert_eq!(words, "column reason holds Int(3)");
    corruption::<State>(scratch, "SELECT NULL, NULL").await;
}

#[tokio::test]
async fn a_row_with_fewer_columns_than_are_read_is_refused() {
    let scratch = Scratch::new();
    let read = scratch.db.opt::<(i64, i64)>("SELECT 1", &[]).await;
    assert!(matches!(read, Err(DbError::Statement(_))), "{read:?}");
}
