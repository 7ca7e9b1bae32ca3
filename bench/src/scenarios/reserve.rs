//! How many reservations a second, durably, and confirmed by tickets: many connections, distinct tickets, closed
//! loop, in turn with a bare HTTP handler and the bare transaction on SQLite. What counts is an order that awaits its
//! payment when the window closes, by the server's own books.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::drive::{Pace, Tally, Window, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, megabytes, per_second};
use crate::ledger::Ledger;
use crate::limits::{http as bare, sqlite::Sqlite};
use crate::load::Load;
use crate::market::{self, Person};
use crate::pace;
use crate::process::{self, Process};
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::{Home, Program, Running, Subject};

const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long reservations are counted in each round
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds, each in turn with one of each limit
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// How long a round of each limit takes
    #[arg(long, default_value_t = 3)]
    limit_seconds: u64,
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

/// What the machine could do at most, and the folder where that is tried.
struct Limits {
    sqlite: Sqlite,
    handler: Process,
    of_handler: Arc<Load>,
    _home: Home,
}

/// What was seen in all windows.
struct Seen {
    of_handler: Rounds,
    of_sqlite: Rounds,
    tally: Tally,
    lags: Latencies,
    awaiting: u64,
    /// The windows as they really were, to the moments of counting.
    micros: u64,
    server_cpu: Option<u64>,
    own_cpu: u64,
}

/// What was seen in one.
struct Round {
    tally: Tally,
    lags: Latencies,
    awaiting: u64,
    micros: u64,
    server_cpu: Option<u64>,
    own_cpu: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let subject = Subject::new(&arguments.program, &arguments.running, LONG_LOCK_SECONDS).await?;
    let home = arguments.program.home()?;
    let orders = subject.data_dir.join("orders.db");
    let sqlite = Sqlite::on_copy_of(&orders, &home.beside("bare.db"))?;
    let ledger = Ledger::open(&subject.data_dir)?;
    let orders_before = ledger.orders()?;
    let (buyers, tickets) = prepare(arguments, &subject).await?;
    let limits = Limits::new(&subject, sqlite, home, &buyers, &tickets).await?;
    // The first one is the sample of what is answered.
    let load = Load::new(buyers, tickets.into_iter().skip(1).collect());

    let connections = connect(subject.address, arguments.connections).await?;
    eprintln!("warming up");
    let warm_up = Window::of_seconds(arguments.warm_up_seconds);
    let (connections, tally) = load.drive(connections, Pace::Closed, warm_up).await?;
    tally.all_are(StatusCode::CREATED)?;
    ledger.settled(SETTLED_WITHIN).await?;
    let began = pace::wall_micros();
    let seen = measure(arguments, &subject, &load, &limits, connections).await?;

    let booked = ledger.orders()? - orders_before;
    let answered = load.reserved() + 1;
    if booked != answered {
        return Err(Failure::new(format!(
            "{answered} reservations were answered with 201, but {booked} are in the books"
        )));
    }
    let report = report(
        arguments,
        &subject,
        &limits,
        &seen,
        ledger.lags_since(began)?,
    )
    .await?;
    subject.finish(&arguments.program).await?;
    Ok(report)
}

/// The people, and all tickets of all rounds.
async fn prepare(
    arguments: &Arguments,
    subject: &Subject,
) -> Result<(Vec<Person>, Vec<String>), Failure> {
    let seconds = arguments.seconds * arguments.rounds + arguments.warm_up_seconds;
    let seconds = usize::try_from(seconds).because("so many seconds")?;
    let tickets = arguments.tickets.unwrap_or(seconds * 10_000) + 1;
    eprintln!("signing up {} people", arguments.connections + SELLERS);
    let (address, run) = (subject.address, pace::wall_micros());
    let sellers = market::sign_up(address, &format!("seller-{run}"), SELLERS).await?;
    let buyers = format!("buyer-{run}");
    let buyers = market::sign_up(address, &buyers, arguments.connections).await?;
    eprintln!("listing {} tickets", market::number(tickets));
    let tickets = market::list_tickets(address, &sellers, tickets).await?;
    Ok((buyers, tickets))
}

impl Limits {
    /// The handler answers with as many bytes as the server does.
    async fn new(
        subject: &Subject,
        sqlite: Sqlite,
        home: Home,
        buyers: &[Person],
        tickets: &[String],
    ) -> Result<Self, Failure> {
        let (Some(buyer), Some(ticket)) = (buyers.first(), tickets.first()) else {
            return Err(Failure::new(
                "at least one connection and one ticket are needed",
            ));
        };
        let mut connection = Connection::open(subject.address).await?;
        let reply = market::reserve(&mut connection, buyer, ticket)
            .await?
            .expect(StatusCode::CREATED, "reserving")?;
        Ok(Self {
            sqlite,
            handler: bare::start(reply.body.len(), &home).await?,
            of_handler: Load::of_one(buyers.to_vec(), ticket.clone()),
            _home: home,
        })
    }

    /// Answers a second of the bare handler.
    async fn answers(&self, arguments: &Arguments) -> Result<u64, Failure> {
        let connections = connect(self.handler.address, arguments.connections).await?;
        let window = Window::of_seconds(arguments.limit_seconds);
        let driven = self.of_handler.drive(connections, Pace::Closed, window);
        let (_, tally) = driven.await?;
        tally.all_are(StatusCode::CREATED)?;
        let answers = tally.in_time(StatusCode::CREATED);
        Ok(per_second(answers, arguments.limit_seconds * 1_000_000))
    }
}

async fn measure(
    arguments: &Arguments,
    subject: &Subject,
    load: &Arc<Load>,
    limits: &Limits,
    mut connections: Vec<Connection>,
) -> Result<Seen, Failure> {
    let mut seen = Seen::new()?;
    let ledger = Ledger::open(&subject.data_dir)?;
    for number in 1..=arguments.rounds {
        let handler = limits.answers(arguments).await?;
        let sqlite = limits.sqlite.round(arguments.limit_seconds).await?;
        let (back, round) = one_round(arguments, subject, load, &ledger, connections).await?;
        connections = back;
        ledger.settled(SETTLED_WITHIN).await?;
        let rate = per_second(round.awaiting, round.micros);
        eprintln!(
            "  round {number}: bare handler {}/s, bare SQLite {}/s, reservations {}/s",
            grouped(handler),
            grouped(sqlite),
            grouped(rate)
        );
        seen.of_handler.add(handler, rate);
        seen.of_sqlite.add(sqlite, rate);
        seen.add(round)?;
    }
    Ok(seen)
}

async fn one_round(
    arguments: &Arguments,
    subject: &Subject,
    load: &Arc<Load>,
    ledger: &Ledger,
    connections: Vec<Connection>,
) -> Result<(Vec<Connection>, Round), Failure> {
    let watcher = Connection::open(subject.address).await?;
    let (server_cpu, own_cpu) = (subject.cpu_micros(), process::own_cpu_micros()?);
    let awaiting_before = ledger.awaiting_payment()?;
    let window = Window::of_seconds(arguments.seconds);
    let (driven, lags, counted, ()) = tokio::join!(
        load.drive(connections, Pace::Closed, window),
        load.watch(watcher, window.until),
        count_at(subject.data_dir.clone(), window),
        load.narrate(window.until),
    );
    let (micros, awaiting) = counted?;
    let server_cpu = subject
        .cpu_micros()
        .zip(server_cpu)
        .map(|(after, before)| after - before);
    let (connections, tally) = driven?;
    let round = Round {
        tally,
        micros,
        awaiting: awaiting - awaiting_before,
        lags: lags?,
        server_cpu,
        own_cpu: process::own_cpu_micros()? - own_cpu,
    };
    Ok((connections, round))
}

/// How long the window was when it was counted, and the count.
async fn count_at(data_dir: PathBuf, window: Window) -> Result<(u64, u64), Failure> {
    pace::pause_until(window.until).await;
    // On a thread of its own: the last answers of the window are still under way.
    let counting = tokio::task::spawn_blocking(move || count(&data_dir, window.from));
    counting.await.because("the count was lost")?
}

fn count(data_dir: &std::path::Path, began: Instant) -> Result<(u64, u64), Failure> {
    let ledger = Ledger::open(data_dir)?;
    let micros = pace::micros_since(began);
    ledger.awaiting_payment().map(|awaiting| (micros, awaiting))
}

impl Seen {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            of_handler: Rounds::beside("a bare handler"),
            of_sqlite: Rounds::beside("bare SQLite"),
            tally: Tally::new()?,
            lags: Latencies::new()?,
            awaiting: 0,
            micros: 0,
            server_cpu: Some(0),
            own_cpu: 0,
        })
    }

    fn add(&mut self, round: Round) -> Result<(), Failure> {
        self.awaiting += round.awaiting;
        self.micros += round.micros;
        let both = self.server_cpu.zip(round.server_cpu);
        self.server_cpu = both.map(|(all, more)| all + more);
        self.own_cpu += round.own_cpu;
        self.lags.add(&round.lags)?;
        self.tally.add(&round.tally)
    }

    /// "1.32" processors, of so much processor time.
    fn cores(&self, cpu: u64) -> String {
        let hundredths = cpu * 100 / self.micros.max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

async fn report(
    arguments: &Arguments,
    subject: &Subject,
    limits: &Limits,
    seen: &Seen,
    booked_lags: Latencies,
) -> Result<Report, Failure> {
    let others = seen.tally.others_than(&[StatusCode::CREATED]);
    let mut report = Report::new(format!(
        "reserve: {} connections, distinct tickets, {} rounds of {} s",
        arguments.connections, arguments.rounds, arguments.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, subject.address, &subject.data_dir)
        .await?;
    report.row("durability of bare SQLite", limits.sqlite.durability()?);
    report.row("awaiting:payment in the window", seen.of_sqlite.summary());
    report.row("the same", seen.of_handler.summary());
    report.row("orders in all windows", grouped(seen.awaiting));
    report.row("other answers", &others);
    report.row("answer's latency", seen.tally.latencies.summary());
    report.row("lag to awaiting:payment, booked", booked_lags.summary());
    report.row("lag to awaiting:payment, as seen", seen.lags.summary());
    let server = seen.server_cpu.map(|cpu| seen.cores(cpu));
    let server = server.unwrap_or("unknown".to_owned());
    let generator = seen.cores(seen.own_cpu);
    let used = format!("server {server}, load generator {generator}");
    report.row("processors used", used);
    if let Some(kib) = subject.resident_kib() {
        report.row("memory afterwards", megabytes(kib * 1024));
    }
    let rate = seen.of_sqlite.median().ours;
    report.at_least("reservations a second", rate, arguments.require_rate);
    report.at_most("p99", seen.tally.latencies.p99(), arguments.require_p99_ms);
    report.at_most(
        "lag",
        booked_lags.max().max(seen.lags.max()),
        arguments.require_lag_ms,
    );
    if others != "none" {
        report.broken(format!("not every answer was 201 ({others})"));
    }
    if booked_lags.count() == 0 {
        report.broken("no order awaits its payment");
    }
    Ok(report)
}
