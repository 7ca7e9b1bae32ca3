//! From the outbox to the inboxes: what was committed, in order, at least once.

use std::sync::Arc;

use jiff::SignedDuration;
use tessera_platform::bus::Bus;
use tessera_platform::db::DbError;
use tessera_platform::inbox::Inbox;
use tessera_platform::outbox::{self, Relay};
use tessera_platform::testing::{TestApp, forbid, permit};
use tessera_platform::worker::{Next, Worker};

use crate::follower::{effects, news_of, say, somebody, start, start_in_process, unpublished};

#[tokio::test]
async fn what_was_committed_is_published() {
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    assert_eq!(
        effects(&app).await,
        [],
        "the transaction itself publishes nothing"
    );
    assert_eq!(unpublished(&app).await, 1);
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
    assert_eq!(unpublished(&app).await, 0);
}

#[tokio::test]
async fn what_was_rolled_back_is_not() {
    let app = start().await;
    let user = somebody(&app);
    let refused = app.db("speaker").write(user, |tx, user| {
        Box::pin(async move {
            outbox::append(tx, news_of(*user)).await?;
            Err::<(), _>(DbError::Corrupt("a refusal".to_owned()))
        })
    });
    refused.await.unwrap_err();
    app.settle().await;
    assert_eq!(app.published("speaker").await, []);
    assert_eq!(effects(&app).await, []);
}

#[tokio::test]
async fn an_event_tells_who_said_it_when_and_on_whose_behalf() {
    let app = start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let user = somebody(&app);
    let said = app.db("speaker").write(user, move |tx, user| {
        tx.set_traceparent(Some(trace.to_owned()));
        Box::pin(outbox::append(tx, news_of(*user)))
    });
    said.await.unwrap();
    let [event] = &app.published("speaker").await[..] else {
        panic!("one event was said")
    };
    assert_eq!(event.source, "/tessera/speaker");
    assert_eq!(event.time, app.clock.now());
    assert_eq!(event.traceparent.as_deref(), Some(trace));
    assert_eq!(event.data, news_of(user));
}

fn relay(app: &TestApp) -> Relay {
    let (db, bus) = (app.db("speaker").clone(), app.runtime.bus().clone());
    Relay::new("speaker", db, bus, app.clock.clone(), app.ids.next())
}

/// Nothing is left to publish, or to mark. It may be woken for what it has published already.
async fn comes_to_rest(relay: &Relay) {
    for _again in 0..8 {
        if relay.run().await.unwrap() == Next::Idle {
            return;
        }
    }
    panic!("the relay does not come to rest");
}

#[tokio::test]
async fn many_events_are_published_in_order_512_at_a_time() {
    let app = start_in_process().await;
    let (first, rest) = ((0..100), (100..1_200));
    let users: Vec<_> = (0..1_200).map(|_| somebody(&app)).collect();
    say(&app, &users[first]).await;
    say(&app, &users[rest]).await;
    let relay = relay(&app);
    // A full one has the way for itself.
    for so_far in [512, 1_024] {
        assert_eq!(relay.run().await.unwrap(), Next::Again);
        assert_eq!(effects(&app).await, users[..so_far]);
    }
    comes_to_rest(&relay).await;
    assert_eq!(effects(&app).await, users);
    assert_eq!(unpublished(&app).await, 0);
}

#[tokio::test]
async fn a_crash_between_publishing_and_noting_it_repeats_the_event_and_not_its_effect() {
    let app = start_in_process().await;
    let users = [somebody(&app), somebody(&app)];
    say(&app, &users).await;
    forbid(app.db("speaker"), "outbox", "UPDATE").await;
    app.runtime.settle().await.unwrap_err();
    assert_eq!(effects(&app).await, users, "it was published");
    assert_eq!(unpublished(&app).await, 2, "and that was not noted");
    permit(app.db("speaker"), "outbox", "UPDATE").await;
    let mut onlooker = app.runtime.bus().watch();
    app.settle().await;
    assert!(onlooker.try_recv().is_ok(), "it is published once more");
    assert_eq!(effects(&app).await, users);
    assert_eq!(unpublished(&app).await, 0);
}

#[tokio::test]
async fn events_that_were_not_taken_stay_and_are_offered_again() {
    let app = start_in_process().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    forbid(app.db("follower"), "inbox", "INSERT").await;
    for _try in 0..3 {
        let error = app.runtime.settle().await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("follower did not take the events"),
            "{error}"
        );
        assert_eq!(unpublished(&app).await, 1);
    }
    permit(app.db("follower"), "inbox", "INSERT").await;
    app.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(effects(&app).await, [user]);
    assert_eq!(unpublished(&app).await, 0);
}

#[tokio::test]
async fn a_service_that_fails_keeps_nothing_from_the_others() {
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    let bus = Bus::embedded();
    for name in ["speaker", "follower"] {
        let sessions = None;
        let consumer = Arc::new(crate::follower::Follower);
        let (db, clock) = (app.db(name).clone(), app.clock.clone());
        bus.subscribe(Arc::new(Inbox::new(
            name,
            db,
            clock,
            Some(consumer),
            sessions,
        )));
    }
    // The speaker has no table for effects: its inbox keeps the event for later.
    let relay = Relay::new(
        "speaker",
        app.db("speaker").clone(),
        bus,
        app.clock.clone(),
        app.ids.next(),
    );
    comes_to_rest(&relay).await;
    assert_eq!(effects(&app).await, [user]);
    assert_eq!(unpublished(&app).await, 0);
}

#[tokio::test]
async fn of_two_relays_one_publishes_and_the_other_takes_over_when_it_is_gone() {
    let app = start_in_process().await;
    let (first, second) = (relay(&app), relay(&app));
    say(&app, &[somebody(&app)]).await;
    assert_eq!(first.run().await.unwrap(), Next::Again);
    comes_to_rest(&first).await;
    say(&app, &[somebody(&app)]).await;
    let until = match second.run().await.unwrap() {
        Next::At(until) => until,
        other => panic!("it published, too: {other:?}"),
    };
    assert_eq!(unpublished(&app).await, 1);
    // The first one is heard of no more.
    app.hand.advance(until.duration_since(app.clock.now()));
    assert_eq!(second.run().await.unwrap(), Next::Again);
    comes_to_rest(&second).await;
    assert_eq!(unpublished(&app).await, 0);
    // It comes back late, and finds that it is no longer the one.
    say(&app, &[somebody(&app)]).await;
    assert!(matches!(first.run().await.unwrap(), Next::At(_)));
    assert_eq!(effects(&app).await.len(), 2);
}

#[tokio::test]
async fn a_relay_that_stops_lets_another_one_publish_at_once() {
    let app = start_in_process().await;
    let (first, second, third) = (relay(&app), relay(&app), relay(&app));
    say(&app, &[somebody(&app)]).await;
    assert_eq!(first.run().await.unwrap(), Next::Again);
    say(&app, &[somebody(&app)]).await;
    assert!(matches!(second.run().await.unwrap(), Next::At(_)));
    // Who does not have it gives nothing back.
    second.stopped().await;
    assert!(matches!(third.run().await.unwrap(), Next::At(_)));
    first.stopped().await;
    // So long the others take for granted what they have seen.
    app.hand.advance(SignedDuration::from_millis(100));
    assert_eq!(unpublished(&app).await, 1, "the first one's is marked");
    assert_eq!(third.run().await.unwrap(), Next::Again);
    comes_to_rest(&third).await;
    assert_eq!(unpublished(&app).await, 0);
    say(&app, &[somebody(&app)]).await;
    assert!(matches!(second.run().await.unwrap(), Next::At(_)));
}
