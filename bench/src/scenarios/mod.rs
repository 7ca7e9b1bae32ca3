//! One file per question that is asked of the server.

pub(crate) mod apart;
pub(crate) mod backlog;
pub(crate) mod browse;
pub(crate) mod build;
pub(crate) mod expire;
pub(crate) mod herd;
pub(crate) mod home;
pub(crate) mod latency;
pub(crate) mod mixed;
pub(crate) mod peer;
pub(crate) mod purchase;
pub(crate) mod rates;
pub(crate) mod reserve;
pub(crate) mod sign_in;
pub(crate) mod startup;

use std::net::SocketAddr;
use std::time::Duration;

use crate::drive::connect;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::load::Load;
use crate::market::{self, Person};
use crate::onlookers::Errand;
use crate::process::Process;
use crate::server::{Home, Program};

/// Long enough for no lock to run out while something else is measured.
const LONG_LOCK_SECONDS: u32 = 6 * 3600;
const SELLERS: usize = 4;

/// A server of its own, and people who sell and buy there.
struct Stage {
    home: Home,
    server: Process,
    sellers: Vec<Person>,
    buyers: Vec<Person>,
}

impl Stage {
    async fn set(program: &Program, buyers: usize) -> Result<Self, Failure> {
        let home = program.home()?;
        let server = program.start(&home, LONG_LOCK_SECONDS).await?;
        eprintln!("signing up {} people", market::number(buyers + SELLERS));
        Ok(Self {
            sellers: market::sign_up(server.address, "seller", SELLERS).await?,
            buyers: market::sign_up(server.address, "buyer", buyers).await?,
            server,
            home,
        })
    }

    /// Examines what was left behind, and ends the server.
    async fn clear(self, program: &Program) -> Result<(), Failure> {
        program.check(&self.home)?;
        self.server.stop().await
    }
}

/// How many connections reserve what a scenario begins with.
const PREPARING: usize = 64;
/// How many tickets are kept for the onlookers: for more than three minutes. Fewer where there is less to be measured.
const KEPT: usize = 2_500;
const SETTLED_WITHIN: Duration = Duration::from_secs(600);

/// What a scenario begins with.
struct Reserved {
    tickets: Vec<String>,
    /// Somebody else, and tickets that are for sale, for as long as those last.
    onlooker: Option<Person>,
    kept: Vec<String>,
}

impl Reserved {
    /// What the onlookers are to do at a server that has all of it.
    fn errand(&mut self, server: SocketAddr) -> Result<Errand, Failure> {
        let nobody = || Failure::new("there is no onlooker");
        Ok(Errand {
            tickets_at: server,
            orders_at: server,
            buyer: self.onlooker.take().ok_or_else(nobody)?,
            kept: std::mem::take(&mut self.kept),
        })
    }
}

/// Lists and reserves so many tickets on a server of its own, which it stops again.
async fn reserved(program: &Program, home: &Home, count: usize) -> Result<Reserved, Failure> {
    let server = program.start(home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    let buyers = market::sign_up(server.address, "buyer", PREPARING).await?;
    let onlooker = market::sign_up(server.address, "onlooker", 1).await?.pop();
    let kept = 0..KEPT.min(count);
    let kept = market::list(server.address, &sellers, kept, market::kept).await?;
    eprintln!("listing {} tickets", market::number(count));
    let tickets = market::list_tickets(server.address, &sellers, count).await?;
    eprintln!("reserving them");
    let load = Load::new(buyers, tickets.clone());
    load.reserve_all(connect(server.address, PREPARING).await?)
        .await?;
    Ledger::open(&home.data_dir())?
        .settled(SETTLED_WITHIN)
        .await?;
    server.stop().await?;
    Ok(Reserved {
        tickets,
        onlooker,
        kept,
    })
}
