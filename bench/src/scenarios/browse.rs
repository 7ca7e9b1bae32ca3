//! Listings and searches by the API: against a bare handler that answers as many bytes, and markets of several sizes against
//! the smallest of them; all of them round by round in turn.

use clap::Args;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::failure::Failure;
use crate::latencies::{megabytes, millis};
use crate::market;
use crate::process::Process;
use crate::reading::{self, Effort, Reading, in_turn};
use crate::report::{Bound, Line, Plot, Report};
use crate::server::{Home, Program};

/// What is asked.
struct Question {
    name: &'static str,
    path: &'static str,
    /// How far its median may grow with the market: to so many percent.
    may_grow: u64,
}

/// The first ones are asked by everybody alike, so that the server may answer what it answered before. `{}` is another number
/// each time: what is answered then has to be found and written each time.
const QUESTIONS: [Question; 6] = [
    question("a page of 50", "/api/tickets", 120),
    question("the cheapest", "/api/tickets?sort=price", 120),
    question("a search", "/api/tickets?q=jazz+standards", 200),
    question("a page, each another", "/api/tickets?minPrice=20.{}", 120),
    question(
        "a search, each another",
        "/api/tickets?q=jazz+standards&minPrice=20.{}",
        200,
    ),
    question("a rare word, each another", "/api/tickets?q={}+part", 200),
];

const fn question(name: &'static str, path: &'static str, may_grow: u64) -> Question {
    Question {
        name,
        path,
        may_grow,
    }
}

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    effort: Effort,
    /// Sizes of the markets: the first is what the others are held against
    #[arg(long, value_delimiter = ',', action = clap::ArgAction::Set, num_args = 1, default_values_t = [1_000, 100_000, 1_000_000])]
    listings: Vec<usize>,
    /// Fail if a list for which everybody asks is answered at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    /// Fail where a median grows with the market by more than it may
    #[arg(long)]
    require_flat: bool,
    #[command(flatten)]
    program: Program,
}

impl Question {
    /// Whether everybody asks the same.
    fn is_shared(&self) -> bool {
        !self.path.contains(reading::NUMBER)
    }
}

/// A server with so many listings.
struct Market {
    listings: usize,
    server: Process,
    home: Home,
}

/// How a question fared in markets of several sizes: their listings, and the median latencies.
struct Growth {
    medians: Line,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let mut markets = Vec::new();
    for listings in &arguments.listings {
        markets.push(Market::of(*listings, &arguments.program).await?);
    }
    let Some(first) = markets.first() else {
        return Err(Failure::new("--listings names no market"));
    };
    let mut report = Report::new(format!(
        "browse: {} connections, {} rounds of {} s",
        arguments.effort.connections, arguments.effort.rounds, arguments.effort.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, first.server.address, &first.home.data_dir())
        .await?;
    let servers: Vec<&Process> = markets.iter().map(|market| &market.server).collect();
    let mut lines = Vec::new();
    for question in &QUESTIONS {
        eprintln!("  {}", question.name);
        let effort = arguments.effort;
        let readings = in_turn(question.path, None, effort, &servers, &first.home).await?;
        let mut growth = Growth::of(question.name);
        for (market, read) in markets.iter().zip(&readings) {
            question.tell(market.listings, read, arguments, &mut report);
            growth.add(market.listings, read);
        }
        if arguments.require_flat {
            growth.must_be_at_most(question.may_grow, &mut report);
        }
        lines.push(growth.medians);
    }
    for market in &markets {
        let label = format!("memory afterwards, of {}", market::number(market.listings));
        let bytes = market.server.resident_kib()? * 1024;
        report.row(label, megabytes(bytes));
    }
    report.plot(Plot {
        name: "browse".to_owned(),
        title: "Median latency against the size of the market".to_owned(),
        along: "listings".to_owned(),
        up: "microseconds".to_owned(),
        lines,
    });
    for market in markets {
        market.server.stop().await?;
    }
    Ok(report)
}

impl Market {
    async fn of(listings: usize, program: &Program) -> Result<Self, Failure> {
        let home = program.home()?;
        let server = program.start(&home, LONG_LOCK_SECONDS).await?;
        let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
        eprintln!("listing {} tickets", market::number(listings));
        market::list(server.address, &sellers, 0..listings, market::full).await?;
        Ok(Self {
            listings,
            server,
            home,
        })
    }
}

impl Question {
    fn tell(&self, listings: usize, read: &Reading, arguments: &Arguments, report: &mut Report) {
        let label = format!("{}, of {}", self.name, market::number(listings));
        report.row(&label, read.rounds.summary());
        report.row(format!("{label}, latency"), read.latencies.summary());
        report.row(
            format!("{label}, size"),
            format!("{} bytes", market::number(read.bytes)),
        );
        let percent = read.rounds.median().percent();
        let label = format!("{label}, percent of bare");
        let bound = arguments.require_percent.filter(|_| self.is_shared());
        report.at_least(&label, percent, bound);
    }
}

impl Growth {
    fn of(question: &str) -> Self {
        Self {
            medians: Line {
                name: question.to_owned(),
                points: Vec::new(),
            },
        }
    }

    fn add(&mut self, listed: usize, read: &Reading) {
        let median = read.latencies.median();
        self.medians.points.push((listed as u64, median));
    }

    /// The slowest of the others, whichever it is.
    fn must_be_at_most(&self, percent: u64, report: &mut Report) {
        let mut medians = self.medians.points.iter().map(|(_, median)| *median);
        let Some(small) = medians.next() else {
            return;
        };
        let Some(slowest) = medians.max() else {
            return;
        };
        report.bound(Bound {
            label: format!(
                "{}, slowest median of the larger markets",
                self.medians.name
            ),
            promised: format!(
                "at most {}.{} times that of the smallest",
                percent / 100,
                percent % 100 / 10
            ),
            seen: format!("{}, {} of the smallest", millis(slowest), millis(small)),
            is_kept: slowest * 100 <= small * percent,
        });
    }
}
