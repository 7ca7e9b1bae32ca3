//! People who use the market all the time while something else is measured: do they have to wait for it? Some look at
//! listings, some reserve tickets that nobody else wants, some look at their orders; each at fixed times, on a connection of
//! their own, so that nobody waits for what another one does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::client::{Connection, Reply};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::market::{self, Order, Person};
use crate::pace;
use crate::report::Report;

/// They take turns: a request is late because of the one before it only where that took eight times as long as the next is away.
const OF_EACH_KIND: u32 = 8;

#[derive(Clone, Copy)]
enum Deed {
    Look,
    Reserve,
    ReadOrder,
}

impl Deed {
    const ALL: [Self; 3] = [Self::Look, Self::Reserve, Self::ReadOrder];

    fn name(self) -> &'static str {
        match self {
            Self::Look => "GET /api/tickets",
            Self::Reserve => "POST /api/orders",
            Self::ReadOrder => "GET /api/orders/{id}",
        }
    }

    /// Between two of its kind.
    fn every(self) -> Duration {
        match self {
            Self::Look => Duration::from_millis(40),
            Self::Reserve | Self::ReadOrder => Duration::from_millis(80),
        }
    }
}

/// Who they are, where they go, and the tickets that are kept for them.
pub(crate) struct Errand {
    pub(crate) tickets_at: SocketAddr,
    pub(crate) orders_at: SocketAddr,
    pub(crate) buyer: Person,
    pub(crate) kept: Vec<String>,
}

/// What they have in common.
struct Shared {
    buyer: Person,
    kept: Mutex<Vec<String>>,
    reserved: Arc<AtomicU64>,
    /// Theirs, the newest.
    order: Mutex<Option<String>>,
    is_over: AtomicBool,
}

pub(crate) struct Onlookers {
    shared: Arc<Shared>,
    at_work: Vec<JoinHandle<Result<Seen, Failure>>>,
}

/// What they saw.
pub(crate) struct Seen {
    /// Before that which is measured began, if they came before it.
    before: Latencies,
    /// Of each kind, from when they meant to do it.
    meanwhile: [Latencies; Deed::ALL.len()],
    /// What was not answered as it should be.
    refused: u64,
}

impl Seen {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            before: Latencies::new()?,
            meanwhile: [Latencies::new()?, Latencies::new()?, Latencies::new()?],
            refused: 0,
        })
    }

    fn reply(&mut self, deed: Deed, reply: &Reply, turn: Instant, begins: Instant) {
        let [looks, reservations, orders] = &mut self.meanwhile;
        let latencies = match deed {
            _ if turn < begins => &mut self.before,
            Deed::Look => looks,
            Deed::Reserve => reservations,
            Deed::ReadOrder => orders,
        };
        latencies.record(pace::micros_since(turn));
        self.refused += u64::from(!reply.status.is_success());
    }

    fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.before.add(&other.before)?;
        for (mine, theirs) in self.meanwhile.iter_mut().zip(&other.meanwhile) {
            mine.add(theirs)?;
        }
        self.refused += other.refused;
        Ok(())
    }

    /// Adds them to a report. All have to be answered, and of each kind one in a hundred at most later than the bound, if there
    /// is one.
    pub(crate) fn tell(&self, report: &mut Report, bound_ms: Option<u64>) {
        if self.before.count() > 0 {
            report.row("all requests before it", self.before.summary());
        }
        for (deed, latencies) in Deed::ALL.into_iter().zip(&self.meanwhile) {
            report.row(format!("{} meanwhile", deed.name()), latencies.summary());
            let label = format!("p99 of {} meanwhile", deed.name());
            report.at_most(&label, latencies.p99(), bound_ms);
        }
        if self.refused > 0 {
            let refused = grouped(self.refused);
            report.broken(format!("{refused} requests of others were refused"));
        }
    }
}

impl Onlookers {
    /// Begin at once; what is measured begins at that instant.
    pub(crate) async fn come(errand: Errand, begins: Instant) -> Result<Self, Failure> {
        let shared = Arc::new(Shared {
            buyer: errand.buyer,
            kept: Mutex::new(errand.kept),
            reserved: Arc::default(),
            order: Mutex::default(),
            is_over: AtomicBool::default(),
        });
        let mut connected = Vec::new();
        for deed in Deed::ALL {
            let at = match deed {
                Deed::Look => errand.tickets_at,
                Deed::Reserve | Deed::ReadOrder => errand.orders_at,
            };
            for place in 0..OF_EACH_KIND {
                connected.push((deed, place, Connection::open(at).await?));
            }
        }
        // To connect is no part of any latency.
        let now = pace::now();
        let visits = connected
            .into_iter()
            .map(|(deed, place, connection)| Visit {
                deed,
                connection,
                turn: now + deed.every() * place,
                shared: Arc::clone(&shared),
            });
        let at_work = visits.map(|visit| tokio::spawn(visit.go_on(begins)));
        let at_work = at_work.collect();
        Ok(Self { shared, at_work })
    }

    /// Reservations that they have asked for so far.
    pub(crate) fn reserved(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.reserved)
    }

    pub(crate) async fn leave(self) -> Result<Seen, Failure> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let mut all = Seen::new()?;
        for visit in self.at_work {
            all.add(&visit.await.because("an onlooker was lost")??)?;
        }
        Ok(all)
    }
}

/// One of them at work.
struct Visit {
    deed: Deed,
    connection: Connection,
    turn: Instant,
    shared: Arc<Shared>,
}

impl Visit {
    async fn go_on(mut self, begins: Instant) -> Result<Seen, Failure> {
        let (mut seen, alarm) = (Seen::new()?, pace::Alarm::new()?);
        // What fell into a standstill of the server counts, also when that ends with the measurement.
        while !self.shared.is_over.load(Ordering::Relaxed) || self.turn < pace::now() {
            alarm.wait_until(self.turn).await?;
            if let Some(reply) = self.perform().await? {
                seen.reply(self.deed, &reply, self.turn, begins);
            }
            self.turn += self.deed.every() * OF_EACH_KIND;
        }
        Ok(seen)
    }

    /// Nothing is done where there is no ticket any more, or no order yet.
    async fn perform(&mut self) -> Result<Option<Reply>, Failure> {
        match self.deed {
            Deed::Look => self.connection.get("/api/tickets", None).await.map(Some),
            Deed::Reserve => self.reserve().await,
            Deed::ReadOrder => self.read_order().await,
        }
    }

    async fn reserve(&mut self) -> Result<Option<Reply>, Failure> {
        let Some(ticket) = self.shared.kept.lock().pop() else {
            return Ok(None);
        };
        self.shared.reserved.fetch_add(1, Ordering::Relaxed);
        let reply = market::reserve(&mut self.connection, &self.shared.buyer, &ticket).await?;
        if reply.status == StatusCode::CREATED {
            *self.shared.order.lock() = Some(reply.json::<Order>()?.id);
        }
        Ok(Some(reply))
    }

    async fn read_order(&mut self) -> Result<Option<Reply>, Failure> {
        let Some(order) = self.shared.order.lock().clone() else {
            return Ok(None);
        };
        let path = format!("/api/orders/{order}");
        let cookie = &self.shared.buyer.cookie;
        self.connection.get(&path, Some(cookie)).await.map(Some)
    }
}
