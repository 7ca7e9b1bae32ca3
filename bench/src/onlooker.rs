//! Somebody who uses the market all the time while something else is measured: do others have to wait for it? They look at
//! listings, reserve a ticket that nobody else wants, and look at their order, one after the other and at fixed times.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::task::JoinHandle;

use crate::client::{Connection, Reply};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::market::{self, Order, Person};
use crate::pace;
use crate::report::Report;

const EVERY: Duration = Duration::from_millis(20);

/// What they do, again and again in this order.
const ROUND: [Deed; 4] = [Deed::Look, Deed::Reserve, Deed::Look, Deed::ReadOrder];

#[derive(Clone, Copy, PartialEq)]
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
}

/// Who they are, where they go, and the tickets that are kept for them.
pub(crate) struct Errand {
    pub(crate) tickets_at: SocketAddr,
    pub(crate) orders_at: SocketAddr,
    pub(crate) buyer: Person,
    pub(crate) kept: Vec<String>,
}

pub(crate) struct Onlooker {
    is_over: Arc<AtomicBool>,
    reserved: Arc<AtomicU64>,
    at_work: JoinHandle<Result<Seen, Failure>>,
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

impl Onlooker {
    /// Begins at once; what is measured begins at that instant.
    pub(crate) async fn come(errand: Errand, begins: Instant) -> Result<Self, Failure> {
        let visit = Visit {
            tickets: Connection::open(errand.tickets_at).await?,
            orders: Connection::open(errand.orders_at).await?,
            errand,
            reserved: Arc::default(),
            order: None,
        };
        let is_over = Arc::default();
        Ok(Self {
            reserved: Arc::clone(&visit.reserved),
            at_work: tokio::spawn(visit.go_on(begins, Arc::clone(&is_over))),
            is_over,
        })
    }

    /// Reservations that they have asked for so far.
    pub(crate) fn reserved(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.reserved)
    }

    pub(crate) async fn leave(self) -> Result<Seen, Failure> {
        self.is_over.store(true, Ordering::Relaxed);
        self.at_work.await.because("the onlooker was lost")?
    }
}

/// An onlooker at work.
struct Visit {
    tickets: Connection,
    orders: Connection,
    errand: Errand,
    reserved: Arc<AtomicU64>,
    /// Theirs, the newest.
    order: Option<String>,
}

impl Visit {
    async fn go_on(mut self, begins: Instant, is_over: Arc<AtomicBool>) -> Result<Seen, Failure> {
        let mut seen = Seen::new()?;
        let (mut turn, alarm) = (pace::now(), pace::Alarm::new()?);
        let mut deeds = ROUND.into_iter().cycle();
        // What fell into a standstill of the server counts, also when that ends with the measurement.
        while !is_over.load(Ordering::Relaxed) || turn < pace::now() {
            alarm.wait_until(turn).await?;
            let (deed, reply) = self.perform(deeds.next().unwrap_or(Deed::Look)).await?;
            let micros = pace::micros_since(turn);
            let kinds = Deed::ALL.into_iter().zip(&mut seen.meanwhile);
            for (_, latencies) in kinds.filter(|(kind, _)| turn >= begins && *kind == deed) {
                latencies.record(micros);
            }
            if turn < begins {
                seen.before.record(micros);
            }
            seen.refused += u64::from(!reply.status.is_success());
            turn += EVERY;
        }
        Ok(seen)
    }

    /// Looks at listings where there is nothing else to do.
    async fn perform(&mut self, deed: Deed) -> Result<(Deed, Reply), Failure> {
        let buyer = &self.errand.buyer;
        match (deed, &self.order) {
            (Deed::Reserve, _) => {
                if let Some(ticket) = self.errand.kept.pop() {
                    self.reserved.fetch_add(1, Ordering::Relaxed);
                    let reply = market::reserve(&mut self.orders, buyer, &ticket).await?;
                    if reply.status == StatusCode::CREATED {
                        self.order = Some(reply.json::<Order>()?.id);
                    }
                    return Ok((deed, reply));
                }
            }
            (Deed::ReadOrder, Some(order)) => {
                let path = format!("/api/orders/{order}");
                let reply = self.orders.get(&path, Some(&buyer.cookie)).await?;
                return Ok((deed, reply));
            }
            _ => {}
        }
        let reply = self.tickets.get("/api/tickets", None).await?;
        Ok((Deed::Look, reply))
    }
}
