//! Crowds: everybody wants one ticket, or one of a few. Of each ticket one has it; those who are too late are to hear so
//! about as fast as they could hear anything. How many can be told so a second is seen where everybody asks as soon as somebody
//! else is answered; how long it takes, where they come evenly, half as many a second.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::client::Connection;
use crate::drive::{Pace, Tally, Window, connect, drive};
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
    /// Of those who came evenly.
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
    let (program, address) = (&arguments.program, stage.server.address);
    program
        .describe(&mut report, address, &stage.home.data_dir())
        .await?;
    report.row(
        "a refusal",
        format!("{} bytes of JSON", grouped(bytes as u64)),
    );
    for wanted in [1, arguments.tickets] {
        let seen = crowds(arguments, &bare, &stage, wanted).await?;
        let kind = format!("{} wanted", market::number(wanted));
        report.row(&kind, seen.rounds.summary());
        report.row(
            format!("{kind}, latency at half of that rate"),
            seen.latencies.summary(),
        );
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
        let (limit, _) = crowd(arguments, bare, buyers, &tickets, Pace::Closed).await?;
        let (ours, tally) = crowd(arguments, server, buyers, &tickets, Pace::Closed).await?;
        one_winner_each(&tally, wanted, buyers.len())?;
        seen.rounds.add(limit, ours);

        let tickets = market::list_tickets(server.address, &stage.sellers, wanted).await?;
        let half = Pace::Open(ours / 2);
        let (_, tally) = crowd(arguments, server, buyers, &tickets, half).await?;
        one_winner_each(&tally, wanted, buyers.len())?;
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
    pace: Pace,
) -> Result<(u64, Tally), Failure> {
    let connections = connect(server.address, arguments.connections).await?;
    let next = Cell::new(0);
    let window = Window::of(LOST_AFTER);
    let asked = drive(connections, pace, window, async |connection, _| {
        let turn = next.replace(next.get() + 1);
        let (Some(buyer), Some(ticket)) =
            (buyers.get(turn), tickets.get(turn % tickets.len().max(1)))
        else {
            return Ok(None);
        };
        let reply = market::reserve(connection, buyer, ticket).await?;
        Ok(Some(reply.status))
    });
    let (_, tally) = asked.await?;
    let all = u64::try_from(buyers.len()).because("so many buyers")?;
    Ok((per_second(all, pace::micros_since(window.from)), tally))
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
