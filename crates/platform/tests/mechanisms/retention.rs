//! What is old and done is taken away; what is still needed never is.

use std::sync::Arc;

use jiff::SignedDuration;
use tessera_contracts::events::Event;
use tessera_platform::config::Settings;
use tessera_platform::db::Db;
use tessera_platform::outbox::Relay;
use tessera_platform::retention::{INBOX_DAYS, OUTBOX_DAYS, Retention};
use tessera_platform::session::{CookieRule, Ended, Sessions, Verifier};
use tessera_platform::testing::{Halt, TestApp, are_several_writers, forbid, meet, permit};
use tessera_platform::worker::{Next, Worker};

use crate::follower::{
    effects, kept, plan, registered, say, somebody, start, start_in_process, state,
};

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn retention(app: &TestApp, service: &str) -> Retention {
    let (verifier, ended) = (Verifier::new(&[]), Ended::default());
    let cookie = CookieRule::for_url(&Settings::for_tests().public_url);
    let sessions = Sessions::new(verifier, ended, cookie, app.clock.clone());
    Retention::new(app.db(service).clone(), app.clock.clone(), sessions)
}

fn relay(app: &TestApp) -> Relay {
    let (db, bus) = (app.db("speaker").clone(), app.runtime.bus().clone());
    Relay::new("speaker", db, bus, app.clock.clone(), app.ids.next())
}

async fn count(db: &Db, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let (count,) = db.opt(&sql, &[]).await.unwrap().unwrap();
    count
}

#[tokio::test]
async fn a_published_event_can_be_published_again_for_a_week() {
    let app = start().await;
    say(&app, &[somebody(&app)]).await;
    app.settle().await;
    app.pass(days(OUTBOX_DAYS)).await;
    assert_eq!(count(app.db("speaker"), "outbox").await, 1);
    app.pass(SignedDuration::from_millis(1)).await;
    assert_eq!(count(app.db("speaker"), "outbox").await, 0);
}

#[tokio::test]
async fn an_event_is_never_taken_away_before_it_is_published() {
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    app.hand.advance(days(100));
    let step = retention(&app, "speaker").run().await.unwrap();
    assert_eq!(
        step,
        Next::At(app.clock.now() + SignedDuration::from_mins(10))
    );
    assert_eq!(count(app.db("speaker"), "outbox").await, 1);
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
    app.pass(days(OUTBOX_DAYS - 1)).await;
    assert_eq!(
        count(app.db("speaker"), "outbox").await,
        1,
        "a week from then on"
    );
}

#[tokio::test]
async fn an_inbox_knows_what_it_did_for_longer_than_an_outbox_can_repeat_it() {
    const { assert!(INBOX_DAYS > OUTBOX_DAYS) };
    let app = start().await;
    let user = somebody(&app);
    let event = app.publish(registered(&app, user).data).await;
    app.pass(days(INBOX_DAYS)).await;
    app.deliver(&[&event]).await;
    assert_eq!(effects(&app).await, [user]);
    app.pass(SignedDuration::from_millis(1)).await;
    assert_eq!(kept(&app, event.id).await, None);
}

#[tokio::test]
async fn an_old_event_that_was_received_only_now_is_known_as_long_as_a_new_one() {
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    // The speaker stood still for a month, and then crashes after publishing.
    app.hand.advance(days(30));
    forbid(app.db("speaker"), "outbox", "UPDATE").await;
    app.runtime.settle().await.unwrap_err();
    retention(&app, "follower").run().await.unwrap();
    permit(app.db("speaker"), "outbox", "UPDATE").await;
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn events_that_wait_or_are_dead_are_kept_for_an_operator() {
    let app = start().await;
    let keep = async |what| -> Event {
        let user = somebody(&app);
        plan(&app, user, what).await;
        app.publish(registered(&app, user).data).await
    };
    let (dead, waiting) = (keep("reject").await, keep("fail").await);
    app.hand.advance(days(100));
    retention(&app, "follower").run().await.unwrap();
    assert_eq!(state(&app, dead.id).await.0, "dead");
    assert_eq!(state(&app, waiting.id).await.0, "retry");
}

#[tokio::test]
async fn an_event_that_is_to_be_published_again_is_not_taken_away_meanwhile() {
    if !are_several_writers() {
        return;
    }
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    app.settle().await;
    app.hand.advance(days(OUTBOX_DAYS + 1));
    let (db, halt) = (app.db("speaker"), Arc::new(Halt::new()));
    let replay = db.write(halt.clone(), |tx, halt| {
        Box::pin(async move {
            let marked = tx
                .execute("UPDATE outbox SET published_at = NULL", &[])
                .await;
            halt.stand().await;
            marked
        })
    });
    let retention = retention(&app, "speaker");
    let (marked, pruned) = meet(db, &halt, replay, retention.run()).await;
    assert_eq!(marked.unwrap(), 1);
    pruned.unwrap();
    assert_eq!(count(db, "outbox").await, 1);
}

#[tokio::test]
async fn much_is_taken_away_a_little_at_a_time() {
    let app = start_in_process().await;
    let users: Vec<_> = (0..1_200).map(|_| somebody(&app)).collect();
    say(&app, &users).await;
    app.settle().await;
    app.hand
        .advance(days(INBOX_DAYS) + SignedDuration::from_secs(1));
    say(&app, &users[..7]).await;
    relay(&app).run().await.unwrap();
    for (service, table) in [("speaker", "outbox"), ("follower", "inbox")] {
        for left in [707, 207, 7] {
            let step = retention(&app, service).run().await.unwrap();
            assert_eq!(count(app.db(service), table).await, left, "{table}");
            assert_eq!(step == Next::Again, left > 7, "{table}");
        }
    }
}
