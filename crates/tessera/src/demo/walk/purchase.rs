//! A purchase: sign-up, listing, search, reservation, a declined card, a good one, the receipt.

use std::ops::ControlFlow;

use reqwest::StatusCode;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::{NewPayment, Payment};
use tessera_contracts::http::tickets::{NewTicket, Ticket};
use tessera_contracts::{OrderStatus, PaymentStatus, TicketStatus};

use super::Cast;
use super::requests::{self, after, order_once, refused, shown, ticket_once};
use crate::demo::api::Api;
use crate::demo::people::{Account, People};
use crate::demo::stage::Stage;
use crate::demo::trouble::Trouble;
use crate::demo::wait::{SOON, from_now, until};
use crate::demo::words;

/// What the test gateway takes for cards.
const GOOD_CARD: &str = "tok_visa";
const BAD_CARD: &str = "tok_chargeDeclined";

const PAYMENTS: &str = "/api/payments";

/// Walks it; answers who took part, and the completed order.
pub async fn walk(
    stage: &mut Stage,
    api: &Api,
    people: &mut People,
    listing: NewTicket,
    attempts: u32,
) -> Result<(Cast, Order), Trouble> {
    stage.step("A seller signs up");
    let seller = people.sign_up(stage, api, "seller").await?;
    stage.step("The seller lists a ticket");
    let ticket = requests::list(stage, api, &seller, &listing).await?;
    stage.step("Two buyers sign up");
    let first = people.sign_up(stage, api, "buyer-1").await?;
    let second = people.sign_up(stage, api, "buyer-2").await?;
    stage.step("The first buyer looks for it");
    search(stage, api, &ticket).await?;
    stage.step("The first buyer reserves it");
    let order = requests::reserve(stage, api, &first, &ticket).await?;
    stage.step("The second buyer wants the same ticket");
    requests::reserve_in_vain(stage, api, &second, &ticket).await?;
    if attempts > 1 {
        stage.step("The first buyer pays with a card that the bank declines");
        pay_in_vain(stage, api, &first, &order).await?;
    }
    stage.step("The first buyer pays with a good card");
    pay(stage, api, &first, &order).await?;
    stage.step("The order is completed, and only then is the card charged");
    let order = completed(stage, api, &first, order).await?;
    ticket_once(stage, api, &ticket, TicketStatus::Sold).await?;
    stage.show.detail("The ticket is sold.");
    receipt(stage, &order);
    let cast = Cast {
        seller,
        first,
        second,
    };
    Ok((cast, order))
}

/// Looks for the ticket by its title, in its city.
async fn search(stage: &Stage, api: &Api, ticket: &Ticket) -> Result<(), Trouble> {
    let title = ticket.title.to_lowercase();
    let words: Vec<&str> = title
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let city = ticket.city.as_deref().unwrap_or_default();
    let path = api.path_with("/api/tickets", &[("q", &words.join(" ")), ("city", city)])?;
    let answer = api.get(&path, None).await?;
    let found: Vec<Ticket> = shown(stage, answer, StatusCode::OK)?.json()?;
    if found.iter().all(|one| one.id != ticket.id) {
        return Err(Trouble::Other(format!(
            "the ticket {} is not among the {} that were found",
            ticket.id,
            found.len()
        )));
    }
    stage.show.detail(match found.len() {
        1 => "Found: it is the only one.".to_owned(),
        many => format!("Found: it is one of {many}."),
    });
    Ok(())
}

async fn pay_in_vain(
    stage: &Stage,
    api: &Api,
    buyer: &Account,
    order: &Order,
) -> Result<(), Trouble> {
    let card = card(order, BAD_CARD);
    let answer = api.post(PAYMENTS, Some(buyer), &card).await?;
    let problem = refused(stage, answer, StatusCode::PAYMENT_REQUIRED, None)?;
    match problem.attempts_left {
        Some(left @ 1..) => stage
            .show
            .detail(format!("The lock stays, with {left} attempts left.")),
        _ => {
            let none = "no attempt is left: the server needs a higher PAYMENT_ATTEMPTS";
            return Err(Trouble::Other(none.to_owned()));
        }
    }
    Ok(())
}

async fn pay(stage: &Stage, api: &Api, buyer: &Account, order: &Order) -> Result<(), Trouble> {
    let card = card(order, GOOD_CARD);
    let answer = api.post(PAYMENTS, Some(buyer), &card).await?;
    // The outcome may still be unknown: it is waited for below.
    let expected = match answer.status {
        StatusCode::ACCEPTED => StatusCode::ACCEPTED,
        _ => StatusCode::CREATED,
    };
    let payment: Payment = shown(stage, answer, expected)?.json()?;
    let amount = words::money(&payment.amount, payment.currency);
    stage.show.detail(format!("{}: {amount}", payment.status));
    Ok(())
}

async fn completed(
    stage: &Stage,
    api: &Api,
    buyer: &Account,
    order: Order,
) -> Result<Order, Trouble> {
    let complete = |order: &Order| order.status == OrderStatus::Complete;
    let order = order_once(stage, api, buyer, order.id, "the completed order", complete).await?;
    let began = stage.clock.now();
    let path = format!("{PAYMENTS}?orderId={}", order.id);
    let ask = async || {
        let answer = api.get(&path, Some(buyer)).await?.expect(StatusCode::OK)?;
        let payments: Vec<Payment> = answer.json()?;
        let captured = |payment: &&Payment| payment.status == PaymentStatus::Captured;
        Ok(match payments.iter().filter(captured).count() {
            1 => ControlFlow::Break(answer),
            count => ControlFlow::Continue(format!("{count} captured payments")),
        })
    };
    let end = from_now(&stage.clock, SOON);
    let answer = until(&stage.clock, end, "the captured payment", ask).await?;
    stage.show.exchange(&answer.request, answer.status);
    let after = after(stage, began);
    stage.show.detail(format!("captured, once{after}"));
    Ok(order)
}

fn card(order: &Order, token: &str) -> NewPayment {
    NewPayment {
        order_id: order.id,
        token: token.to_owned(),
    }
}

fn receipt(stage: &Stage, order: &Order) {
    let Order {
        price,
        fee,
        total,
        currency,
        ..
    } = order;
    let show = stage.show;
    show.gap();
    show.detail("Receipt");
    for line in words::bought(&order.ticket) {
        show.detail(format!("  {line}"));
    }
    let total = words::money(total, *currency);
    show.detail(format!("  {price} and a fee of {fee}: {total}, paid"));
    show.detail(format!("  order {}", order.id));
}
