//! One path, read by many connections: against a bare handler whose answers have as many bytes, round by round in turn.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use http::{HeaderValue, StatusCode};

use crate::client::Connection;
use crate::drive::{Pace, Window, connect, drive};
use crate::failure::Failure;
use crate::latencies::{Latencies, per_second};
use crate::limits::http as bare;
use crate::process::Process;
use crate::rounds::Rounds;
use crate::server::Home;

/// Where the bare handler answers.
const BARE: &str = "/page";

/// In a path: a number that is another one each time.
pub(crate) const NUMBER: &str = "{}";
/// As many of them: three digits.
const NUMBERS: u64 = 900;

#[derive(Args, Clone, Copy)]
pub(crate) struct Effort {
    /// How long each round takes
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Connections at once
    #[arg(long, default_value_t = 16)]
    pub(crate) connections: usize,
}

/// What came of all rounds.
pub(crate) struct Reading {
    pub(crate) bytes: usize,
    pub(crate) rounds: Rounds,
    pub(crate) latencies: Latencies,
}

impl Reading {
    fn new(bytes: usize) -> Result<Self, Failure> {
        Ok(Self {
            bytes,
            rounds: Rounds::beside("bare"),
            latencies: Latencies::new()?,
        })
    }
}

/// What several servers do with the same path, each in its turn in every round. The bare handler answers with as many bytes as
/// the first of them.
pub(crate) async fn in_turn(
    path: &str,
    cookie: Option<&HeaderValue>,
    effort: Effort,
    servers: &[&Process],
    home: &Home,
) -> Result<Vec<Reading>, Failure> {
    let mut readings = Vec::with_capacity(servers.len());
    for server in servers {
        readings.push(Reading::new(size(server.address, path, cookie).await?)?);
    }
    let bytes = readings.first().map_or(0, |reading| reading.bytes);
    let bare = bare::start(bytes, home).await?;
    for _ in 0..effort.rounds {
        let (limit, _) = round(bare.address, BARE, None, effort).await?;
        for (server, reading) in servers.iter().zip(&mut readings) {
            let (ours, took) = round(server.address, path, cookie, effort).await?;
            reading.latencies.add(&took)?;
            reading.rounds.add(limit, ours);
        }
    }
    Ok(readings)
}

async fn size(
    address: SocketAddr,
    path: &str,
    cookie: Option<&HeaderValue>,
) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let path = &numbered(path, 0);
    let reply = connection.get(path, cookie).await?;
    Ok(reply.expect(StatusCode::OK, path)?.body.len())
}

fn numbered(path: &str, number: u64) -> Cow<'_, str> {
    if path.contains(NUMBER) {
        let number = 100 + number % NUMBERS;
        path.replace(NUMBER, &number.to_string()).into()
    } else {
        path.into()
    }
}

/// Answers how many were answered a second, and how long they took.
async fn round(
    address: SocketAddr,
    path: &str,
    cookie: Option<&HeaderValue>,
    effort: Effort,
) -> Result<(u64, Latencies), Failure> {
    let connections = connect(address, effort.connections).await?;
    let window = Window::of_seconds(effort.seconds);
    let number = AtomicU64::new(0);
    let read = drive(connections, Pace::Closed, window, async |connection, _| {
        let path = numbered(path, number.fetch_add(1, Ordering::Relaxed));
        Ok(Some(connection.get(&path, cookie).await?.status))
    });
    let (_, tally) = read.await?;
    tally.all_are(StatusCode::OK)?;
    let answers = tally.in_time(StatusCode::OK);
    Ok((
        per_second(answers, effort.seconds * 1_000_000),
        tally.latencies,
    ))
}
