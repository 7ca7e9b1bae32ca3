//! The walk: one purchase from sign-up to receipt, and one reservation that nobody pays.
//!
//! Every request is shown with its answer. Those that are refused are part of the play: an answer
//! that is not the one intended ends it.

mod expiry;
mod purchase;
mod requests;

use tessera_contracts::http::orders::Order;

use super::api::Api;
use super::draw::Draw;
use super::people::{Account, People};
use super::stage::Stage;
use super::trouble::Trouble;

/// Who takes part.
struct Cast {
    seller: Account,
    first: Account,
    second: Account,
}

/// What came of it.
pub struct Walked {
    /// The order that was paid.
    pub bought: Order,
    /// The order that was not.
    pub expired: Order,
}

/// Walks both. `attempts` is how often an order may be tried to be paid.
pub async fn walk(
    stage: &mut Stage,
    api: &Api,
    people: &mut People,
    draw: &mut Draw,
    attempts: u32,
) -> Result<Walked, Trouble> {
    stage.chapter("A purchase", "drawing a ticket to sell");
    let listing = draw.listing()?;
    let (cast, bought) = purchase::walk(stage, api, people, listing, attempts).await?;
    stage.chapter(
        "A reservation that nobody pays",
        "drawing a ticket to reserve",
    );
    let listing = draw.listing()?;
    let expired = expiry::walk(stage, api, &cast, listing).await?;
    Ok(Walked { bought, expired })
}
