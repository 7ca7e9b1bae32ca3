//! The faults of the distributed form at full length: what `tests/tests/apart` does a few times, many times.
//!
//! The scenarios are those tests. This runs them one after another, and puts their figures into a table.

use std::fs;
use std::path::Path;

use clap::{Args, ValueEnum};

use crate::run::{Failure, Run, Stopwatch};
use crate::{places, servers, surroundings};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Run this scenario alone; may be given more than once
    #[arg(long, value_name = "NAME")]
    only: Vec<Scenario>,
    /// Do each fault as seldom as `cargo xtask test` does: a look at the scenarios, in some minutes
    #[arg(long)]
    short: bool,
    /// Build for release: the services answer faster, so that more is under way when a fault comes
    ///
    /// Without it they are built as the tests are, with the compiler's checks of overflow and the like.
    #[arg(long)]
    release: bool,
}

const EXAMPLES: &str = "\
Each scenario starts the distributed form in a folder of its own (PostgreSQL, NATS, a process for each service, a front), \
lets eight buyers reserve, pay and cancel, and does its fault again and again meanwhile. In the end every order must be \
where its buyer wanted it, no answer may be lost, and `tessera check` must find nothing broken.

Takes about 20 minutes on two cores. Exits 1 if anything was lost or broken. The table, and the logs of a scenario that \
failed, are kept in target/faults.

Examples:
  cargo xtask faults                          all of them, at full length
  cargo xtask faults --only broker-away       one of them
  cargo xtask faults --short                  all of them, for some minutes";

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Scenario {
    /// The broker is down for 60 s: people go on, outboxes grow, and drain afterwards
    BrokerAway,
    /// The broker is killed 20 times
    BrokerKilled,
    /// The broker's store goes back to an older copy, 3 times
    BrokerRolledBack,
    /// The broker's store is lost, 3 times
    BrokerEmptied,
    /// The databases are stopped at once, as by a crash, 10 times
    DatabasesCrashed,
    /// One of two processes of orders is killed, 20 times
    OrdersKilled,
    /// Both processes of every service are restarted, 3 times; not one request may fail
    RollingRestart,
    /// The process that publishes for orders, payments, tickets in turn stands still for 45 s, with events in its hands
    ConsumerPaused,
    /// 5,000 events come again, out of order, and all of them by replays
    DeliveriesRepeated,
    /// Ten processes start on an empty database at once, 5 times
    TenStarts,
}

impl Scenario {
    /// Its test.
    fn test(self) -> &'static str {
        match self {
            Self::BrokerAway => {
                "broker::while_the_broker_is_down_people_go_on_and_afterwards_all_is_told"
            }
            Self::BrokerKilled => "broker::a_broker_may_be_killed_again_and_again",
            Self::BrokerRolledBack => {
                "broker::a_broker_that_went_back_to_an_older_copy_is_filled_again_by_itself"
            }
            Self::BrokerEmptied => "broker::a_broker_that_lost_its_store_is_filled_again_by_itself",
            Self::DatabasesCrashed => "databases::databases_that_crash_under_load_lose_nothing",
            Self::OrdersKilled => {
                "replicas::of_two_processes_of_orders_one_may_be_killed_again_and_again"
            }
            Self::RollingRestart => "rolling::a_rolling_restart_of_everything_fails_no_request",
            Self::ConsumerPaused => {
                "paused::a_process_that_stood_still_does_no_harm_when_it_goes_on"
            }
            Self::DeliveriesRepeated => {
                "deliveries::events_that_come_again_in_any_order_change_nothing"
            }
            Self::TenStarts => "starts::ten_processes_start_on_an_empty_database_at_once",
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

/// What became of one.
struct Outcome {
    scenario: String,
    took: String,
    passed: bool,
    /// Names and numbers; none where it ended before it had any.
    figures: Vec<(String, String)>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    servers::bring()?;
    // The tests start the program that lies beside them: it must be of the same build.
    cargo(arguments, &["build", "--package", "tessera"]).show()?;
    let build = [
        "test",
        "--no-run",
        "--package",
        "tessera-tests",
        "--test",
        "apart",
    ];
    cargo(arguments, &build).show()?;
    let folder = places::target()?.join("faults");
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
    let whole = Stopwatch::start();
    let chosen =
        |scenario: &&Scenario| arguments.only.is_empty() || arguments.only.contains(*scenario);
    let mut outcomes = Vec::new();
    for scenario in Scenario::value_variants().iter().filter(chosen) {
        outcomes.push(play(arguments, *scenario, &folder));
    }
    let report = format!(
        "{}{}in all: {whole}\n",
        surroundings::tell(arguments.release),
        table(&outcomes)
    );
    println!("\n{report}");
    let path = folder.join("report.txt");
    fs::write(&path, report).map_err(|error| cannot(&path, &error))?;
    judge(&outcomes, &folder)
}

fn cargo(arguments: &Arguments, line: &[&str]) -> Run {
    let run = Run::cargo(line);
    if arguments.release {
        run.arg("--release")
    } else {
        run
    }
}

fn play(arguments: &Arguments, scenario: Scenario, folder: &Path) -> Outcome {
    let name = scenario.name();
    println!("── {name}");
    let watch = Stopwatch::start();
    let row = folder.join(format!("{name}.txt"));
    let size = if arguments.short { "short" } else { "full" };
    let build = [
        "test",
        "--quiet",
        "--package",
        "tessera-tests",
        "--test",
        "apart",
    ];
    let played = cargo(arguments, &build)
        .args(["--", "--exact", "--nocapture", scenario.test()])
        .env("TESSERA_FAULTS", size)
        .env("TESSERA_FAULTS_TABLE", &row)
        .env("TESSERA_FAULTS_LOGS", folder.join(&name))
        // That there are servers; the tests find the program by themselves.
        .env("TESSERA_TEST_NATS_SERVER", "nats-server")
        .show();
    // A test that was renamed is not found, and then passes without a word.
    let figures = fs::read_to_string(&row).unwrap_or_default();
    let figures: Vec<_> = figures
        .split_whitespace()
        .filter_map(|figure| figure.split_once('='))
        .map(|(name, number)| (name.to_owned(), number.to_owned()))
        .collect();
    let passed = played.is_ok() && !figures.is_empty();
    let word = if passed { "passed" } else { "FAILED" };
    println!("── {name} {word} after {watch}\n");
    Outcome {
        scenario: name,
        took: watch.to_string(),
        passed,
        figures,
    }
}

/// The figures below their names, one scenario a line.
fn table(outcomes: &[Outcome]) -> String {
    let widest = outcomes.iter().max_by_key(|outcome| outcome.figures.len());
    let heads = widest.map_or(&[][..], |outcome| outcome.figures.as_slice());
    let mut text = format!("{:<20} {:>7} {:>8}", "scenario", "", "took");
    for (head, _) in heads {
        text += &format!(" {head:>10}");
    }
    text.push('\n');
    for outcome in outcomes {
        let word = if outcome.passed { "passed" } else { "FAILED" };
        text += &format!("{:<20} {word:>7} {:>8}", outcome.scenario, outcome.took);
        for (head, _) in heads {
            let own = outcome.figures.iter().find(|(name, _)| name == head);
            text += &format!(" {:>10}", own.map_or("-", |(_, number)| number));
        }
        text.push('\n');
    }
    text
}

fn judge(outcomes: &[Outcome], folder: &Path) -> Result<(), Failure> {
    let failed = outcomes.iter().filter(|outcome| !outcome.passed);
    let failed: Vec<&str> = failed.map(|outcome| outcome.scenario.as_str()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let (failed, folder) = (failed.join(", "), folder.display());
    Err(Failure::new(format!("failed: {failed}; logs in {folder}")))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
