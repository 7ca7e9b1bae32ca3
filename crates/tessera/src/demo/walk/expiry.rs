//! A reservation that nobody pays: the ticket is locked until its time is up, and then it is free.

use jiff::SignedDuration;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::tickets::NewTicket;
use tessera_contracts::{CancelReason, TicketStatus};

use super::Cast;
use super::requests::{self, order_once, ticket_once};
use crate::demo::api::Api;
use crate::demo::stage::Stage;
use crate::demo::trouble::Trouble;
use crate::demo::wait::from_now;

/// How soon the event begins. No lock lasts past that, whatever the server's setting is.
const UNTIL_THE_START: SignedDuration = SignedDuration::from_secs(6);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Walks it; answers the expired order.
pub async fn walk(
    stage: &mut Stage,
    api: &Api,
    cast: &Cast,
    listing: NewTicket,
) -> Result<Order, Trouble> {
    let seconds = UNTIL_THE_START.as_secs();
    stage.step(&format!(
        "The seller lists a ticket for something that begins in {seconds} seconds"
    ));
    let listing = NewTicket {
        starts_at: Some(from_now(&stage.clock, UNTIL_THE_START)),
        ..listing
    };
    let ticket = requests::list(stage, api, &cast.seller, &listing).await?;
    stage.step("The second buyer reserves it: no lock lasts past the beginning");
    let order = requests::reserve(stage, api, &cast.second, &ticket).await?;
    stage.step("The first buyer wants it meanwhile");
    requests::reserve_in_vain(stage, api, &cast.first, &ticket).await?;
    stage.step("Nobody pays");
    count_down(stage, &order).await;
    let expired = |order: &Order| order.cancel_reason == Some(CancelReason::Expired);
    let what = "the expired order";
    let order = order_once(stage, api, &cast.second, order.id, what, expired).await?;
    let late = order.updated_at.as_millisecond() - order.expires_at.as_millisecond();
    stage.show.detail(format!(
        "The reason is \"{}\", {late} ms after the end of the lock.",
        CancelReason::Expired
    ));
    ticket_once(stage, api, &ticket, TicketStatus::Available).await?;
    stage
        .show
        .detail("The ticket is free again, though by now too late for anybody.");
    Ok(order)
}

/// Counts the seconds to the end of the lock.
async fn count_down(stage: &Stage, order: &Order) {
    let mut progress = stage.show.progress();
    loop {
        let left = order.expires_at.duration_since(stage.clock.now());
        if left <= SignedDuration::ZERO {
            progress.tell("Its time is up.".to_owned(), true);
            return;
        }
        // Up to the next whole second.
        let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
        progress.tell(format!("{seconds} s left"), true);
        let next =
            left.saturating_sub(SECOND.saturating_mul(i32::try_from(seconds - 1).unwrap_or(0)));
        stage.clock.sleep(next).await;
    }
}
