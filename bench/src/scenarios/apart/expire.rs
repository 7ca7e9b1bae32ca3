//! Very many locks that run out at once, in the distributed form. The services make some of the orders, and the others are
//! copies of those, row by row: a million reservations one by one would take longer than what is measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::super::expire::{Bounds, Wave, must_be_ahead, until_next_count};
use super::super::{PREPARING, SELLERS};
use super::form::Form;
use super::open_to_all;
use crate::drive::connect;
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, millis};
use crate::ledger::Databases;
use crate::load::Load;
use crate::market::{self, Person};
use crate::onlookers::{Errand, Onlookers};
use crate::pace;
use crate::report::Report;
use crate::server::{self, Program};

const SETTLED_WITHIN: Duration = Duration::from_secs(300);
const LOST_AFTER: Duration = Duration::from_secs(1_800);
/// How many tickets are kept for the onlookers: for more than eight minutes.
const KEPT: usize = 6_500;
/// From when the deadlines are moved to what they are moved to: the services are to be ready by then.
const DUE_IN: Duration = Duration::from_secs(10);
const LOCKS_MOVED_PER_SECOND: usize = 20_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Locks that run out at once
    #[arg(long, default_value_t = 100_000)]
    locks: usize,
    /// How many of them the services make themselves
    #[arg(long, default_value_t = 20_000)]
    made: usize,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let folder = home.data_dir();
    std::fs::create_dir_all(&folder).because("a folder")?;
    open_to_all(folder.parent())?;
    let mut form = Form::start(arguments.program.path()?, folder.clone()).await?;
    form.all().await?;
    let databases = Databases::open(&form.databases()).await?;
    let made = arguments.made.min(arguments.locks).max(1);
    let times = arguments.locks.div_ceil(made);
    let guests = make(&form, &databases, made).await?;
    form.only(&[]).await?;
    databases
        .multiply(i32::try_from(times).because("so many copies")?)
        .await?;
    form.all().await?;
    let kept = keep(&form, &databases, &guests, made * times).await?;
    form.only(&[]).await?;
    let deadline = move_deadlines(&databases, made * times).await?;
    form.all().await?;
    must_be_ahead(deadline)?;

    let mut report = Report::new(format!(
        "expire-apart: {} locks due at once, on PostgreSQL and NATS",
        market::number(made * times)
    ));
    report.of(arguments.program.path().ok().as_deref(), &folder);
    report.row("durability", databases.durability().await?);
    report.row(
        "as orders has it",
        server::durability(form.address("orders")?).await?,
    );
    report.row("and on the bus", form.bus().await?);
    report.row("made by the services, then copied", market::number(made));
    let errand = Errand {
        tickets_at: form.address("tickets")?,
        orders_at: form.address("orders")?,
        buyer: guests.onlooker,
        kept,
    };
    let onlookers = Onlookers::come(errand, deadline).await?;
    let others = onlookers.reserved();
    pace::pause_until(deadline).await;
    let micros = count_down(&databases, made * times, &others, deadline).await?;
    let seen = onlookers.leave().await?;
    let wave = Wave { micros, seen };
    wave.tell(&mut report, &arguments.bounds);
    form.check().await?;
    form.stop().await?;
    Ok(report)
}

/// Somebody who comes later, and who sells to them.
struct Guests {
    onlooker: Person,
    sellers: Vec<Person>,
}

/// So many reservations by way of the services.
async fn make(form: &Form, databases: &Databases, count: usize) -> Result<Guests, Failure> {
    let auth = form.address("auth")?;
    let sellers = market::sign_up(auth, "seller", SELLERS).await?;
    let buyers = market::sign_up(auth, "buyer", PREPARING).await?;
    eprintln!("listing {} tickets", market::number(count));
    let tickets = market::list_tickets(form.address("tickets")?, &sellers, count).await?;
    let known = u64::try_from(count).because("so many tickets")?;
    databases.known_tickets(known, SETTLED_WITHIN).await?;
    eprintln!("reserving them");
    let connections = connect(form.address("orders")?, PREPARING).await?;
    Load::new(buyers, tickets).reserve_all(connections).await?;
    databases.settled(SETTLED_WITHIN).await?;
    let onlooker = market::sign_up(auth, "onlooker", 1).await?.pop();
    Ok(Guests {
        onlooker: onlooker.ok_or_else(|| Failure::new("nobody signed up"))?,
        sellers,
    })
}

/// Tickets for the onlookers, beside those that are there, and of which orders is to have heard.
async fn keep(
    form: &Form,
    databases: &Databases,
    guests: &Guests,
    there: usize,
) -> Result<Vec<String>, Failure> {
    let tickets = form.address("tickets")?;
    let wanted = KEPT.min(there);
    let kept = market::list(tickets, &guests.sellers, 0..wanted, market::kept).await?;
    let known = u64::try_from(there + wanted).because("so many tickets")?;
    databases.known_tickets(known, SETTLED_WITHIN).await?;
    Ok(kept)
}

/// Moves all of them to a moment soon.
async fn move_deadlines(databases: &Databases, locks: usize) -> Result<Instant, Failure> {
    let moved_in = u64::try_from(locks.div_ceil(LOCKS_MOVED_PER_SECOND));
    let due_in = DUE_IN + Duration::from_secs(moved_in.because("so many locks")?);
    let deadline = pace::now() + due_in;
    let in_millis = i64::try_from(due_in.as_millis()).because("so many locks")?;
    let due = pace::wall_micros() / 1_000 + in_millis;
    databases.move_deadlines(due).await?;
    Ok(deadline)
}

/// Counts by statements that wait in no queue of the services. `others` are live orders, too.
async fn count_down(
    databases: &Databases,
    locks: usize,
    others: &AtomicU64,
    deadline: Instant,
) -> Result<u64, Failure> {
    let locks = u64::try_from(locks).because("so many locks")?;
    loop {
        let live = databases.live_orders().await?;
        let live = live.saturating_sub(others.load(Ordering::Relaxed));
        let for_sale = if live == 0 {
            databases.tickets_for_sale().await?
        } else {
            0
        };
        let micros = pace::micros_since(deadline);
        eprintln!("  after {}: {} locks left", millis(micros), grouped(live));
        if for_sale == locks {
            return Ok(micros);
        }
        if Duration::from_micros(micros) > LOST_AFTER {
            return Err(Failure::new("the locks were never all released"));
        }
        pace::pause(until_next_count(micros, live, for_sale, locks)).await;
    }
}
