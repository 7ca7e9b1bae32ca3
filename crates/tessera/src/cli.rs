//! The command line, with the help that it gives.

use clap::{Args, Parser, Subcommand};
use tessera_contracts::{Currency, OrderId, UserId};

use crate::settings::SettingArgs;

/// Tessera: a marketplace where people resell tickets.
///
/// Without a command it serves the whole marketplace from one process, with nothing else
/// installed: databases and keys are kept under ./data.
///
/// Every setting is a flag and an environment variable of the same name.
#[derive(Debug, Parser)]
#[command(name = "tessera", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

const EXAMPLES: &str = "\
Examples:
  tessera                            serve on http://127.0.0.1:3000
  tessera demo                       fill an empty marketplace, and buy a ticket in it
  tessera serve --listen 0.0.0.0:80  serve to others
  tessera check                      look for anything that cannot be, and exit 1 if there is";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the marketplace (the default)
    ///
    /// Ends on SIGTERM or Ctrl-C: takes no new requests, finishes the running ones within 10
    /// seconds, and stops.
    Serve {
        /// Serve these services alone; they need NATS_URL to hear of the others [default: all]
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
    },
    /// Make or update the databases, and serve nothing
    ///
    /// On PostgreSQL it makes the databases that are missing, if the role of DATABASE_URL may.
    Migrate {
        /// Only those of these services [default: all]
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
    },
    /// Fill an empty marketplace with listings, and walk one purchase through it
    ///
    /// Uses the server at PUBLIC_URL if one answers there; otherwise it serves the marketplace
    /// itself while it runs. Signs up a seller and two buyers, lists tickets for real venues, reserves
    /// one, pays it, lets another reservation expire, and shows every step and the events behind it.
    Demo(DemoArgs),
    /// Look at the events that the services published, or publish them again
    #[command(subcommand)]
    Events(EventsCommand),
    /// Give a buyer money back, wholly or in part
    ///
    /// Notes the refund in the books, and a running server asks the card gateway for it. It comes from what the
    /// seller is owed and from the fees, in the proportion in which they got it. The ticket stays the buyer's.
    Refund(RefundArgs),
    /// Record that a seller was paid
    ///
    /// Only notes what was paid outside of Tessera. Each reference is recorded once.
    Payout(PayoutArgs),
    /// Show the books: what is in each account, and which sellers are owed what
    Ledger {
        /// How many sellers to list
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(0..=10_000))]
        sellers: u16,
    },
    /// Check the invariants across all databases, and exit 1 if one is broken
    ///
    /// Reads the files in DATA_DIR, of a stopped or a running server, or copies the databases at DATABASE_URL
    /// into temporary files and reads those. Changes nothing, and allows for what is still under way. Give it
    /// the NATS_URL of the servers, if they have one: it then knows how events travel.
    ///
    /// Exits 1 if an invariant is broken, and 2 if the databases cannot be read.
    Check(CheckArgs),
    /// Write the API description and the event reference
    #[command(hide = true)]
    Docs {
        /// The folder to write to
        #[arg(long, default_value = "docs")]
        out: std::path::PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many tickets to list
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    pub(crate) listings: u32,
    /// Draws the listings; the same seed lists the same ones
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct RefundArgs {
    /// The order
    pub(crate) order: OrderId,
    /// How much, as in 12.50 [default: all that is left of what was charged]
    #[arg(long)]
    pub(crate) amount: Option<String>,
    /// Why: the seller reads it in their statement
    #[arg(long)]
    pub(crate) reason: String,
    /// What stands for this refund of the order: with the same one again it is decided once
    #[arg(long)]
    pub(crate) reference: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PayoutArgs {
    /// The seller's id, as `tessera ledger` lists it
    pub(crate) seller: UserId,
    /// How much, as in 120.00 [default: all that the seller is owed]
    #[arg(long)]
    pub(crate) amount: Option<String>,
    /// In which currency
    #[arg(long, default_value = "usd")]
    pub(crate) currency: Currency,
    /// What the bank calls the transfer
    #[arg(long)]
    pub(crate) reference: String,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// How long to wait for a suspect to prove to be under way, in seconds
    #[arg(long, default_value_t = 5)]
    pub(crate) patience: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print the latest events, and with --follow every new one
    Tail {
        #[command(flatten)]
        which: Which,
        /// How many of the latest to print
        #[arg(long, short = 'n', default_value_t = 20)]
        lines: u32,
        /// Go on printing new ones, until Ctrl-C
        #[arg(long, short)]
        follow: bool,
        /// Print each event whole, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish events again from the outboxes
    ///
    /// Safe at any time: a service that has handled an event before does nothing. A running server
    /// publishes them within a second, a stopped one at its next start. Outboxes keep 7 days.
    Replay {
        #[command(flatten)]
        which: Which,
        /// Only those made since this moment, as in 2030-01-31T18:00:00Z; at most 7 days ago
        #[arg(long)]
        since: Option<jiff::Timestamp>,
    },
    /// List the events that a service could not handle and gave up on
    Dead {
        /// Only those of this service
        #[arg(long)]
        service: Option<String>,
    },
    /// Let dead events be tried again
    Retry {
        /// The event's id, as `events dead` lists it; left out, all of them
        event: Option<uuid::Uuid>,
        /// Only those of this service
        #[arg(long)]
        service: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only events of this service
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// Only events of this type, as in order:created
    #[arg(long = "type")]
    pub(crate) event_type: Option<tessera_contracts::events::EventType>,
}
