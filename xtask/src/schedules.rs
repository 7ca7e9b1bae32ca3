//! The random schedules of card payments, more of them than the suite runs.

use clap::Args;

use crate::run::{Failure, Run};
use crate::scenarios::SUITE;
use crate::servers;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many there are (the suite runs 60)
    #[arg(long, default_value_t = 3_000)]
    count: u64,
    /// The first one's seed: the others count on from it
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// On a PostgreSQL and a NATS server of their own, in place of the embedded ones
    #[arg(long)]
    on_servers: bool,
}

/// Their test, of all those of card payments.
const TEST: [&str; 2] = ["--nocapture", "however_they_go"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let suite = if arguments.on_servers {
        servers::bring()?;
        servers::with(&[&["cargo"], &SUITE[..]].concat())?
    } else {
        Run::cargo(SUITE)
    };
    let test = suite.args(TEST);
    test.env("STRIPE_SCHEDULES", arguments.count.to_string())
        .env("STRIPE_FIRST_SEED", arguments.first_seed.to_string())
        .show()
}
