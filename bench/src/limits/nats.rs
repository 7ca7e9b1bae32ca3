//! The limit of events between processes: a bare publisher, who waits for the confirmation of each message and has many
//! under way.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::failure::{Because, Failure};
use crate::latencies::per_second;
use crate::pace;

/// As many as a relay takes from its outbox at once.
const UNDER_WAY: usize = 512;
/// As long as an event of a reservation.
const BYTES: usize = 900;
const STREAM: &str = "limit";
const SUBJECT: &str = "limit.event";

/// Messages a second that a stream of their own, in a file, has confirmed.
pub(crate) async fn round(url: &str, seconds: u64) -> Result<u64, Failure> {
    let client = async_nats::connect(url).await.because(url)?;
    let context = jetstream::new(client);
    let config = stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        ..stream::Config::default()
    };
    context.create_stream(config).await.because(STREAM)?;
    let rate = publish(&context, Duration::from_secs(seconds)).await;
    context.delete_stream(STREAM).await.because(STREAM)?;
    rate
}

async fn publish(context: &jetstream::Context, length: Duration) -> Result<u64, Failure> {
    let payload = Bytes::from(vec![b'p'; BYTES]);
    let (began, mut confirmed) = (pace::now(), 0);
    let mut under_way = FuturesUnordered::new();
    while began.elapsed() < length {
        while under_way.len() < UNDER_WAY {
            let sent = context.publish(SUBJECT, payload.clone()).await;
            under_way.push(sent.because(SUBJECT)?.into_future());
        }
        if let Some(answer) = under_way.next().await {
            answer.because(SUBJECT)?;
            confirmed += 1;
        }
    }
    let micros = pace::micros_since(began);
    while let Some(answer) = under_way.next().await {
        answer.because(SUBJECT)?;
    }
    Ok(per_second(confirmed, micros))
}
