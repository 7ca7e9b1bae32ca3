//! The demo: fills an empty marketplace with listings, and walks a purchase and an expiry through it.
//!
//! Owns what is listed and who does what. It is a client like any other: all over HTTP, bounded in
//! every wait, and within the rate limits. It never writes to a database; the events at the end are
//! read from the outboxes, where they can be reached.

mod api;
mod catalogue;
mod draw;
mod events;
mod fill;
mod people;
mod probe;
mod show;
mod stage;
mod trouble;
mod wait;
mod walk;
mod words;

use tessera_platform::clock::Clock;
use tessera_platform::db::Place;
use tessera_platform::ids::Ids;

pub(crate) use probe::{Found, look_at};
pub(crate) use show::Show;

use api::Api;
use draw::Draw;
use people::People;
use stage::Stage;
use trouble::Trouble;

/// What is to be shown, and where.
pub(crate) struct Plan {
    /// Where the server answers, as in `http://127.0.0.1:3000`.
    pub(crate) base: String,
    /// Where its databases may be.
    pub(crate) place: Place,
    /// How many tickets to list.
    pub(crate) listings: u32,
    /// Draws them.
    pub(crate) seed: u64,
    /// How often an order may be tried to be paid, as far as is known here.
    pub(crate) payment_attempts: u32,
}

/// The demo did not get to its end.
#[derive(Debug, thiserror::Error)]
#[error("the demo stopped at the step \"{step}\": {trouble}")]
pub(crate) struct Failed {
    step: String,
    trouble: Trouble,
}

/// Fills the marketplace if it is empty, walks one purchase and one expiry, and shows their events.
pub(crate) async fn run(plan: &Plan, show: Show) -> Result<(), Failed> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let mut stage = Stage::new(show, clock, ids);
    let outcome = perform(&mut stage, plan).await;
    outcome.map_err(|trouble| Failed {
        step: stage.current().to_owned(),
        trouble,
    })
}

async fn perform(stage: &mut Stage, plan: &Plan) -> Result<(), Trouble> {
    let began = stage.clock.now();
    let api = Api::new(&plan.base, stage.clock.clone(), stage.show)?;
    let mut people = People::new();
    let mut draw = Draw::new(plan.seed, began)?;
    let filled = fill::fill(stage, &api, &mut people, &mut draw, plan.listings).await?;
    if !filled {
        // Not what an earlier run has sold already.
        draw = Draw::new(stage.ids.random_below(u64::MAX), began)?;
    }
    let attempts = plan.payment_attempts;
    let walked = walk::walk(stage, &api, &mut people, &mut draw, attempts).await?;
    stage.chapter("The events behind it", "reading the events");
    events::show(stage.show, &plan.place, began, &walked).await;
    Ok(())
}
