//! How many reservations a second, durably, and confirmed by tickets: many connections, distinct tickets, closed
//! loop. What counts is an order that awaits its payment when the window closes, by the server's own books.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::drive::{Pace, Tally, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, millis, per_second};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::market;
use crate::pace;
use crate::process;
use crate::report::Report;
use crate::server::{self, Program, Running, Subject};

const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long reservations are counted
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Connections at once, each with a buyer of its own
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Distinct tickets listed beforehand; 10,000 for every second if left out
    #[arg(long)]
    tickets: Option<usize>,
    /// Load before the counting begins
    #[arg(long, default_value_t = 2)]
    warm_up_seconds: u64,
    /// Fail below so many reservations a second that reached awaiting:payment inside the window
    #[arg(long, value_name = "PER_SECOND")]
    require_rate: Option<u64>,
    /// Fail if one answer in a hundred takes longer
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    /// Fail if any order takes longer from created to awaiting:payment
    #[arg(long, value_name = "MS")]
    require_lag_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    running: Running,
}

/// What was seen in the window.
struct Seen {
    tally: Tally,
    /// The window as it really was, to the moment of counting.
    micros: u64,
    awaiting: u64,
    seen_lags: Latencies,
    server_cpu: Option<u64>,
    own_cpu: u64,
    durability: String,
    began_wall_micros: i64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let subject = Subject::new(&arguments.program, &arguments.running, LONG_LOCK_SECONDS).await?;
    let load = prepare(arguments, &subject).await?;
    let ledger = Ledger::open(&subject.data_dir)?;
    let orders_before = ledger.orders()?;

    let connections = connect(subject.address, arguments.connections).await?;
    eprintln!("warming up");
    let (connections, _) = load
        .drive(
            connections,
            Pace::Closed,
            pace::now() + Duration::from_secs(arguments.warm_up_seconds),
        )
        .await?;
    ledger.settled(SETTLED_WITHIN).await?;
    eprintln!("measuring");
    let seen = measure(arguments, &subject, &load, &ledger, connections).await?;
    ledger.settled(SETTLED_WITHIN).await?;

    let report = report(arguments, &subject, &ledger, &seen)?;
    let booked = ledger.orders()? - orders_before;
    if booked != load.reserved() {
        let answered = load.reserved();
        return Err(Failure::new(format!(
            "{answered} reservations were answered with 201, but {booked} are in the books"
        )));
    }
    subject.finish(&arguments.program).await?;
    Ok(report)
}

async fn prepare(arguments: &Arguments, subject: &Subject) -> Result<Arc<Load>, Failure> {
    let seconds = usize::try_from(arguments.seconds + arguments.warm_up_seconds)
        .because("so many seconds")?;
    let tickets = arguments.tickets.unwrap_or(seconds * 10_000);
    eprintln!("signing up {} people", arguments.connections + SELLERS);
    let run = pace::wall_micros();
    let sellers = market::sign_up(subject.address, &format!("seller-{run}"), SELLERS).await?;
    let buyers = market::sign_up(
        subject.address,
        &format!("buyer-{run}"),
        arguments.connections,
    )
    .await?;
    eprintln!("listing {} tickets", market::number(tickets));
    let tickets = market::list_tickets(subject.address, &sellers, tickets).await?;
    Ok(Load::new(buyers, tickets))
}

async fn measure(
    arguments: &Arguments,
    subject: &Subject,
    load: &Arc<Load>,
    ledger: &Ledger,
    connections: Vec<Connection>,
) -> Result<Seen, Failure> {
    let watcher = Connection::open(subject.address).await?;
    let (server_cpu, own_cpu) = (subject.cpu_micros(), process::own_cpu_micros()?);
    let awaiting_before = ledger.awaiting_payment()?;
    let (began, began_wall_micros) = (pace::now(), pace::wall_micros());
    let until = began + Duration::from_secs(arguments.seconds);

    let (driven, lags, counted, ()) = tokio::join!(
        load.drive(connections, Pace::Closed, until),
        load.watch(watcher, until),
        count_at(subject.data_dir.clone(), began, until),
        load.narrate(until),
    );
    let (micros, awaiting) = counted?;
    let server_cpu = subject
        .cpu_micros()
        .zip(server_cpu)
        .map(|(after, before)| after - before);
    Ok(Seen {
        tally: driven?.1,
        micros,
        awaiting: awaiting - awaiting_before,
        seen_lags: lags?,
        server_cpu,
        own_cpu: process::own_cpu_micros()? - own_cpu,
        durability: server::durability(subject.address).await?,
        began_wall_micros,
    })
}

/// How long the window was when it was counted, and the count.
async fn count_at(
    data_dir: PathBuf,
    began: Instant,
    until: Instant,
) -> Result<(u64, u64), Failure> {
    pace::pause_until(until).await;
    // On a thread of its own: the last answers of the window are still under way.
    let counting = tokio::task::spawn_blocking(move || {
        let ledger = Ledger::open(&data_dir)?;
        let micros = pace::micros_since(began);
        ledger.awaiting_payment().map(|awaiting| (micros, awaiting))
    });
    counting.await.because("the count was lost")?
}

fn report(
    arguments: &Arguments,
    subject: &Subject,
    ledger: &Ledger,
    seen: &Seen,
) -> Result<Report, Failure> {
    let booked_lags = ledger.lags_since(seen.began_wall_micros)?;
    let rate = per_second(seen.awaiting, seen.micros);
    let reserved = seen.tally.in_time(StatusCode::CREATED);
    let others = seen.tally.others_than(&[StatusCode::CREATED]);
    let answered = per_second(reserved, arguments.seconds * 1_000_000);
    let cores = |cpu: u64| {
        format!(
            "{}.{:02}",
            cpu / seen.micros,
            cpu % seen.micros * 100 / seen.micros
        )
    };

    let (connections, seconds) = (arguments.connections, arguments.seconds);
    let mut report = Report::new(format!(
        "reserve: {connections} connections, distinct tickets, {seconds} s"
    ));
    report.of(arguments.program.path().ok().as_deref(), &subject.data_dir);
    report.row("durability", &seen.durability);
    report.row(
        "awaiting:payment in the window",
        format!("{}/s ({})", grouped(rate), grouped(seen.awaiting)),
    );
    report.row(
        "answered with 201",
        format!("{}/s ({})", grouped(answered), grouped(reserved)),
    );
    report.row("other answers", &others);
    report.row("answer's latency", seen.tally.latencies.summary());
    report.row("lag to awaiting:payment, booked", booked_lags.summary());
    report.row("lag to awaiting:payment, as seen", seen.seen_lags.summary());
    let server = seen.server_cpu.map_or("unknown".to_owned(), cores);
    report.row(
        "cores used",
        format!("server {server}, load generator {}", cores(seen.own_cpu)),
    );
    report.at_least("reservations a second", rate, arguments.require_rate);
    report.at_most("p99", seen.tally.latencies.p99(), arguments.require_p99_ms);
    report.at_most(
        "lag",
        booked_lags.max().max(seen.seen_lags.max()),
        arguments.require_lag_ms,
    );
    if others != "none" && arguments.require_rate.is_some() {
        report.broken(format!("not every answer was 201 ({others})"));
    }
    if booked_lags.count() == 0 {
        report.broken(format!(
            "no order awaits its payment; the window began {} ago",
            millis(seen.micros)
        ));
    }
    Ok(report)
}
