//! Connections that each send one request after the other: as fast as they are answered (a closed loop), or at times
//! that were fixed beforehand (an open one). In an open loop what comes late counts from when it was to come, so that
//! a server that stands still for a moment cannot hide it from those who would have asked meanwhile.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;

use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::pace;

/// How fast requests are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As they are answered.
    Closed,
    /// So many a second, evenly, over all connections.
    Open(u64),
}

/// When a round begins, and when nothing is sent any more. Rounds of which each begins where the one before it ended leave out
/// no moment between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

/// What came of one round.
pub(crate) struct Tally {
    /// Answers that were there before the round's end, by status.
    in_time: BTreeMap<u16, u64>,
    /// All of them.
    all: BTreeMap<u16, u64>,
    /// From when a request was to be sent to its whole answer, whatever it was.
    pub(crate) latencies: Latencies,
}

/// When a connection sends.
struct Turns {
    next: Instant,
    /// `None`: as soon as it is answered.
    regular: Option<Regular>,
}

/// At times that are fixed.
struct Regular {
    gap: Duration,
    alarm: pace::Alarm,
}

impl Window {
    /// From now on, for so long.
    pub(crate) fn of(length: Duration) -> Self {
        Self::from(pace::now(), length)
    }

    pub(crate) fn of_seconds(seconds: u64) -> Self {
        Self::of(Duration::from_secs(seconds))
    }

    pub(crate) fn from(from: Instant, length: Duration) -> Self {
        let until = from + length;
        Self { from, until }
    }
}

/// Opens connections ahead of a round, so that no handshake is in it.
pub(crate) async fn connect(address: SocketAddr, count: usize) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(address).await?);
    }
    Ok(connections)
}

/// One round: every connection does its `work` until the time is up, or there is none left, and is handed back. `work` is
/// told the number of its connection, and answers with what came of one request; `None` when there is nothing to send.
pub(crate) async fn drive(
    connections: Vec<Connection>,
    pace: Pace,
    window: Window,
    work: impl AsyncFn(&mut Connection, usize) -> Result<Option<StatusCode>, Failure>,
) -> Result<(Vec<Connection>, Tally), Failure> {
    let count = u32::try_from(connections.len()).because("so many connections")?;
    let between = match pace {
        Pace::Closed => None,
        Pace::Open(rate) => Some(Duration::from_nanos((1_000_000_000 / rate.max(1)).max(1))),
    };
    let mut first = window.from;
    let mut lines = FuturesUnordered::new();
    for (number, connection) in connections.into_iter().enumerate() {
        first += between.unwrap_or_default();
        let turns = Turns {
            next: first,
            regular: between.map(|gap| Regular::new(gap * count)).transpose()?,
        };
        lines.push(line(connection, number, turns, window.until, &work));
    }
    let (mut connections, mut total) = (Vec::new(), Tally::new()?);
    while let Some(ended) = lines.next().await {
        let (connection, tally) = ended?;
        connections.push(connection);
        total.add(&tally)?;
    }
    Ok((connections, total))
}

/// What one connection does.
async fn line(
    mut connection: Connection,
    number: usize,
    mut turns: Turns,
    until: Instant,
    work: &impl AsyncFn(&mut Connection, usize) -> Result<Option<StatusCode>, Failure>,
) -> Result<(Connection, Tally), Failure> {
    let mut tally = Tally::new()?;
    loop {
        let Some(sent) = turns.come(until).await? else {
            return Ok((connection, tally));
        };
        let Some(status) = work(&mut connection, number).await? else {
            return Ok((connection, tally));
        };
        tally.note(status, sent, pace::now() <= until);
    }
}

impl Regular {
    fn new(gap: Duration) -> Result<Self, Failure> {
        let alarm = pace::Alarm::new()?;
        Ok(Self { gap, alarm })
    }
}

impl Turns {
    /// Waits for the next one, and says when it was to be; unless that is after the end, which nobody waits for.
    async fn come(&mut self, until: Instant) -> Result<Option<Instant>, Failure> {
        let Some(regular) = &self.regular else {
            return Ok(Some(pace::now()).filter(|now| *now < until));
        };
        let turn = self.next;
        if turn >= until {
            return Ok(None);
        }
        self.next += regular.gap;
        regular.alarm.wait_until(turn).await?;
        Ok(Some(turn))
    }
}

impl Tally {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            in_time: BTreeMap::new(),
            all: BTreeMap::new(),
            latencies: Latencies::new()?,
        })
    }

    fn note(&mut self, status: StatusCode, sent: Instant, is_in_time: bool) {
        self.latencies.record(pace::micros_since(sent));
        *self.all.entry(status.as_u16()).or_default() += 1;
        if is_in_time {
            *self.in_time.entry(status.as_u16()).or_default() += 1;
        }
    }

    /// Of several rounds one.
    pub(crate) fn add(&mut self, other: &Self) -> Result<(), Failure> {
        for (total, more) in [
            (&mut self.in_time, &other.in_time),
            (&mut self.all, &other.all),
        ] {
            for (status, count) in more {
                *total.entry(*status).or_default() += count;
            }
        }
        self.latencies.add(&other.latencies)
    }

    /// How many were answered with this before the round's end.
    pub(crate) fn in_time(&self, status: StatusCode) -> u64 {
        self.in_time.get(&status.as_u16()).copied().unwrap_or(0)
    }

    /// How many were answered with this, also after it.
    pub(crate) fn count(&self, status: StatusCode) -> u64 {
        self.all.get(&status.as_u16()).copied().unwrap_or(0)
    }

    /// Whatever was answered but these: "none", or "503: 12, 409: 1".
    pub(crate) fn others_than(&self, expected: &[StatusCode]) -> String {
        let is_other = |status: u16| expected.iter().all(|one| one.as_u16() != status);
        let others = self.all.iter().filter(|(status, _)| is_other(**status));
        let each: Vec<String> = others
            .map(|(status, count)| format!("{status}: {}", grouped(*count)))
            .collect();
        if each.is_empty() {
            "none".to_owned()
        } else {
            each.join(", ")
        }
    }

    /// A failure where anything else was answered.
    pub(crate) fn all_are(&self, expected: StatusCode) -> Result<(), Failure> {
        let others = self.others_than(&[expected]);
        if others == "none" {
            return Ok(());
        }
        Err(Failure::new(format!(
            "not every answer was {expected} ({others})"
        )))
    }
}
