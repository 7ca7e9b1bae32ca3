//! How much waits on the bus for a service, as a number for its operators.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use metrics::Gauge;

use super::Bus;
use crate::BoxFuture;
use crate::clock::Clock;
use crate::instruments;
use crate::worker::{Next, Worker, WorkerError};

const ASK_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// The worker that asks. It needs no database: where that is away, the events wait.
pub struct Pending {
    owner: &'static str,
    bus: Bus,
    clock: Clock,
    /// One of the service's processes is enough: the one that publishes.
    leads: Arc<AtomicBool>,
    gauge: Gauge,
}

impl Pending {
    /// Asks about the consumer of `owner` as long as this process `leads`.
    pub fn new(owner: &'static str, bus: Bus, clock: Clock, leads: Arc<AtomicBool>) -> Pending {
        Pending {
            owner,
            bus,
            clock,
            leads,
            gauge: instruments::consumer_pending(owner),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and so many events are not counted one by one"
    )]
    async fn step(&self) -> Next {
        if !self.leads.load(Ordering::Relaxed) {
            self.gauge.set(0.0);
        } else if let Ok(Some(pending)) = self.bus.pending(self.owner).await {
            self.gauge.set(pending as f64);
        }
        let next = self.clock.now().saturating_add(ASK_EVERY);
        Next::At(next.unwrap_or(Timestamp::MAX))
    }
}

impl Worker for Pending {
    fn name(&self) -> &'static str {
        "consumer-pending"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async { Ok(self.step().await) })
    }
}
