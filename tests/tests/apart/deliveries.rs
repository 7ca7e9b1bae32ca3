//! Events come twice, and out of their order.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::Stream;
use rand::seq::SliceRandom;
use tessera_platform::bus::nats::STREAM;

use crate::size::times;
use crate::stage::{People, Stage, play};

/// Of so many events that come again one comes as if it were new: under an id that no inbox knows.
const AS_NEW: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_again_in_any_order_change_nothing() {
    play("deliveries-repeated", &[], People::Patient, async |stage| {
        let stream = forgetful(stage).await;
        let (rounds, count) = (times(3, 20), times(100, 250));
        for round in 0..rounds {
            stage.traffic.more(10).await;
            again(stage, &stream, count).await;
            if round % 4 == 0 {
                let replay = stage.apart.run(&["events", "replay"]).await;
                assert!(replay.status.success(), "{replay:?}");
                stage.tell("and all of them were published again");
            }
        }
        stage.traffic.more(20).await;
        let (again, wished) = (stage.tally.faults.get(), rounds * count);
        assert!(again > wished / 2, "of {wished} only {again} came again");
    })
    .await;
}

/// The stream, made to forget at once which ids it has stored: also those that it knows, by a restart.
pub async fn forgetful(stage: &mut Stage) -> (jetstream::Context, Stream) {
    let (context, stream) = connect(stage).await;
    let mut config = stream.cached_info().config.clone();
    config.duplicate_window = Duration::from_millis(100);
    context.update_stream(config).await.expect("it is changed");
    let nats = stage.apart.nats.take().expect("a broker");
    let down = nats.stop().await.expect("it stops");
    stage.apart.nats = Some(down.start().await.expect("it comes back"));
    connect(stage).await
}

async fn connect(stage: &Stage) -> (jetstream::Context, Stream) {
    let nats = stage.apart.nats.as_ref().expect("a broker");
    let client = async_nats::connect(nats.url()).await.expect("a connection");
    let context = jetstream::new(client);
    let stream = context.get_stream(STREAM).await.expect("the stream");
    (context, stream)
}

/// Stores `count` of the stream's messages again, in any order.
pub async fn again(stage: &Stage, (context, stream): &(jetstream::Context, Stream), count: usize) {
    let info = stream.get_info().await.expect("the stream");
    let mut numbers: Vec<u64> = (info.state.first_sequence..=info.state.last_sequence).collect();
    #[expect(clippy::disallowed_methods, reason = "any order will do")]
    numbers.shuffle(&mut rand::rng());
    for (turn, number) in numbers.into_iter().take(count).enumerate() {
        let message = stream.get_raw_message(number).await.expect("a message");
        let headers = headers(&message, turn);
        let stored = context.publish_with_headers(message.subject, headers, message.payload);
        let stored = stored
            .await
            .expect("it is sent")
            .await
            .expect("it is stored");
        // What came a moment ago the stream still knows.
        if !stored.duplicate {
            stage.tally.faults.one();
        }
    }
    stage.tell(&format!("{} events came again", stage.tally.faults.get()));
}

/// Those that an event has by itself: the place that it had in a batch is nothing to it.
fn headers(message: &StreamMessage, turn: usize) -> HeaderMap {
    let known = message.headers.get(NATS_MESSAGE_ID).expect("an id");
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, known.clone());
    if turn.is_multiple_of(AS_NEW) {
        #[expect(clippy::disallowed_methods, reason = "an id that nobody knows")]
        let id = uuid::Uuid::from_u128(rand::random());
        headers.insert(NATS_MESSAGE_ID, id.to_string());
    }
    headers
}
