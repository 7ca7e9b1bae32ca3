//! The requests of the walk, each shown with its answer and what it means.

use std::ops::ControlFlow;

use jiff::Timestamp;
use reqwest::StatusCode;
use tessera_contracts::http::Problem;
use tessera_contracts::http::orders::{NewOrder, Order};
use tessera_contracts::http::tickets::{NewTicket, Ticket};
use tessera_contracts::{OrderId, OrderStatus, TicketStatus};

use crate::demo::api::{Answer, Api};
use crate::demo::people::Account;
use crate::demo::stage::Stage;
use crate::demo::trouble::Trouble;
use crate::demo::wait::{SOON, from_now, millis_since, until};
use crate::demo::words;

/// Lists a ticket.
pub async fn list(
    stage: &Stage,
    api: &Api,
    seller: &Account,
    listing: &NewTicket,
) -> Result<Ticket, Trouble> {
    let answer = api.post("/api/tickets", Some(seller), listing).await?;
    let ticket: Ticket = shown(stage, answer, StatusCode::CREATED)?.json()?;
    for line in words::listing(&ticket) {
        stage.show.detail(line);
    }
    Ok(ticket)
}

/// Reserves a ticket at the price that it is listed for, and waits until its lock is confirmed.
pub async fn reserve(
    stage: &Stage,
    api: &Api,
    buyer: &Account,
    ticket: &Ticket,
) -> Result<Order, Trouble> {
    // Orders hears of a listing by an event: it may not have come yet.
    let ask = async || {
        let answer = try_to_reserve(api, buyer, ticket).await?;
        Ok(match answer.status {
            StatusCode::NOT_FOUND => ControlFlow::Continue(answer.in_words()),
            _ => ControlFlow::Break(answer),
        })
    };
    let end = from_now(&stage.clock, SOON);
    let answer = until(&stage.clock, end, "the listing at orders", ask).await?;
    let order: Order = shown(stage, answer, StatusCode::CREATED)?.json()?;
    stage.show.detail(format!(
        "{}: nobody else gets it until {:.0}",
        order.status, order.expires_at
    ));
    let locked = |order: &Order| order.status == OrderStatus::AwaitingPayment;
    order_once(stage, api, buyer, order.id, "the lock", locked).await
}

/// Wants a ticket that somebody else has, and is refused.
pub async fn reserve_in_vain(
    stage: &Stage,
    api: &Api,
    buyer: &Account,
    ticket: &Ticket,
) -> Result<(), Trouble> {
    let answer = try_to_reserve(api, buyer, ticket).await?;
    refused(stage, answer, StatusCode::CONFLICT, Some("ticket_reserved")).map(drop)
}

async fn try_to_reserve(api: &Api, buyer: &Account, ticket: &Ticket) -> Result<Answer, Trouble> {
    let wish = NewOrder {
        ticket_id: ticket.id,
        price: Some(ticket.price.clone()),
        total: Some(ticket.total.clone()),
    };
    api.post("/api/orders", Some(buyer), &wish).await
}

/// The order, once it is as `wanted`; the states on the way to it are not shown. `what` names what
/// is waited for.
pub async fn order_once(
    stage: &Stage,
    api: &Api,
    buyer: &Account,
    id: OrderId,
    what: &str,
    wanted: impl Fn(&Order) -> bool,
) -> Result<Order, Trouble> {
    let began = stage.clock.now();
    let path = format!("/api/orders/{id}");
    let ask = async || {
        let answer = api.get(&path, Some(buyer)).await?.expect(StatusCode::OK)?;
        let order: Order = answer.json()?;
        if wanted(&order) {
            return Ok(ControlFlow::Break((answer, order)));
        }
        match order.cancel_reason {
            None => Ok(ControlFlow::Continue(order.status.to_string())),
            Some(reason) => Err(Trouble::Other(format!("the order was cancelled: {reason}"))),
        }
    };
    let end = from_now(&stage.clock, SOON);
    let (answer, order) = until(&stage.clock, end, what, ask).await?;
    stage.show.exchange(&answer.request, answer.status);
    stage
        .show
        .detail(format!("{}{}", order.status, after(stage, began)));
    Ok(order)
}

/// Waits until the listing has come to this state.
pub async fn ticket_once(
    stage: &Stage,
    api: &Api,
    ticket: &Ticket,
    wanted: TicketStatus,
) -> Result<(), Trouble> {
    let path = format!("/api/tickets/{}", ticket.id);
    let ask = async || {
        let answer = api.get(&path, None).await?.expect(StatusCode::OK)?;
        let ticket: Ticket = answer.json()?;
        Ok(if ticket.status == wanted {
            ControlFlow::Break(answer)
        } else {
            ControlFlow::Continue(ticket.status.to_string())
        })
    };
    let end = from_now(&stage.clock, SOON);
    let what = format!("the listing as {wanted}");
    let answer = until(&stage.clock, end, &what, ask).await?;
    stage.show.exchange(&answer.request, answer.status);
    Ok(())
}

/// Shows the answer, which must have this status.
pub fn shown(stage: &Stage, answer: Answer, expected: StatusCode) -> Result<Answer, Trouble> {
    stage.show.exchange(&answer.request, answer.status);
    answer.expect(expected)
}

/// Shows the refusal, which must have this status, and this code if one is given.
pub fn refused(
    stage: &Stage,
    answer: Answer,
    expected: StatusCode,
    code: Option<&str>,
) -> Result<Problem, Trouble> {
    let answer = shown(stage, answer, expected)?;
    let problem: Problem = answer.json()?;
    if code.is_some_and(|code| code != problem.code) {
        return Err(Trouble::Unexpected {
            answer: answer.in_words(),
            request: answer.request,
            expected,
        });
    }
    stage
        .show
        .detail(format!("Refused, as it should be: {}", problem.detail));
    Ok(problem)
}

/// How long something took, where a person would notice.
pub fn after(stage: &Stage, began: Timestamp) -> String {
    match millis_since(&stage.clock, began) {
        ..=0 => String::new(),
        millis => format!(", after {millis} ms"),
    }
}
