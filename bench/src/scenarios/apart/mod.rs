//! The distributed form beside its limit: reservations on PostgreSQL against `pgbench` with the one reserving
//! transaction, in turn; by orders alone, then all the way to `awaiting:payment` with every service, the bus and this
//! load generator on the same machine; by two processes of orders; and how late events are at half of that load.

mod baseline;
pub(crate) mod expire;
mod form;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baseline::Baseline;
use clap::Args;
use form::Form;
use http::StatusCode;

use super::SELLERS;
use crate::client::Connection;
use crate::disk::Probe;
use crate::drive::{Pace, Tally, Window};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, millis, per_second};
use crate::ledger::Databases;
use crate::limits;
use crate::load::Load;
use crate::market::{self, Person};
use crate::pace;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::{self, Program};

const SETTLED_WITHIN: Duration = Duration::from_secs(300);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long each round takes
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once, each with a buyer of its own
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Distinct tickets for each second of load
    #[arg(long, default_value_t = 14_000)]
    tickets_per_second: u64,
    /// Measure only how late things are, at so many reservations a second; the bounds of the rest do not count then
    #[arg(long, value_name = "RATE")]
    at: Option<u64>,
    /// Fail if orders alone reserves less than so many percent of what pgbench does
    #[arg(long, value_name = "PERCENT")]
    require_alone: Option<u64>,
    /// Fail if less than so many percent of what pgbench does reaches awaiting:payment inside the window
    #[arg(long, value_name = "PERCENT")]
    require_awaiting: Option<u64>,
    /// Fail if at half of that load one event in a hundred takes longer from what it tells to what it does
    #[arg(long, value_name = "MS")]
    require_event_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// Whom all of it is done for.
struct People {
    sellers: Vec<Person>,
    buyers: Vec<Person>,
}

/// The measurement as it goes on.
struct Bench<'a> {
    arguments: &'a Arguments,
    folder: &'a Path,
    form: Form,
    databases: Databases,
    baseline: Baseline,
    people: People,
    listed: u64,
    /// Answered with 201, ever.
    reserved: u64,
}

/// What one round with all services came to.
struct Awaiting {
    /// Orders a second that await their payment when it is over.
    rate: u64,
    /// Events a second that the bus has confirmed.
    events: u64,
    /// Answers with 201 a second.
    answered: u64,
    tally: Tally,
}

/// All of them.
struct AllTheWay {
    one: Rounds,
    /// With two processes of orders.
    two: Rounds,
    events: Rounds,
    /// How many are answered with 201, and how late.
    answered: Rounds,
    answers: Latencies,
}

impl AllTheWay {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            one: Rounds::beside("pgbench"),
            two: Rounds::beside("pgbench"),
            events: Rounds::beside("bare NATS, one by one"),
            answered: Rounds::beside("pgbench"),
            answers: Latencies::new()?,
        })
    }
}

/// How late things are at half of the load.
struct Late {
    answers: Latencies,
    confirmed: Latencies,
    events: Latencies,
    /// One small write, synced, meanwhile.
    disk: Latencies,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let folder = home.data_dir();
    std::fs::create_dir_all(&folder).because("a folder")?;
    open_to_all(folder.parent())?;
    let form = Form::start(arguments.program.path()?, folder.clone()).await?;
    let baseline = form.copy_orders("baseline").await?;
    let baseline = Baseline::new(baseline, &folder).await?;
    let mut bench = Bench::new(arguments, &folder, form, baseline).await?;

    let mut report = Report::new(format!(
        "apart: {} connections, {} rounds of {} s each",
        arguments.connections, arguments.rounds, arguments.seconds
    ));
    report.of(arguments.program.path().ok().as_deref(), &folder);
    report.row("durability", bench.databases.durability().await?);
    let orders = bench.form.address("orders")?;
    report.row("as orders has it", server::durability(orders).await?);
    report.row("connections of each service", form::CONNECTIONS);
    report.row("and on the bus", bench.form.bus().await?);
    let rate = match arguments.at {
        Some(rate) => rate,
        None => bench.how_many(&mut report).await? / 2,
    };
    let p99 = bench.how_late(rate, &mut report).await?;
    report.at_most("p99 of events", p99, arguments.require_event_p99_ms);
    bench.finish().await?;
    Ok(report)
}

impl<'a> Bench<'a> {
    async fn new(
        arguments: &'a Arguments,
        folder: &'a Path,
        mut form: Form,
        baseline: Baseline,
    ) -> Result<Self, Failure> {
        form.all().await?;
        let databases = Databases::open(&form.databases()).await?;
        let auth = form.address("auth")?;
        eprintln!("signing up {} people", arguments.connections + SELLERS);
        let people = People {
            sellers: market::sign_up(auth, "seller", SELLERS).await?,
            buyers: market::sign_up(auth, "buyer", arguments.connections).await?,
        };
        Ok(Self {
            arguments,
            folder,
            form,
            databases,
            baseline,
            people,
            listed: 0,
            reserved: 0,
        })
    }

    /// Tickets for so many rounds.
    async fn load(&mut self, rounds: usize) -> Result<Arc<Load>, Failure> {
        let rounds = u64::try_from(rounds).because("so many rounds")?;
        let count = self.arguments.tickets_per_second * self.arguments.seconds * rounds;
        self.load_of(count).await
    }

    /// So many tickets, which orders has heard of.
    async fn load_of(&mut self, count: u64) -> Result<Arc<Load>, Failure> {
        eprintln!("listing {} tickets", grouped(count));
        let wanted = usize::try_from(count).because("so many tickets")?;
        let tickets = self.form.address("tickets")?;
        let tickets = market::list_tickets(tickets, &self.people.sellers, wanted).await?;
        self.listed += count;
        self.databases
            .known_tickets(self.listed, SETTLED_WITHIN)
            .await?;
        Ok(Load::new(self.people.buyers.clone(), tickets))
    }

    /// How many reservations it takes; answers how many a second get to `awaiting:payment`.
    async fn how_many(&mut self, report: &mut Report) -> Result<u64, Failure> {
        let alone = self.alone().await?;
        let all = self.all_the_way().await?;
        report.row("201, orders alone, the bus stopped", alone.summary());
        report.row("201, all services", all.answered.summary());
        report.row("awaiting:payment, all services", all.one.summary());
        report.row("the same, two processes of orders", all.two.summary());
        report.row("events meanwhile, all services", all.events.summary());
        report.row("answer's latency, all services", all.answers.summary());
        report.at_least(
            "201 of pgbench, in percent, orders alone",
            alone.median().percent(),
            self.arguments.require_alone,
        );
        report.at_least(
            "awaiting:payment of pgbench, in percent, all services",
            all.one.median().percent(),
            self.arguments.require_awaiting,
        );
        Ok(all.one.median().ours)
    }

    /// Orders takes reservations, and nobody hears of them yet.
    async fn alone(&mut self) -> Result<Rounds, Failure> {
        let load = self.load(self.arguments.rounds).await?;
        self.form.only(&["auth", "orders"]).await?;
        let mut rounds = Rounds::beside("pgbench");
        for _ in 0..self.arguments.rounds {
            let limit = self.baseline.round(self.arguments.seconds).await?;
            let tally = self.round(&load, &self.form.addresses("orders")).await?;
            let rate = per_second(
                tally.in_time(StatusCode::CREATED),
                self.arguments.seconds * 1_000_000,
            );
            eprintln!(
                "  pgbench {}/s, orders alone {}/s",
                grouped(limit),
                grouped(rate)
            );
            rounds.add(limit, rate);
        }
        self.reserved += load.reserved();
        self.form.all().await?;
        eprintln!("all services are told of it");
        self.databases.settled(SETTLED_WITHIN).await?;
        Ok(rounds)
    }

    /// To `awaiting:payment`, with one and with two processes of orders.
    async fn all_the_way(&mut self) -> Result<AllTheWay, Failure> {
        let load = self.load(self.arguments.rounds * 2).await?;
        let mut all = AllTheWay::new()?;
        for _ in 0..self.arguments.rounds {
            let limit = self.baseline.round(self.arguments.seconds).await?;
            let bus = limits::nats::round(&self.form.bus_url()?, self.arguments.seconds).await?;
            let one = self.awaiting(&load).await?;
            self.form.add("orders").await?;
            let two = self.awaiting(&load).await?;
            self.form.remove("orders").await?;
            eprintln!(
                "  pgbench {}/s, awaiting:payment {}/s, with two processes of orders {}/s; bare NATS {}/s, events {}/s",
                grouped(limit),
                grouped(one.rate),
                grouped(two.rate),
                grouped(bus),
                grouped(one.events)
            );
            all.answers.add(&one.tally.latencies)?;
            all.one.add(limit, one.rate);
            all.answered.add(limit, one.answered);
            all.two.add(limit, two.rate);
            all.events.add(bus, one.events);
        }
        self.reserved += load.reserved();
        Ok(all)
    }

    /// One round with all services; what is left over after it is waited for.
    async fn awaiting(&self, load: &Arc<Load>) -> Result<Awaiting, Failure> {
        let before = self.databases.awaiting_payment().await?;
        let published = self.databases.published().await?;
        let began = pace::now();
        let tally = self.round(load, &self.form.addresses("orders")).await?;
        let micros = pace::micros_since(began);
        let after = self.databases.awaiting_payment().await?;
        let told_in = pace::micros_since(began);
        let events = self.databases.published().await? - published;
        self.databases.settled(SETTLED_WITHIN).await?;
        Ok(Awaiting {
            rate: per_second(after - before, micros),
            events: per_second(events, told_in),
            answered: per_second(
                tally.in_time(StatusCode::CREATED),
                self.arguments.seconds * 1_000_000,
            ),
            tally,
        })
    }

    async fn round(&self, load: &Arc<Load>, addresses: &[SocketAddr]) -> Result<Tally, Failure> {
        let connections = self.connect(addresses).await?;
        let window = Window::of_seconds(self.arguments.seconds);
        let (_, tally) = load.drive(connections, Pace::Closed, window).await?;
        all_reserved(tally)
    }

    async fn connect(&self, addresses: &[SocketAddr]) -> Result<Vec<Connection>, Failure> {
        let mut connections = Vec::new();
        for address in addresses.iter().cycle().take(self.arguments.connections) {
            connections.push(Connection::open(*address).await?);
        }
        Ok(connections)
    }

    /// How late things are at so many reservations a second; answers the p99 of events. Of the rounds the one in the
    /// middle counts: a disk that stands still for a moment is seen in one of them.
    async fn how_late(&mut self, rate: u64, report: &mut Report) -> Result<u64, Failure> {
        let mut rounds = Vec::new();
        for _ in 0..self.arguments.rounds {
            rounds.push(self.late(rate).await?);
        }
        rounds.sort_by_key(|late| late.events.p99());
        let each = rounds.iter().map(|late| millis(late.events.p99()));
        let each = each.collect::<Vec<_>>().join(", ");
        let middle = rounds.len() / 2;
        let late = rounds
            .get(middle)
            .ok_or_else(|| Failure::new("no rounds"))?;
        report.row(
            format!("at {}/s: to 201", grouped(rate)),
            late.answers.summary(),
        );
        report.row("  to awaiting:payment, booked", late.confirmed.summary());
        report.row(
            "  from what an event tells to what it does",
            format!("{} (p99 of the rounds: {each})", late.events.summary()),
        );
        report.row("  one small write, synced, meanwhile", late.disk.summary());
        Ok(late.events.p99())
    }

    /// So many reservations a second, evenly: how long their answers take, and how long each event that follows.
    async fn late(&mut self, rate: u64) -> Result<Late, Failure> {
        let ahead = u64::try_from(self.arguments.connections).because("so many connections")?;
        let load = self.load_of(rate * self.arguments.seconds + ahead).await?;
        eprintln!("{} reservations a second", grouped(rate));
        let connections = self.connect(&self.form.addresses("orders")).await?;
        let since = pace::wall_micros();
        let probe = Probe::start(self.folder)?;
        let window = Window::of_seconds(self.arguments.seconds);
        let (_, tally) = load.drive(connections, Pace::Open(rate), window).await?;
        let disk = probe.stop()?;
        let tally = all_reserved(tally)?;
        self.databases.settled(SETTLED_WITHIN).await?;
        self.reserved += load.reserved();
        Ok(Late {
            answers: tally.latencies,
            confirmed: self.databases.lags_since(since).await?,
            events: self.databases.all_event_latencies(since).await?,
            disk,
        })
    }

    async fn finish(self) -> Result<(), Failure> {
        let booked = self.databases.orders().await?;
        if booked != self.reserved {
            return Err(Failure::new(format!(
                "{} reservations were answered with 201, but {booked} are in the books",
                self.reserved
            )));
        }
        eprintln!("tessera check");
        self.form.check().await?;
        self.form.stop().await
    }
}

/// PostgreSQL's own user must find its folder.
fn open_to_all(folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        return Ok(());
    };
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, open).because(folder.display())
}

fn all_reserved(tally: Tally) -> Result<Tally, Failure> {
    tally.all_are(StatusCode::CREATED).map(|()| tally)
}
