//! Crowds: everybody wants one ticket, or one of a few. Of each ticket one has it; those who are too late are to hear so
//! about as fast as they could hear anything.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::client::Connection;
use crate::drive::{Pace, Tally, connect, drive};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, per_second};
use crate::limits::http as bare;
use crate::market::{self, Person};
use crate::pace;
use crate::process::Process;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::Program;

/// A crowd is over long before.
const LOST_AFTER: Duration = Duration::from_secs(600);

#[derive(Args)]
pub(crate) struct Arguments {
    /// People in the crowd, each of whom asks once
    #[arg(long, default_value_t = 10_000)]
    buyers: usize,
    /// Tickets that are wanted by as many of them each, in the second kind of round
    #[arg(long, default_value_t = 200)]
    tickets: usize,
    /// Rounds of each kind
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Fail if losers are told so at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    /// Fail if one answer in a hundred takes longer
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// What came of all rounds of a kind.
struct Seen {
    rounds: Rounds,
    latencies: Latencies,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.buyers).await?;
    let bytes = refusal(&stage).await?;
    let bare = bare::start(bytes, &stage.home).await?;

    let mut report = Report::new(format!(
        "herd: {} buyers, {} rounds, {} connections",
        market::number(arguments.buyers),
        arguments.rounds,
        arguments.connections
    ));
    report.of(
        arguments.program.path().ok().as_deref(),
        &stage.home.data_dir(),
    );
    report.row(
        "a refusal",
        format!("{} bytes of JSON", grouped(bytes as u64)),
    );
    for wanted in [1, arguments.tickets] {
        let seen = crowds(arguments, &bare, &stage, wanted).await?;
        let kind = format!("{} wanted", market::number(wanted));
        report.row(&kind, seen.rounds.summary());
        report.row(format!("{kind}, latency"), seen.latencies.summary());
        let percent = seen.rounds.median().percent();
        report.at_least(
            &format!("percent of bare, {kind}"),
            percent,
            arguments.require_percent,
        );
        report.at_most(
            &format!("p99, {kind}"),
            seen.latencies.p99(),
            arguments.require_p99_ms,
        );
    }
    stage.clear(&arguments.program).await?;
    Ok(report)
}

/// How many bytes tell somebody that they are too late.
async fn refusal(stage: &Stage) -> Result<usize, Failure> {
    let address = stage.server.address;
    let tickets = market::list_tickets(address, &stage.sellers, 1).await?;
    let mut connection = Connection::open(address).await?;
    let mut last = 0;
    for (buyer, ticket) in stage.buyers.iter().zip(tickets.iter().cycle()).take(2) {
        let reply = market::reserve(&mut connection, buyer, ticket).await?;
        last = reply.body.len();
    }
    Ok(last)
}

/// Rounds in turn with the bare handler, in each of which as many tickets are wanted by everybody.
async fn crowds(
    arguments: &Arguments,
    bare: &Process,
    stage: &Stage,
    wanted: usize,
) -> Result<Seen, Failure> {
    let mut seen = Seen {
        rounds: Rounds::beside("bare"),
        latencies: Latencies::new()?,
    };
    let (server, buyers) = (&stage.server, &stage.buyers);
    for _ in 0..arguments.rounds {
        let tickets = market::list_tickets(server.address, &stage.sellers, wanted).await?;
        let (limit, _) = crowd(arguments, bare, buyers, &tickets).await?;
        let (ours, tally) = crowd(arguments, server, buyers, &tickets).await?;
        one_winner_each(&tally, wanted, buyers.len())?;
        seen.rounds.add(limit, ours);
        seen.latencies.add(&tally.latencies)?;
    }
    Ok(seen)
}

/// Everybody asks once; answers how many were told a second.
async fn crowd(
    arguments: &Arguments,
    server: &Process,
    buyers: &[Person],
    tickets: &[String],
) -> Result<(u64, Tally), Failure> {
    let connections = connect(server.address, arguments.connections).await?;
    let next = Cell::new(0);
    let began = pace::now();
    let asked = drive(
        connections,
        Pace::Closed,
        began + LOST_AFTER,
        async |connection, _| {
            let turn = next.replace(next.get() + 1);
            let (Some(buyer), Some(ticket)) =
                (buyers.get(turn), tickets.get(turn % tickets.len().max(1)))
            else {
                return Ok(None);
            };
            let reply = market::reserve(connection, buyer, ticket).await?;
            Ok(Some(reply.status))
        },
    );
    let (_, tally) = asked.await?;
    let all = u64::try_from(buyers.len()).because("so many buyers")?;
    Ok((per_second(all, pace::micros_since(began)), tally))
}

fn one_winner_each(tally: &Tally, tickets: usize, buyers: usize) -> Result<(), Failure> {
    let [won, lost] = [StatusCode::CREATED, StatusCode::CONFLICT].map(|status| tally.count(status));
    let [tickets, all] = [tickets, buyers].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
    if won == tickets.min(all) && won + lost == all {
        return Ok(());
    }
    Err(Failure::new(format!(
        "of {} who wanted {} tickets, {} got one (others: {})",
        grouped(all),
        grouped(tickets),
        grouped(won),
        tally.others_than(&[StatusCode::CREATED])
    )))
}
