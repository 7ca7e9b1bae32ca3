//! A relay and its stream: what it marks when, and what it publishes again of a stream that went back or was lost.

use std::collections::BTreeSet;
use std::path::Path;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::{HeaderMap, jetstream};
use jiff::SignedDuration;
use tessera_platform::bus::Bus;
use tessera_platform::bus::nats::{Nats, STREAM};
use tessera_platform::outbox::Relay;
use tessera_platform::testing::{NatsServer, TestApp};
use tessera_platform::worker::{Next, Worker};

use crate::follower::{say, somebody, start_in_process, unpublished};

#[tokio::test]
async fn a_stream_that_went_back_and_grew_again_is_found_out_before_more_is_noted() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let app = start_in_process().await;
    let relay = relay(&app, &server).await;
    let older = tempfile::tempdir().unwrap();
    say(&app, &[somebody(&app)]).await;
    publish(&relay).await;
    keep_copy(&mut server, older.path());
    // This one is in the stream that is thrown away.
    say(&app, &[somebody(&app)]).await;
    publish(&relay).await;
    go_back(&mut server, older.path());
    let stream = beside(&server, &["one", "two"]).await;
    // Time stands still: the relay has looked at the stream a moment ago.
    say(&app, &[somebody(&app)]).await;
    publish(&relay).await;
    nothing_is_lacking(&app, &stream).await;
}

#[tokio::test]
async fn a_stream_that_went_back_between_two_batches_that_are_not_marked_is_found_out() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let app = start_in_process().await;
    let relay = relay(&app, &server).await;
    let older = tempfile::tempdir().unwrap();
    say(&app, &[somebody(&app)]).await;
    publish(&relay).await;
    keep_copy(&mut server, older.path());
    // This one is in the stream that is thrown away, and is not marked yet.
    say(&app, &[somebody(&app)]).await;
    step(&relay).await;
    assert_eq!(unpublished(&app).await, 1);
    go_back(&mut server, older.path());
    let stream = beside(&server, &["one"]).await;
    say(&app, &[somebody(&app)]).await;
    step(&relay).await;
    assert_eq!(unpublished(&app).await, 2);
    publish(&relay).await;
    nothing_is_lacking(&app, &stream).await;
}

#[tokio::test]
async fn what_is_published_is_marked_later_while_there_is_more_and_not_published_again() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let app = start_in_process().await;
    let relay = relay(&app, &server).await;
    for count in 1..=3 {
        say(&app, &[somebody(&app)]).await;
        assert_eq!(relay.run().await.unwrap(), Next::Again);
        assert_eq!(unpublished(&app).await, count);
    }
    assert_eq!(relay.run().await.unwrap(), Next::Idle);
    assert_eq!(unpublished(&app).await, 0);
    let many: Vec<_> = (0..100).map(|_| somebody(&app)).collect();
    say(&app, &many).await;
    assert_eq!(relay.run().await.unwrap(), Next::Again);
    assert_eq!(unpublished(&app).await, 0, "so many are worth it");
}

#[tokio::test]
async fn a_relay_that_was_taken_for_dead_does_not_mark_what_it_published_before() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let app = start_in_process().await;
    let nothing = tempfile::tempdir().unwrap();
    let (slow, other) = (relay(&app, &server).await, relay(&app, &server).await);
    say(&app, &[somebody(&app)]).await;
    assert_eq!(slow.run().await.unwrap(), Next::Again);
    // Its lease is over. The other one publishes, finds the stream lost, and has not filled it again yet.
    app.advance(SignedDuration::from_secs(10));
    publish(&other).await;
    go_back(&mut server, nothing.path());
    app.advance(SignedDuration::from_secs(10));
    crate::scratch::within(async {
        while unpublished(&app).await == 0 {
            drop(other.run().await);
            tokio::task::yield_now().await;
        }
    })
    .await;
    app.advance(SignedDuration::from_secs(10));
    publish(&slow).await;
    let stream = beside(&server, &[]).await;
    assert_eq!(stored(&stream).await, said(&app).await);
}

#[tokio::test]
async fn what_is_published_again_is_not_marked_for_the_first_time() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let app = start_in_process().await;
    let nothing = tempfile::tempdir().unwrap();
    let relay = relay(&app, &server).await;
    say(&app, &[somebody(&app)]).await;
    publish(&relay).await;
    // Until shortly before it looks at the stream it holds its lease.
    for _ in 0..2 {
        app.advance(SignedDuration::from_millis(2_400));
        publish(&relay).await;
    }
    say(&app, &[somebody(&app)]).await;
    step(&relay).await;
    assert_eq!(unpublished(&app).await, 1);
    go_back(&mut server, nothing.path());
    app.advance(SignedDuration::from_millis(300));
    step(&relay).await;
    assert_eq!(unpublished(&app).await, 2);
    publish(&relay).await;
    let stream = beside(&server, &[]).await;
    assert_eq!(stored(&stream).await, said(&app).await);
}

async fn relay(app: &TestApp, server: &NatsServer) -> Relay {
    let bus = Nats::connect(&server.settings(), "speaker").await.unwrap();
    let (db, bus) = (app.db("speaker").clone(), Bus::Nats(bus));
    Relay::new("speaker", db, bus, app.clock.clone(), app.ids.next())
}

/// Runs one step of it; the server may still be on its way.
async fn step(relay: &Relay) {
    crate::scratch::within(async {
        while relay.run().await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Runs it until it has nothing more to do; the server may still be on its way.
async fn publish(relay: &Relay) {
    crate::scratch::within(async {
        loop {
            if let Ok(Next::Idle) = relay.run().await {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Stores what other services say.
async fn beside(server: &NatsServer, ids: &[&'static str]) -> jetstream::stream::Stream {
    let client = crate::scratch::within(async {
        loop {
            if let Ok(client) = async_nats::connect(server.url()).await {
                return client;
            }
            tokio::task::yield_now().await;
        }
    });
    let context = jetstream::new(client.await);
    for id in ids {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, *id);
        let sent = context.publish_with_headers("tessera.ticket.created", headers, "{}".into());
        sent.await.unwrap().await.unwrap();
    }
    context.get_stream(STREAM).await.unwrap()
}

async fn said(app: &TestApp) -> BTreeSet<String> {
    let events = app.published("speaker").await;
    events.iter().map(|event| event.id.to_string()).collect()
}

async fn stored(stream: &jetstream::stream::Stream) -> BTreeSet<String> {
    let state = stream.get_info().await.unwrap().state;
    let mut ids = BTreeSet::new();
    for number in state.first_sequence.max(1)..=state.last_sequence {
        let message = stream.get_raw_message(number).await.unwrap();
        ids.insert(message.headers.get(NATS_MESSAGE_ID).unwrap().to_string());
    }
    ids
}

async fn nothing_is_lacking(app: &TestApp, stream: &jetstream::stream::Stream) {
    let (said, stored) = (said(app).await, stored(stream).await);
    assert!(
        said.is_subset(&stored),
        "{said:?} are not all of {stored:?}"
    );
}

/// Keeps a copy of what the server has stored.
pub fn keep_copy(server: &mut NatsServer, older: &Path) {
    server.kill();
    copy_all(server.store(), older);
    server.resume();
}

/// Puts an older copy in the place of what the server has stored; an empty one loses all.
pub fn go_back(server: &mut NatsServer, older: &Path) {
    server.kill();
    std::fs::remove_dir_all(server.store()).unwrap();
    copy_all(older, server.store());
    server.resume();
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}
