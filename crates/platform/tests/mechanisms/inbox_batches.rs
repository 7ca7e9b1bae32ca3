//! A batch of events: each has its effect once, and none stands in the way of another.

use jiff::SignedDuration;
use tessera_contracts::events::{EventData, UserState};
use tessera_platform::bus::Message;
use tessera_platform::db::Durability;
use tessera_platform::inbox::list_dead;
use tessera_platform::params;
use tessera_platform::testing::{TestApp, forbid, permit};

use crate::follower::{
    FOLLOWER, SPEAKER, done, effects, kept, plan, registered, say, somebody, start_in_process,
    state, unplan,
};

#[tokio::test]
async fn an_event_has_its_effect_once_however_often_it_comes() {
    let app = start_in_process().await;
    let (user, other) = (somebody(&app), somebody(&app));
    let (event, next) = (registered(&app, user), registered(&app, other));
    app.deliver(&[&event, &event]).await;
    app.deliver(&[&event]).await;
    app.deliver(&[&next, &event]).await;
    assert_eq!(effects(&app).await, [user, other]);
    assert_eq!(state(&app, event.id).await, done());
}

#[tokio::test]
async fn a_batch_is_taken_in_the_order_in_which_it_was_made() {
    let app = start_in_process().await;
    let users = [somebody(&app), somebody(&app), somebody(&app)];
    let [first, second, third] = users.map(|user| registered(&app, user));
    app.deliver(&[&third, &first, &second]).await;
    assert_eq!(effects(&app).await, users);
}

#[tokio::test]
async fn an_older_event_that_comes_in_a_later_batch_still_has_its_effect() {
    let app = start_in_process().await;
    let users = [somebody(&app), somebody(&app)];
    let [older, newer] = users.map(|user| registered(&app, user));
    app.deliver(&[&newer]).await;
    app.deliver(&[&older]).await;
    assert_eq!(effects(&app).await, [users[1], users[0]]);
}

#[tokio::test]
async fn an_event_that_is_known_has_no_second_effect_beside_one_that_fails() {
    let app = start_in_process().await;
    let (user, other) = (somebody(&app), somebody(&app));
    let (known, poisoned) = (registered(&app, user), registered(&app, other));
    app.deliver(&[&known]).await;
    plan(&app, other, "fail").await;
    // The batch fails, and its events are tried one after another.
    app.deliver(&[&known, &poisoned]).await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn a_poison_event_blocks_no_other_of_its_batch_whatever_is_wrong_with_it() {
    for poison in ["fail", "panic", "mistake", "reject"] {
        let app = start_in_process().await;
        let users = [somebody(&app), somebody(&app), somebody(&app)];
        let [first, poisoned, last] = users.map(|user| registered(&app, user));
        plan(&app, users[1], poison).await;
        app.deliver(&[&first, &poisoned, &last]).await;
        assert_eq!(effects(&app).await, [users[0], users[2]], "{poison}");
        assert_eq!(state(&app, first.id).await, done());
        assert_eq!(state(&app, last.id).await, done());
        let kept = kept(&app, poisoned.id).await.unwrap();
        let expected = if poison == "reject" {
            ("dead", 0)
        } else {
            ("retry", 1)
        };
        assert_eq!((kept.state.as_str(), kept.attempts), expected, "{poison}");
        assert_eq!(kept.payload, Some(poisoned.to_json()));
        assert!(
            kept.error.is_some_and(|error| !error.is_empty()),
            "{poison}"
        );
    }
}

#[tokio::test]
async fn an_event_that_rightly_changes_nothing_is_done() {
    let app = start_in_process().await;
    let user = somebody(&app);
    plan(&app, user, "ignore").await;
    let event = app.publish(registered(&app, user).data).await;
    assert_eq!(state(&app, event.id).await, done());
}

#[tokio::test]
async fn events_that_nobody_follows_leave_no_trace() {
    let app = start_in_process().await;
    let id = somebody(&app);
    let event = app.publish(EventData::UserDeleted(UserState { id })).await;
    assert_eq!(kept(&app, event.id).await, None);
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_dead_and_blocks_no_other() {
    let app = start_in_process().await;
    let user = somebody(&app);
    let (event, broken) = (registered(&app, user), registered(&app, somebody(&app)));
    let message = |event: &tessera_contracts::events::Event, payload: String| {
        Message::new(event.id, event.data.event_type(), payload.into())
    };
    let batch = vec![
        message(&broken, "{\"specversion\":".to_owned()),
        message(&event, event.to_json()),
    ];
    app.runtime.bus().publish(batch).await.unwrap();
    assert_eq!(effects(&app).await, [user]);
    let dead = list_dead(app.db("follower"), 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].id, broken.id);
    assert_eq!(dead[0].payload, "{\"specversion\":");
    assert!(dead[0].error.contains("not an event"), "{}", dead[0].error);
}

#[tokio::test]
async fn what_no_text_column_may_hold_is_kept_all_the_same() {
    let app = start_in_process().await;
    let [user, planned] = [somebody(&app), somebody(&app)];
    plan(&app, planned, "fail with a NUL").await;
    let [broken, failing, event] =
        [somebody(&app), planned, user].map(|user| registered(&app, user));
    let message = |event: &tessera_contracts::events::Event, payload: String| {
        Message::new(event.id, event.data.event_type(), payload.into())
    };
    let batch = vec![
        message(&broken, "{\"type\":\0".to_owned()),
        message(&failing, failing.to_json()),
        message(&event, event.to_json()),
    ];
    app.runtime.bus().publish(batch).await.unwrap();
    assert_eq!(effects(&app).await, [user]);
    let dead = kept(&app, broken.id).await.unwrap();
    assert_eq!(
        (dead.state.as_str(), dead.payload.as_deref()),
        ("dead", Some("{\"type\":\u{fffd}"))
    );
    // Also when it fails again.
    app.pass(SignedDuration::from_secs(1)).await;
    let retried = kept(&app, failing.id).await.unwrap();
    assert!(retried.attempts > 1);
    assert_eq!(
        retried.error.unwrap(),
        "the handler failed: as\u{fffd}planned"
    );
}

#[tokio::test]
async fn a_long_batch_is_taken_in_portions() {
    let app = start_in_process().await;
    let portion = match app.db("follower").durability().await.unwrap() {
        Durability::Sqlite { .. } => 256,
        Durability::Postgres { .. } => 64,
    };
    let users: Vec<_> = (0..portion + 6).map(|_| somebody(&app)).collect();
    plan(&app, users[portion + 2], "busy").await;
    let events: Vec<_> = users.iter().map(|user| registered(&app, *user)).collect();
    let messages = events
        .iter()
        .map(|event| Message::new(event.id, event.data.event_type(), event.to_json().into()));
    let batch: Vec<Message> = messages.collect();
    app.runtime.bus().publish(batch.clone()).await.unwrap_err();
    assert_eq!(effects(&app).await, users[..portion]);
    unplan(&app).await;
    app.runtime.bus().publish(batch).await.unwrap();
    assert_eq!(effects(&app).await, users);
}

#[tokio::test]
async fn a_failure_of_the_database_fails_the_batch_and_counts_against_nobody() {
    let app = start_in_process().await;
    let users = [somebody(&app), somebody(&app)];
    let [first, second] = users.map(|user| registered(&app, user));
    let batch = || {
        let message = |event: &tessera_contracts::events::Event| {
            Message::new(event.id, event.data.event_type(), event.to_json().into())
        };
        vec![message(&first), message(&second)]
    };
    plan(&app, users[1], "busy").await;
    let refused = app.runtime.bus().publish(batch()).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("follower did not take the events"),
        "{refused}"
    );
    assert_eq!(effects(&app).await, []);
    assert_eq!(kept(&app, first.id).await, None);
    assert_eq!(kept(&app, second.id).await, None);
    unplan(&app).await;
    app.runtime.bus().publish(batch()).await.unwrap();
    assert_eq!(effects(&app).await, users);
}

#[tokio::test]
async fn a_full_disk_fails_the_batch_and_once_there_is_room_it_is_taken() {
    let app = TestApp::start_embedded(&[SPEAKER, FOLLOWER]).await;
    let db = app.db("follower");
    let pragma = |sql: &'static str| db.write(sql, |tx, sql| Box::pin(tx.one::<(i64,)>(sql, &[])));
    let (pages,) = pragma("PRAGMA page_count").await.unwrap();
    assert_eq!(
        pragma("PRAGMA max_page_count = 1").await.unwrap(),
        (pages,),
        "no page more"
    );
    let users: Vec<_> = (0..200).map(|_| somebody(&app)).collect();
    say(&app, &users).await;
    app.runtime.settle().await.unwrap_err();
    assert_eq!(effects(&app).await, []);
    pragma("PRAGMA max_page_count = 100000").await.unwrap();
    app.settle().await;
    assert_eq!(effects(&app).await, users);
    let tried = "SELECT count(*) FROM inbox WHERE state <> 'done' OR attempts <> 0";
    assert_eq!(db.opt(tried, &params![]).await.unwrap(), Some((0_i64,)));
}

#[tokio::test]
async fn an_event_whose_failure_cannot_even_be_recorded_is_not_lost() {
    let app = start_in_process().await;
    let user = somebody(&app);
    forbid(app.db("follower"), "inbox", "INSERT").await;
    say(&app, &[user]).await;
    app.runtime.settle().await.unwrap_err();
    assert_eq!(effects(&app).await, []);
    permit(app.db("follower"), "inbox", "INSERT").await;
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn whoever_watches_the_bus_sees_events_that_have_been_taken() {
    let app = start_in_process().await;
    let mut onlooker = app.runtime.bus().watch();
    let event = app.publish(registered(&app, somebody(&app)).data).await;
    let seen = onlooker.try_recv().unwrap();
    assert_eq!(seen.id, event.id);
    assert_eq!(&*seen.payload, event.to_json());
    assert!(onlooker.try_recv().is_err());
}
