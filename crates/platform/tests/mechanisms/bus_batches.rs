//! Several messages at once, on a server that can. Left out where there is none.

use std::process::Command;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream;
use tessera_platform::bus::nats::{Nats, STREAM};
use tessera_platform::bus::{Bus, Message};
use tessera_platform::clock::Clock;
use tessera_platform::ids::Ids;
use tessera_platform::testing::NatsServer;

use crate::scratch::noon;

fn messages(count: usize) -> Vec<Message> {
    let (clock, _hand) = Clock::manual(noon());
    let ids = Ids::seeded(7, clock);
    let message = |_| {
        Message::new(
            ids.next().into(),
            "user:registered".parse().unwrap(),
            "{}".into(),
        )
    };
    (0..count).map(message).collect()
}

async fn context(server: &NatsServer) -> jetstream::Context {
    let client = crate::scratch::within(async {
        loop {
            // It may still be on its way.
            if let Ok(client) = async_nats::connect(server.url()).await {
                return client;
            }
            tokio::task::yield_now().await;
        }
    });
    jetstream::new(client.await)
}

/// The ids of what the stream has, and whether each came in a batch.
async fn stored(server: &NatsServer) -> Vec<(String, bool)> {
    let stream = context(server).await.get_stream(STREAM).await.unwrap();
    let state = stream.get_info().await.unwrap().state;
    let mut all = Vec::new();
    for number in 1..=state.last_sequence {
        let headers = stream.get_raw_message(number).await.unwrap().headers;
        let id = headers.get(NATS_MESSAGE_ID).unwrap().to_string();
        all.push((id, headers.get("Nats-Batch-Id").is_some()));
    }
    all
}

fn ids(messages: &[Message], in_a_batch: bool) -> Vec<(String, bool)> {
    let ids = messages.iter().map(|message| message.id.to_string());
    ids.map(|id| (id, in_a_batch)).collect()
}

#[tokio::test]
async fn many_are_stored_at_once_and_what_is_there_already_is_not_stored_again() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let bus = Nats::connect(&server.settings(), "speaker").await.unwrap();
    let bus = Bus::Nats(bus);
    let all = messages(120);
    let confirmed = bus.publish(all[..100].to_vec()).await.unwrap().unwrap();
    assert_eq!(
        (confirmed.sequence, confirmed.event),
        (100, all[99].id.uuid())
    );
    let mut expected = ids(&all[..100], true);
    assert_eq!(stored(&server).await, expected);
    // Some of them again, as after the end of a relay: they go one by one.
    let confirmed = bus.publish(all[90..].to_vec()).await.unwrap().unwrap();
    assert_eq!(confirmed.event, all[119].id.uuid());
    expected.extend(ids(&all[100..], false));
    assert_eq!(stored(&server).await, expected);
}

#[tokio::test]
async fn a_stream_that_takes_no_batches_is_told_to() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let older = jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["tessera.>".to_owned()],
        ..Default::default()
    };
    context(&server).await.create_stream(older).await.unwrap();
    let bus = Nats::connect(&server.settings(), "speaker").await.unwrap();
    let all = messages(20);
    Bus::Nats(bus).publish(all.clone()).await.unwrap();
    assert_eq!(stored(&server).await, ids(&all, true));
}

#[tokio::test]
async fn who_waits_for_a_server_that_dies_is_told_so_at_once() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let bus = Nats::connect(&server.settings(), "speaker").await.unwrap();
    let bus = Bus::Nats(bus);
    let all = messages(20);
    bus.publish(all[..5].to_vec()).await.unwrap();
    // It takes what is sent, and answers nothing any more.
    let pid = server.pid().unwrap().to_string();
    let stopped = Command::new("kill").args(["-STOP", &pid]).status();
    assert!(stopped.unwrap().success());
    let dies = async {
        // The messages have left by then.
        pause(Duration::from_millis(200)).await;
        server.kill();
    };
    // Without being told it would wait for five seconds.
    let told = tokio::time::timeout(Duration::from_secs(2), bus.publish(all[5..].to_vec()));
    let (told, ()) = tokio::join!(told, dies);
    told.expect("it is told at once").unwrap_err();
}

#[expect(clippy::disallowed_methods, reason = "another program is waited for")]
async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}
