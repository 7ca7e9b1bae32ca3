//! Listings and searches by the API: against a bare handler that answers as many bytes, round by round in turn, and beside
//! the same questions to a market that is far smaller.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::bare;
use crate::client::Connection;
use crate::drive::{Pace, connect, drive};
use crate::failure::Failure;
use crate::latencies::{Latencies, millis, per_second};
use crate::market;
use crate::pace;
use crate::process::Process;
use crate::report::{Line, Plot, Report};
use crate::rounds::Rounds;
use crate::server::{Home, Program};

/// What is asked.
struct Question {
    name: &'static str,
    path: &'static str,
    /// How far its median may grow with the market: to so many percent.
    may_grow: u64,
}

const QUESTIONS: [Question; 4] = [
    question("a page of 50", "/api/tickets", 120),
    question("the cheapest", "/api/tickets?sort=price", 120),
    question("a search", "/api/tickets?q=jazz+standards", 200),
    question("a rare word", "/api/tickets?q=part+77", 200),
];

const fn question(name: &'static str, path: &'static str, may_grow: u64) -> Question {
    Question {
        name,
        path,
        may_grow,
    }
}

/// What came of all rounds of one question.
struct Asked {
    rounds: Rounds,
    latencies: Latencies,
}

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long each round takes
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Sizes of the market, one after the other: the first is what the others are held against
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    listings: Vec<usize>,
    /// Fail if a page is answered at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    /// Fail where a median grows with the market by more than it may
    #[arg(long)]
    require_flat: bool,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    let mut report = Report::new(format!(
        "browse: {} connections, {} rounds of {} s",
        arguments.connections, arguments.rounds, arguments.seconds
    ));
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    let mut medians = QUESTIONS.map(|question| Line {
        name: question.name.to_owned(),
        points: Vec::new(),
    });
    let mut listed = 0;
    for size in &arguments.listings {
        let more = size.saturating_sub(listed);
        eprintln!("listing {} more tickets", market::number(more));
        market::list(server.address, &sellers, more, market::full).await?;
        listed += more;
        for (question, line) in QUESTIONS.iter().zip(&mut medians) {
            let asked = question.ask(arguments, &server, &home).await?;
            let label = format!("{}, of {}", question.name, market::number(listed));
            report.row(&label, asked.rounds.summary());
            report.row(format!("{label}, latency"), asked.latencies.summary());
            let percent = asked.rounds.median().percent();
            report.at_least(&label, percent, arguments.require_percent);
            line.points.push((listed as u64, asked.latencies.median()));
        }
    }
    if arguments.require_flat {
        QUESTIONS
            .iter()
            .zip(&medians)
            .for_each(|(question, line)| question.must_stay_flat(line, &mut report));
    }
    report.plot(Plot {
        name: "browse".to_owned(),
        title: "Median latency against the size of the market".to_owned(),
        along: "listings".to_owned(),
        up: "microseconds".to_owned(),
        lines: medians.into(),
    });
    server.stop().await?;
    Ok(report)
}

impl Question {
    /// Rounds in turn with a bare handler whose answers have as many bytes.
    async fn ask(
        &self,
        arguments: &Arguments,
        server: &Process,
        home: &Home,
    ) -> Result<Asked, Failure> {
        let bare = bare::start(bytes_of(server.address, self.path).await?, home).await?;
        let mut asked = Asked {
            rounds: Rounds::beside("bare"),
            latencies: Latencies::new()?,
        };
        for _ in 0..arguments.rounds {
            let (limit, _) = ask(arguments, bare.address, "/page").await?;
            let (ours, took) = ask(arguments, server.address, self.path).await?;
            asked.rounds.add(limit, ours);
            asked.latencies.add(&took)?;
        }
        Ok(asked)
    }

    fn must_stay_flat(&self, medians: &Line, report: &mut Report) {
        let [Some((_, small)), Some((_, large))] = [medians.points.first(), medians.points.last()]
        else {
            return;
        };
        if large * 100 > small * self.may_grow {
            let [small, large] = [*small, *large].map(millis);
            report.broken(format!(
                "{}: the median grew from {small} to {large} with the market",
                self.name
            ));
        }
    }
}

async fn bytes_of(address: SocketAddr, path: &str) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.get(path, None).await?;
    Ok(reply.expect(StatusCode::OK, "a list")?.body.len())
}

/// One round; answers how many were answered a second, and how long they took.
async fn ask(
    arguments: &Arguments,
    address: SocketAddr,
    path: &str,
) -> Result<(u64, Latencies), Failure> {
    let connections = connect(address, arguments.connections).await?;
    let until = pace::now() + Duration::from_secs(arguments.seconds);
    let asked = drive(connections, Pace::Closed, until, async |connection, _| {
        Ok(Some(connection.get(path, None).await?.status))
    });
    let (_, tally) = asked.await?;
    tally.all_are(StatusCode::OK)?;
    let answers = tally.in_time(StatusCode::OK);
    Ok((
        per_second(answers, arguments.seconds * 1_000_000),
        tally.latencies,
    ))
}
