//! What failed comes again when its time has come, and is given up on only after many tries.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::events::Event;
use tessera_platform::inbox::{MOST_ATTEMPTS, list_dead, retry_dead};
use tessera_platform::testing::TestApp;

use crate::follower::{
    Kept, done, effects, kept, plan, plan_until, registered, somebody, start, state, unplan,
};

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// When the event is to be tried again.
async fn due(app: &TestApp, event: &Event) -> Timestamp {
    let kept = kept(app, event.id).await.unwrap();
    kept.retry_at.expect("it is to be tried again")
}

/// Publishes the news of a user for whom the follower has this plan.
async fn planned(app: &TestApp, what: &'static str) -> (tessera_contracts::UserId, Event) {
    let user = somebody(app);
    plan(app, user, what).await;
    (user, app.publish(registered(app, user).data).await)
}

/// Lets an event fail until it is dead, and answers how long each wait was.
async fn fail_until_dead(app: &TestApp, event: &Event) -> Vec<SignedDuration> {
    let mut waits = Vec::new();
    while let Some(moment) = kept(app, event.id).await.unwrap().retry_at {
        waits.push(moment.duration_since(app.clock.now()));
        app.hand.set(moment);
        app.settle().await;
    }
    waits
}

#[tokio::test]
async fn an_event_that_failed_is_tried_again_later_and_has_one_effect() {
    let app = start().await;
    let (user, event) = planned(&app, "fail").await;
    assert_eq!(due(&app, &event).await, app.clock.now() + 200 * MILLISECOND);
    app.pass(199 * MILLISECOND).await;
    assert_eq!(state(&app, event.id).await.1, 1, "not before its time");
    app.pass(MILLISECOND).await;
    assert_eq!(state(&app, event.id).await.1, 2, "and then once");
    assert_eq!(due(&app, &event).await, app.clock.now() + 400 * MILLISECOND);
    unplan(&app).await;
    app.pass(400 * MILLISECOND).await;
    assert_eq!(effects(&app).await, [user]);
    app.deliver(&[&event]).await;
    app.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(effects(&app).await, [user]);
    let nothing_but_that_it_is_done = Kept {
        state: "done".to_owned(),
        attempts: 2,
        retry_at: None,
        payload: None,
        error: None,
    };
    assert_eq!(
        kept(&app, event.id).await,
        Some(nothing_but_that_it_is_done)
    );
}

#[tokio::test]
async fn an_event_that_comes_again_while_it_waits_is_not_tried_before_its_time() {
    let app = start().await;
    let (user, event) = planned(&app, "fail").await;
    unplan(&app).await;
    app.deliver(&[&event]).await;
    app.settle().await;
    assert_eq!(effects(&app).await, []);
    app.pass(200 * MILLISECOND).await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn after_its_last_try_an_event_is_dead_and_left_alone() {
    let app = start().await;
    let (_user, event) = planned(&app, "fail").await;
    let waits = fail_until_dead(&app, &event).await;
    let doubling: Vec<_> = (0..MOST_ATTEMPTS - 1)
        .map(|failures| 200 * MILLISECOND * (1 << failures))
        .collect();
    assert_eq!(waits, doubling);
    assert_eq!(
        state(&app, event.id).await,
        ("dead".to_owned(), MOST_ATTEMPTS)
    );
    unplan(&app).await;
    app.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(effects(&app).await, []);
    let dead = list_dead(app.db("follower"), 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].id, dead[0].attempts), (event.id, MOST_ATTEMPTS));
    assert_eq!(dead[0].payload, event.to_json());
    assert!(dead[0].error.contains("as planned"), "{}", dead[0].error);
}

#[tokio::test]
async fn a_dead_event_that_is_revived_starts_over_and_has_one_effect() {
    let app = start().await;
    let (user, event) = planned(&app, "fail").await;
    fail_until_dead(&app, &event).await;
    assert!(retry_dead(app.db("follower"), event.id).await.unwrap());
    app.settle().await;
    assert_eq!(state(&app, event.id).await, ("retry".to_owned(), 1));
    fail_until_dead(&app, &event).await;
    unplan(&app).await;
    assert!(retry_dead(app.db("follower"), event.id).await.unwrap());
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
    assert_eq!(state(&app, event.id).await, done());
    assert!(!retry_dead(app.db("follower"), event.id).await.unwrap());
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn only_a_dead_event_can_be_revived() {
    let app = start().await;
    let (_user, waiting) = planned(&app, "fail").await;
    let unknown = app.ids.next().into();
    for id in [waiting.id, unknown] {
        assert!(!retry_dead(app.db("follower"), id).await.unwrap());
    }
    assert_eq!(state(&app, waiting.id).await, ("retry".to_owned(), 1));
}

#[tokio::test]
async fn a_rejected_event_is_dead_at_once_also_when_it_comes_again() {
    let app = start().await;
    let (_user, event) = planned(&app, "reject").await;
    app.deliver(&[&event]).await;
    app.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(effects(&app).await, []);
    let kept = kept(&app, event.id).await.unwrap();
    assert_eq!((kept.state.as_str(), kept.attempts), ("dead", 0));
    assert_eq!(kept.error.as_deref(), Some("rejected: as planned"));
}

#[tokio::test]
async fn an_event_that_was_put_off_comes_at_its_moment_and_counts_no_attempt() {
    let app = start().await;
    let user = somebody(&app);
    let moment = app.clock.now() + SignedDuration::from_mins(15);
    plan_until(&app, user, "put off", Some(moment)).await;
    let event = app.publish(registered(&app, user).data).await;
    assert_eq!(effects(&app).await, [], "nothing is kept of the run");
    assert_eq!(state(&app, event.id).await, ("retry".to_owned(), 0));
    app.hand.set(moment - MILLISECOND);
    app.settle().await;
    assert_eq!(due(&app, &event).await, moment);
    unplan(&app).await;
    app.pass(MILLISECOND).await;
    assert_eq!(effects(&app).await, [user]);
    assert_eq!(state(&app, event.id).await, done());
}

#[tokio::test]
async fn being_put_off_again_and_again_never_kills_an_event() {
    let app = start().await;
    let user = somebody(&app);
    let event = registered(&app, user);
    for minute in 1..=2 * MOST_ATTEMPTS {
        let moment = app.clock.now() + SignedDuration::from_mins(1);
        plan_until(&app, user, "put off", Some(moment)).await;
        if minute == 1 {
            app.deliver(&[&event]).await;
        }
        app.settle().await;
        app.hand.set(moment);
    }
    assert_eq!(state(&app, event.id).await, ("retry".to_owned(), 0));
}

#[tokio::test]
async fn an_event_put_off_to_a_moment_that_has_come_is_tried_soon_and_not_without_end() {
    let app = start().await;
    let user = somebody(&app);
    plan_until(&app, user, "put off", Some(app.clock.now())).await;
    let event = app.publish(registered(&app, user).data).await;
    assert_eq!(due(&app, &event).await, app.clock.now() + 200 * MILLISECOND);
}

#[tokio::test]
async fn while_the_database_fails_a_retry_counts_no_attempt() {
    let app = start().await;
    let (user, event) = planned(&app, "fail").await;
    plan(&app, user, "busy").await;
    app.hand.advance(200 * MILLISECOND);
    app.runtime.settle().await.unwrap_err();
    assert_eq!(state(&app, event.id).await, ("retry".to_owned(), 1));
    unplan(&app).await;
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
}

#[tokio::test]
async fn two_processes_that_retry_at_the_same_time_have_one_effect() {
    let app = start().await;
    let (user, _event) = planned(&app, "fail").await;
    unplan(&app).await;
    app.hand.advance(200 * MILLISECOND);
    tokio::join!(app.settle(), app.settle(), app.settle());
    assert_eq!(effects(&app).await, [user]);
}
