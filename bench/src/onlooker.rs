//! Somebody who looks at listings all the time while something else is measured: do others have to wait for it?

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinHandle;

use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::pace;
use crate::report::Report;

const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Onlooker {
    is_over: Arc<AtomicBool>,
    looking: JoinHandle<Result<Looks, Failure>>,
}

/// What they saw.
pub(crate) struct Looks {
    /// From when they meant to look.
    pub(crate) latencies: Latencies,
    /// Looks that were not answered with 200.
    pub(crate) unanswered: u64,
}

impl Looks {
    /// Adds them to a report. All have to be answered, and one in a hundred at most later than the bound, if there is one.
    pub(crate) fn tell(&self, report: &mut Report, bound_ms: Option<u64>) {
        report.row("GET /api/tickets meanwhile", self.latencies.summary());
        report.at_most("p99 of others meanwhile", self.latencies.p99(), bound_ms);
        self.must_be_answered(report);
    }

    /// The same of those who looked before something began, when all was reserved and nobody had looked yet. It takes as long
    /// as it takes.
    pub(crate) fn tell_before(&self, report: &mut Report) {
        let before = self.latencies.summary();
        report.row("GET /api/tickets before, all reserved", before);
        self.must_be_answered(report);
    }

    fn must_be_answered(&self, report: &mut Report) {
        if self.unanswered > 0 {
            let unanswered = grouped(self.unanswered);
            report.broken(format!("{unanswered} looks were not answered with 200"));
        }
    }
}

impl Onlooker {
    pub(crate) async fn come(address: SocketAddr) -> Result<Self, Failure> {
        let connection = Connection::open(address).await?;
        let is_over = Arc::new(AtomicBool::new(false));
        let looking = tokio::spawn(look(connection, Arc::clone(&is_over)));
        Ok(Self { is_over, looking })
    }

    pub(crate) async fn leave(self) -> Result<Looks, Failure> {
        self.is_over.store(true, Ordering::Relaxed);
        self.looking.await.because("the onlooker was lost")?
    }
}

async fn look(mut connection: Connection, is_over: Arc<AtomicBool>) -> Result<Looks, Failure> {
    let (mut latencies, mut unanswered) = (Latencies::new()?, 0);
    let mut turn = pace::now();
    // Looks that fell into a standstill of the server count, also when it ends with the measurement.
    while !is_over.load(Ordering::Relaxed) || turn < pace::now() {
        pace::pause_until(turn).await;
        let reply = connection.get("/api/tickets", None).await?;
        latencies.record(pace::micros_since(turn));
        unanswered += u64::from(reply.status != StatusCode::OK);
        turn += LOOK_EVERY;
    }
    Ok(Looks {
        latencies,
        unanswered,
    })
}
