//! Locks that run out. First single ones, as they come: how long after its deadline is the ticket for sale again?
//! Then very many, all due at once: how long until all are, and is the market still answering meanwhile?

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use http::StatusCode;
use tokio::task::JoinSet;

use super::{LONG_LOCK_SECONDS, reserved};
use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, millis};
use crate::ledger::Ledger;
use crate::market::{self, Order, Person};
use crate::onlookers::{Onlookers, Seen};
use crate::pace;
use crate::process::Process;
use crate::report::Report;
use crate::server::{Home, Program};

const SINGLE_LOCKS: usize = 20;
const SINGLE_LOCK_SECONDS: u32 = 3;
/// Not a divisor of a second: the locks run out at different moments of the server's own rhythm.
const SINGLE_LOCK_GAP: Duration = Duration::from_millis(137);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What is counted is known to that, at best.
const COUNT_AT_MOST_EVERY: Duration = Duration::from_millis(250);
const COUNT_AT_LEAST_EVERY: Duration = Duration::from_secs(5);
const LOST_AFTER: Duration = Duration::from_secs(600);
/// From when the deadlines are moved to what they are moved to: the server is to be ready by then. Moving them takes its time,
/// and so they are the further ahead the more there are.
const DUE_IN: Duration = Duration::from_secs(5);
const LOCKS_MOVED_PER_SECOND: usize = 40_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Locks that run out at once
    #[arg(long, default_value_t = 100_000)]
    locks: usize,
    /// Fail if a single lock is released later than this after its deadline
    #[arg(long, value_name = "MS")]
    require_delay_ms: Option<u64>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    program: Program,
}

/// How far very many locks that run out at once may go.
#[derive(Args)]
pub(super) struct Bounds {
    /// Fail if all the locks due at once take longer
    #[arg(long, value_name = "SECONDS")]
    require_all_s: Option<u64>,
    /// Fail if meanwhile one request of others in a hundred takes longer, of any kind
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
}

/// What was seen while very many locks ran out.
pub(super) struct Wave {
    pub(super) micros: u64,
    pub(super) seen: Seen,
}

impl Wave {
    pub(super) fn tell(&self, report: &mut Report, bounds: &Bounds) {
        report.row("all locks, from deadline to for sale", millis(self.micros));
        self.seen.tell(report, bounds.require_p99_ms);
        let bound = bounds.require_all_s.map(|seconds| seconds * 1000);
        report.at_most("all locks", self.micros, bound);
    }
}

/// Of what is not ready before the deadline nothing can be said.
pub(super) fn must_be_ahead(deadline: Instant) -> Result<(), Failure> {
    if pace::now() < deadline {
        return Ok(());
    }
    Err(Failure::new(
        "the server was not ready before the deadline: nothing can be said of it",
    ))
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let program = &arguments.program;
    eprintln!("{SINGLE_LOCKS} locks, one by one");
    let delays = single_locks(program).await?;

    let home = program.home()?;
    let mut reserved = reserved(program, &home, arguments.locks).await?;
    let moved_in = arguments.locks.div_ceil(LOCKS_MOVED_PER_SECOND);
    let due_in = DUE_IN + Duration::from_secs(u64::try_from(moved_in).because("so many locks")?);
    let due = pace::wall_micros() / 1_000 + i64::try_from(due_in.as_millis()).unwrap_or(i64::MAX);
    let deadline = pace::now() + due_in;
    Ledger::open(&home.data_dir())?.move_deadlines(due)?;
    let server = program.start(&home, LONG_LOCK_SECONDS).await?;
    must_be_ahead(deadline)?;
    let onlookers = Onlookers::come(reserved.errand(server.address)?, deadline).await?;
    let wave = wave(onlookers, &home, arguments.locks, deadline).await?;
    for_sale_again(&server, &reserved.tickets).await?;

    let mut report = Report::new(format!(
        "expire: {} locks due at once",
        market::number(arguments.locks)
    ));
    program
        .describe(&mut report, server.address, &home.data_dir())
        .await?;
    report.row("single lock, from deadline to for sale", delays.summary());
    wave.tell(&mut report, &arguments.bounds);
    report.at_most("a single lock", delays.max(), arguments.require_delay_ms);
    program.check(&home)?;
    server.stop().await?;
    Ok(report)
}

/// From each lock's deadline until its ticket is for sale again.
async fn single_locks(program: &Program) -> Result<Latencies, Failure> {
    let home = program.home()?;
    let server = program.start(&home, SINGLE_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", 1).await?;
    let buyers = market::sign_up(server.address, "buyer", 1).await?;
    let tickets = market::list_tickets(server.address, &sellers, SINGLE_LOCKS).await?;
    let mut tasks = JoinSet::new();
    for ticket in tickets {
        let mut connection = Connection::open(server.address).await?;
        let buyer = buyers
            .first()
            .cloned()
            .ok_or_else(|| Failure::new("nobody signed up"))?;
        tasks.spawn(async move { single_lock(&mut connection, &buyer, &ticket).await });
        pace::pause(SINGLE_LOCK_GAP).await;
    }
    let mut delays = Latencies::new()?;
    while let Some(delay) = tasks.join_next().await {
        delays.record(delay.because("a lock's task was lost")??);
    }
    server.stop().await?;
    Ok(delays)
}

async fn single_lock(
    connection: &mut Connection,
    buyer: &Person,
    ticket: &str,
) -> Result<u64, Failure> {
    let reply = market::reserve(connection, buyer, ticket)
        .await?
        .expect(StatusCode::CREATED, "reserving")?;
    let deadline = reply.json::<Order>()?.expires_at.as_microsecond();
    let ahead = u64::try_from(deadline - pace::wall_micros()).unwrap_or(0);
    pace::pause(Duration::from_micros(ahead)).await;
    loop {
        let released = market::ticket(connection, ticket).await?.status == "available";
        let late = u64::try_from(pace::wall_micros() - deadline).unwrap_or(0);
        if released {
            return Ok(late);
        }
        if Duration::from_micros(late) > LOST_AFTER {
            return Err(Failure::new(format!(
                "the lock on ticket {ticket} was never released"
            )));
        }
        pace::pause(LOOK_EVERY).await;
    }
}

/// Until the last ticket is for sale again.
async fn wave(
    onlookers: Onlookers,
    home: &Home,
    locks: usize,
    deadline: Instant,
) -> Result<Wave, Failure> {
    let (data_dir, others) = (home.data_dir(), onlookers.reserved());
    pace::pause_until(deadline).await;
    // On a thread of its own: counting must not hold up the onlookers, whose latencies are measured.
    let counting =
        tokio::task::spawn_blocking(move || count_down(&data_dir, locks, &others, deadline));
    let counted = counting.await;
    let seen = onlookers.leave().await?;
    let micros = counted.because("the count was lost")??;
    Ok(Wave { micros, seen })
}

/// `others` are live orders, too.
fn count_down(
    data_dir: &Path,
    locks: usize,
    others: &AtomicU64,
    deadline: Instant,
) -> Result<u64, Failure> {
    let ledger = Ledger::open(data_dir)?;
    let locks = u64::try_from(locks).because("so many locks")?;
    loop {
        let live = ledger.live_orders()?;
        let live = live.saturating_sub(others.load(Ordering::Relaxed));
        // These are counted one by one, beside a server that is at work: not before it is worth it.
        let for_sale = if live == 0 {
            ledger.tickets_for_sale()?
        } else {
            0
        };
        let micros = pace::micros_since(deadline);
        eprintln!("  after {}: {} locks left", millis(micros), grouped(live));
        if for_sale == locks {
            return Ok(micros);
        }
        if Duration::from_micros(micros) > LOST_AFTER {
            return Err(Failure::new("the locks were never all released"));
        }
        pace::nap(until_next_count(micros, live, for_sale, locks));
    }
}

/// Half of what the rest takes at the pace so far: counting takes its time from those who are measured.
/// What is for sale is counted once no lock is left, and is what counts then.
pub(super) fn until_next_count(micros: u64, live: u64, for_sale: u64, locks: u64) -> Duration {
    let done = match live {
        0 => for_sale,
        live => locks.saturating_sub(live),
    };
    let left = locks.saturating_sub(done);
    let half = micros.saturating_mul(left).checked_div(done * 2);
    Duration::from_micros(half.unwrap_or(0)).clamp(COUNT_AT_MOST_EVERY, COUNT_AT_LEAST_EVERY)
}

/// The books say so; a sample of the tickets says so over HTTP, too.
async fn for_sale_again(server: &Process, tickets: &[String]) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address).await?;
    for id in tickets.iter().step_by(tickets.len().div_ceil(100).max(1)) {
        let status = market::ticket(&mut connection, id).await?.status;
        if status != "available" {
            return Err(Failure::new(format!(
                "ticket {id} is {status}, though its lock ran out"
            )));
        }
    }
    Ok(())
}
