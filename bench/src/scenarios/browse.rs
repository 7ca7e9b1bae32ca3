//! Listings and searches by the API: against a bare handler that answers as many bytes, round by round in turn, and beside
//! the same questions to a market that is far smaller.

use clap::Args;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::failure::Failure;
use crate::market;
use crate::reading::{self, Effort, Reading};
use crate::report::{Bound, Line, Plot, Report};
use crate::server::Program;

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
    /// Sizes of the market, one after the other: the first is what the others are held against
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

/// How a question fared as the market grew.
struct Growth {
    medians: Line,
    /// The medians as shares of the bare handler's, in percent: machines are not always equally fast.
    shares: Vec<u64>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    let mut report = Report::new(format!(
        "browse: {} connections, {} rounds of {} s",
        arguments.effort.connections, arguments.effort.rounds, arguments.effort.seconds
    ));
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    let mut growths = QUESTIONS.map(|question| Growth::of(question.name));
    let mut listed = 0;
    for size in &arguments.listings {
        let more = listed..(*size).max(listed);
        eprintln!("listing {} more tickets", market::number(more.len()));
        listed = more.end;
        market::list(server.address, &sellers, more, market::full).await?;
        for (question, growth) in QUESTIONS.iter().zip(&mut growths) {
            let read = Reading::of(question.path, None, arguments.effort, (&server, &home)).await?;
            let label = format!("{}, of {}", question.name, market::number(listed));
            report.row(&label, read.rounds.summary());
            report.row(format!("{label}, latency"), read.latencies.summary());
            let percent = read.rounds.median().percent();
            let label = format!("{label}, percent of bare");
            let bound = arguments.require_percent.filter(|_| question.is_shared());
            report.at_least(&label, percent, bound);
            growth.add(listed, &read);
        }
    }
    if arguments.require_flat {
        for (question, growth) in QUESTIONS.iter().zip(&growths) {
            growth.must_be_at_most(question.may_grow, &mut report);
        }
    }
    report.plot(Plot {
        name: "browse".to_owned(),
        title: "Median latency against the size of the market".to_owned(),
        along: "listings".to_owned(),
        up: "microseconds".to_owned(),
        lines: growths.into_iter().map(|growth| growth.medians).collect(),
    });
    server.stop().await?;
    Ok(report)
}

impl Growth {
    fn of(question: &str) -> Self {
        Self {
            medians: Line {
                name: question.to_owned(),
                points: Vec::new(),
            },
            shares: Vec::new(),
        }
    }

    fn add(&mut self, listed: usize, read: &Reading) {
        let median = read.latencies.median();
        self.medians.points.push((listed as u64, median));
        self.shares.push(read.median_percent());
    }

    fn must_be_at_most(&self, percent: u64, report: &mut Report) {
        let [Some(small), Some(large)] = [self.shares.first(), self.shares.last()] else {
            return;
        };
        report.bound(Bound {
            label: format!(
                "{}, share of the bare handler's median at the largest market",
                self.medians.name
            ),
            promised: format!(
                "at most {}.{} times that at the smallest",
                percent / 100,
                percent % 100 / 10
            ),
            seen: format!("{large} %, {small} % at the smallest"),
            is_kept: large * 100 <= small * percent,
        });
    }
}
