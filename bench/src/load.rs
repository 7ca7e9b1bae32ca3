//! The load itself: connections that each reserve one ticket after the other, as fast as they are answered, and a
//! watcher that follows single orders to `awaiting:payment`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::market::{self, Order, Person};
use crate::pace;

const WATCH_EVERY: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(1);
const LOST_AFTER: Duration = Duration::from_secs(30);

/// Tickets nobody has asked for yet, and the people who will.
pub(crate) struct Load {
    buyers: Vec<Person>,
    tickets: Tickets,
    next: AtomicUsize,
    reserved: AtomicU64,
    /// The watcher wants the next reservation that succeeds.
    wanted: AtomicBool,
    offered: Mutex<Option<Watched>>,
}

enum Tickets {
    Distinct(Vec<String>),
    /// For a handler that gives any ticket to everybody.
    Same(String),
}

struct Watched {
    buyer: Person,
    order: String,
    answered: Instant,
}

/// When a connection sends.
struct Turns {
    next: Instant,
    /// Zero: as soon as it is answered.
    gap: Duration,
}

impl Turns {
    /// Waits for the next one, and says when it was to be.
    async fn come(&mut self) -> Instant {
        if self.gap.is_zero() {
            return pace::now();
        }
        let turn = self.next;
        self.next += self.gap;
        pace::pause_until(turn).await;
        turn
    }
}

/// What came of one round.
pub(crate) struct Tally {
    /// Answered with 201 before the round's end.
    pub(crate) reserved: u64,
    /// From sending a request to having its whole answer, whatever it was.
    pub(crate) latencies: Latencies,
    /// Other answers, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
}

impl Load {
    pub(crate) fn new(buyers: Vec<Person>, tickets: Vec<String>) -> Arc<Self> {
        Self::of(buyers, Tickets::Distinct(tickets))
    }

    /// Everybody asks for the same ticket, again and again.
    pub(crate) fn of_one(buyers: Vec<Person>, ticket: String) -> Arc<Self> {
        Self::of(buyers, Tickets::Same(ticket))
    }

    fn of(buyers: Vec<Person>, tickets: Tickets) -> Arc<Self> {
        Arc::new(Self {
            buyers,
            tickets,
            next: AtomicUsize::new(0),
            reserved: AtomicU64::new(0),
            wanted: AtomicBool::new(false),
            offered: Mutex::new(None),
        })
    }

    /// All reservations ever answered with 201, in every round.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Relaxed)
    }

    /// Opens connections ahead of a round, so that no handshake is in it.
    pub(crate) async fn connect(
        address: SocketAddr,
        count: usize,
    ) -> Result<Vec<Connection>, Failure> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::open(address).await?);
        }
        Ok(connections)
    }

    /// One round: every connection reserves until the time is up, and is handed back.
    pub(crate) async fn drive(
        self: &Arc<Self>,
        connections: Vec<Connection>,
        until: Instant,
    ) -> Result<(Vec<Connection>, Tally), Failure> {
        self.drive_all(Duration::ZERO, connections, until).await
    }

    /// One round at so many reservations a second in all, evenly. What comes late counts from when it was to come.
    pub(crate) async fn drive_at(
        self: &Arc<Self>,
        rate: u64,
        connections: Vec<Connection>,
        until: Instant,
    ) -> Result<(Vec<Connection>, Tally), Failure> {
        let gap = Duration::from_micros(1_000_000 / rate.max(1));
        self.drive_all(gap, connections, until).await
    }

    /// `gap` lies between two reservations, whoever makes them.
    async fn drive_all(
        self: &Arc<Self>,
        gap: Duration,
        connections: Vec<Connection>,
        until: Instant,
    ) -> Result<(Vec<Connection>, Tally), Failure> {
        let mut tasks = JoinSet::new();
        let all = u32::try_from(connections.len()).because("so many connections")?;
        let mut first = pace::now();
        for (mut connection, buyer) in connections
            .into_iter()
            .zip(self.buyers.iter().cycle().cloned())
        {
            let load = Arc::clone(self);
            first += gap;
            let turns = Turns {
                next: first,
                gap: gap * all,
            };
            tasks.spawn(async move {
                let tally = load
                    .drive_one(&mut connection, &buyer, turns, until)
                    .await?;
                Ok((connection, tally))
            });
        }
        let (mut connections, mut total) = (Vec::new(), Tally::new()?);
        while let Some(joined) = tasks.join_next().await {
            let (connection, tally) = joined.because("a connection's task was lost")??;
            connections.push(connection);
            total.add(tally)?;
        }
        Ok((connections, total))
    }

    async fn drive_one(
        &self,
        connection: &mut Connection,
        buyer: &Person,
        mut turns: Turns,
        until: Instant,
    ) -> Result<Tally, Failure> {
        let mut tally = Tally::new()?;
        loop {
            let sent = turns.come().await;
            if sent >= until {
                return Ok(tally);
            }
            let ticket = self.next_ticket();
            let ticket = ticket.ok_or_else(|| {
                Failure::new("out of tickets before the time was up: raise --tickets")
            })?;
            let reply = market::reserve(connection, buyer, ticket).await?;
            let answered = pace::now();
            tally.latencies.record(pace::micros_since(sent));
            if reply.status != StatusCode::CREATED {
                *tally.refused.entry(reply.status.as_u16()).or_default() += 1;
                continue;
            }
            self.reserved.fetch_add(1, Ordering::Relaxed);
            tally.reserved += u64::from(answered <= until);
            if self.wanted.swap(false, Ordering::Relaxed) {
                let order = reply.json::<Order>()?.id;
                *self.offered.lock() = Some(Watched {
                    buyer: buyer.clone(),
                    order,
                    answered,
                });
            }
        }
    }

    fn next_ticket(&self) -> Option<&String> {
        match &self.tickets {
            Tickets::Distinct(tickets) => tickets.get(self.next.fetch_add(1, Ordering::Relaxed)),
            Tickets::Same(ticket) => Some(ticket),
        }
    }

    /// Reserves every ticket that is left; none may be refused.
    pub(crate) async fn reserve_all(
        self: &Arc<Self>,
        connections: Vec<Connection>,
    ) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        for (mut connection, buyer) in connections
            .into_iter()
            .zip(self.buyers.iter().cycle().cloned())
        {
            let load = Arc::clone(self);
            tasks.spawn(async move {
                while let Some(ticket) = load.next_ticket() {
                    let reply = market::reserve(&mut connection, &buyer, ticket).await?;
                    reply.expect(StatusCode::CREATED, "reserving")?;
                }
                Ok(())
            });
        }
        while let Some(joined) = tasks.join_next().await {
            joined.because("a connection's task was lost")??;
        }
        Ok(())
    }

    /// Ten times a second, follows the newest order until it awaits its payment: the lag as its buyer sees it,
    /// counted from the answer to the reservation.
    pub(crate) async fn watch(
        &self,
        mut connection: Connection,
        until: Instant,
    ) -> Result<Latencies, Failure> {
        let mut lags = Latencies::new()?;
        let mut next = pace::now();
        while next < until {
            self.wanted.store(true, Ordering::Relaxed);
            let Some(watched) = self.offer(until).await else {
                break;
            };
            follow(&mut connection, &watched).await?;
            lags.record(pace::micros_since(watched.answered));
            next = (next + WATCH_EVERY).max(pace::now());
            pace::pause_until(next).await;
        }
        Ok(lags)
    }

    async fn offer(&self, until: Instant) -> Option<Watched> {
        loop {
            let offered = self.offered.lock().take();
            if offered.is_some() || pace::now() >= until {
                return offered;
            }
            pace::pause(LOOK_EVERY).await;
        }
    }

    /// Says every second how far it is.
    pub(crate) async fn narrate(&self, until: Instant) {
        let mut before = self.reserved();
        while pace::now() < until {
            pace::pause(Duration::from_secs(1)).await;
            let reserved = self.reserved();
            eprintln!("  {} reserved in this second", grouped(reserved - before));
            before = reserved;
        }
    }
}

async fn follow(connection: &mut Connection, watched: &Watched) -> Result<(), Failure> {
    loop {
        let order = market::order(connection, &watched.buyer, &watched.order).await?;
        match order.status.as_str() {
            "awaiting:payment" => return Ok(()),
            "created" if watched.answered.elapsed() < LOST_AFTER => pace::pause(LOOK_EVERY).await,
            other => {
                return Err(Failure::new(format!(
                    "order {} is {other}, not awaiting:payment",
                    order.id
                )));
            }
        }
    }
}

impl Tally {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            reserved: 0,
            latencies: Latencies::new()?,
            refused: BTreeMap::new(),
        })
    }

    fn add(&mut self, other: Self) -> Result<(), Failure> {
        self.reserved += other.reserved;
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
        self.latencies.add(&other.latencies)
    }

    /// "none", or "503: 12, 409: 1".
    pub(crate) fn refusals(&self) -> String {
        if self.refused.is_empty() {
            return "none".to_owned();
        }
        let each = self
            .refused
            .iter()
            .map(|(status, count)| format!("{status}: {}", grouped(*count)));
        each.collect::<Vec<_>>().join(", ")
    }
}
