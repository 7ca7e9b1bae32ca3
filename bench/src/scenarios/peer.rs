//! Another server with the same paths, measured by the same generator in the same run: reservations, round by round in
//! turn. Of a peer nothing is known but its answers (the old system never says that an order awaits its payment), so a
//! reservation counts when it is answered with 201, for both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::drive::{Pace, Tally, Window, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, per_second};
use crate::load::Load;
use crate::market;
use crate::pace;
use crate::report::Report;
use crate::rounds::{Rounds, Turns};
use crate::server::Program;

/// How long a peer may take to let its last listing be bought.
const HEARD_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the peer listens: it has to answer /api/users, /api/tickets and /api/orders there, and to limit nobody. If left out
    /// it is another process of this server, which shows how far rounds differ by themselves
    #[arg(long, value_name = "ADDRESS")]
    peer: Option<SocketAddr>,
    #[command(flatten)]
    turns: Turns,
    /// Distinct tickets that the peer gets for every second; this server gets 10,000
    #[arg(long, default_value_t = 4_000)]
    peer_tickets: u64,
    #[command(flatten)]
    program: Program,
}

/// One of the two.
struct Side {
    address: SocketAddr,
    load: Arc<Load>,
    /// Of all rounds.
    total: Tally,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let mut ours = Side::prepare(arguments, server.address, 10_000).await?;
    let other_home = arguments.program.home()?;
    let (other, address, tickets) = match arguments.peer {
        Some(address) => (None, address, arguments.peer_tickets),
        None => {
            let other = arguments.program.start(&other_home, LONG_LOCK_SECONDS);
            let other = other.await?;
            let address = other.address;
            (Some(other), address, 10_000)
        }
    };
    eprintln!("the peer at {address}");
    let mut peer = Side::prepare(arguments, address, tickets).await?;

    let mut rounds = Rounds::beside("the peer");
    for round in 1..=arguments.turns.rounds {
        let theirs = peer.round(arguments).await?;
        let own = ours.round(arguments).await?;
        eprintln!(
            "  round {round}: the peer {}/s, this server {}/s",
            grouped(theirs),
            grouped(own)
        );
        rounds.add(theirs, own);
    }
    let mut report = Report::new(format!(
        "peer: {} connections, {} rounds of {} s each",
        arguments.turns.connections, arguments.turns.rounds, arguments.turns.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, server.address, &home.data_dir())
        .await?;
    report.row("reservations", rounds.summary());
    for (name, side) in [("this server's", &ours), ("the peer's", &peer)] {
        report.row(format!("{name} latency"), side.total.latencies.summary());
        let others = side.total.others_than(&[StatusCode::CREATED]);
        report.row(format!("{name} other answers"), others);
    }
    arguments.program.check(&home)?;
    server.stop().await?;
    if let Some(other) = other {
        other.stop().await?;
    }
    Ok(report)
}

impl Side {
    async fn prepare(
        arguments: &Arguments,
        address: SocketAddr,
        tickets_per_second: u64,
    ) -> Result<Self, Failure> {
        // Whoever is measured twice has the people of the first time.
        let run = pace::wall_micros();
        let sellers = market::sign_up(address, &format!("seller-{run}"), SELLERS).await?;
        let buyers = market::sign_up(
            address,
            &format!("buyer-{run}"),
            arguments.turns.connections,
        )
        .await?;
        let tickets = tickets_per_second * arguments.turns.seconds * arguments.turns.rounds;
        let tickets = usize::try_from(tickets).because("so many tickets")?;
        eprintln!("listing {} tickets", market::number(tickets));
        let mut tickets = market::list_tickets(address, &sellers, tickets).await?;
        let (Some(last), Some(buyer)) = (tickets.pop(), buyers.first()) else {
            return Err(Failure::new(
                "at least one ticket and one connection are needed",
            ));
        };
        heard_of(address, buyer, &last).await?;
        Ok(Self {
            address,
            load: Load::new(buyers, tickets),
            total: Tally::new()?,
        })
    }

    /// Answers with 201 a second, in one round.
    async fn round(&mut self, arguments: &Arguments) -> Result<u64, Failure> {
        let connections = connect(self.address, arguments.turns.connections).await?;
        let window = Window::of_seconds(arguments.turns.seconds);
        let (_, tally) = self.load.drive(connections, Pace::Closed, window).await?;
        self.total.add(&tally)?;
        Ok(per_second(
            tally.in_time(StatusCode::CREATED),
            arguments.turns.seconds * 1_000_000,
        ))
    }
}

/// Waits until a ticket can be reserved: where services tell each other of it, that takes a moment.
async fn heard_of(
    address: SocketAddr,
    buyer: &market::Person,
    ticket: &str,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let start = pace::now();
    loop {
        let reply = market::reserve(&mut connection, buyer, ticket).await?;
        if reply.status == StatusCode::CREATED {
            return Ok(());
        }
        if start.elapsed() > HEARD_WITHIN {
            reply.expect(StatusCode::CREATED, "the first reservation")?;
        }
        pace::pause(LOOK_EVERY).await;
    }
}
