//! Reservations beside their limits, round by round in turn: a bare HTTP handler, and the bare transaction on SQLite.
//! On a machine that is shared, or throttled, the ratios say more than the figures.

use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::drive::{Pace, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, per_second};
use crate::limits::{http as bare, sqlite::Sqlite};
use crate::load::Load;
use crate::market;
use crate::pace;
use crate::process::Process;
use crate::report::Report;
use crate::rounds::{Rounds, Turns};
use crate::server::Program;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    turns: Turns,
    /// Distinct tickets listed beforehand; 10,000 for every second if left out
    #[arg(long)]
    tickets: Option<usize>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let orders = home.data_dir().join("orders.db");
    let sqlite = Sqlite::on_copy_of(&orders, &orders.with_file_name("bare.db"))?;
    let durability = sqlite.durability()?;
    let seconds = usize::try_from(arguments.turns.seconds * arguments.turns.rounds)
        .because("so many seconds")?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    let buyers = market::sign_up(server.address, "buyer", arguments.turns.connections).await?;
    let tickets = arguments.tickets.unwrap_or(seconds * 10_000);
    let mut tickets = market::list_tickets(server.address, &sellers, tickets).await?;

    let buyer = buyers
        .first()
        .ok_or_else(|| Failure::new("at least one connection is needed"))?;
    let sample = tickets
        .pop()
        .ok_or_else(|| Failure::new("at least one ticket is needed"))?;
    let mut connection = Connection::open(server.address).await?;
    let reply = market::reserve(&mut connection, buyer, &sample)
        .await?
        .expect(StatusCode::CREATED, "reserving")?;
    let bare = bare::start(reply.body.len(), &home).await?;

    let free = Load::of_one(buyers.clone(), sample);
    let load = Load::new(buyers, tickets);
    let mut of_http = Rounds::beside("a bare handler");
    let mut of_sqlite = Rounds::beside("bare SQLite");
    let mut sqlite = Some(sqlite);
    for round in 1..=arguments.turns.rounds {
        let http = per_round(arguments, &free, &bare).await?;
        let transactions = transactions(&mut sqlite, arguments.turns.seconds).await?;
        let ours = per_round(arguments, &load, &server).await?;
        eprintln!(
            "  round {round}: bare handler {}/s, bare SQLite {}/s, reservations {}/s",
            grouped(http),
            grouped(transactions),
            grouped(ours)
        );
        of_http.add(http, ours);
        of_sqlite.add(transactions, ours);
    }
    let mut report = Report::new(format!(
        "ratio: {} connections, {} rounds",
        arguments.turns.connections, arguments.turns.rounds
    ));
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    report.row("answer", format!("{} bytes of JSON", reply.body.len()));
    report.row("durability of bare SQLite", durability);
    report.row("reservations", of_http.summary());
    report.row("the same", of_sqlite.summary());
    server.stop().await?;
    Ok(report)
}

/// Answers with 201 a second, in one round.
async fn per_round(
    arguments: &Arguments,
    load: &std::sync::Arc<Load>,
    server: &Process,
) -> Result<u64, Failure> {
    let connections = connect(server.address, arguments.turns.connections).await?;
    let until = pace::now() + Duration::from_secs(arguments.turns.seconds);
    let (_, tally) = load.drive(connections, Pace::Closed, until).await?;
    tally.all_are(StatusCode::CREATED)?;
    Ok(per_second(
        tally.in_time(StatusCode::CREATED),
        arguments.turns.seconds * 1_000_000,
    ))
}

/// On a thread of its own, as the server's writer has one.
async fn transactions(sqlite: &mut Option<Sqlite>, seconds: u64) -> Result<u64, Failure> {
    let mut taken = sqlite
        .take()
        .ok_or_else(|| Failure::new("the last round was lost"))?;
    let round = tokio::task::spawn_blocking(move || {
        let rate = taken.round(seconds);
        (taken, rate)
    });
    let (back, rate) = round.await.because("the last round was lost")?;
    *sqlite = Some(back);
    rate
}
