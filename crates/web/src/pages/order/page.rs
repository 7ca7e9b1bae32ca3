//! How the page of an order looks.

use askama::Template;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::Payment;
use tessera_contracts::{Amount, OrderId, OrderStatus, PaymentStatus, TicketId};

use super::Seen;
use super::money::{self, Paid};
use super::standing::{Next, Standing, stand};
use crate::cards::{Gateway, Stripe};
use crate::catalogue::{Catalogue, fill};
use crate::frame::Frame;
use crate::notice::Notice;
use crate::shown::Card;
use crate::visitor::Visitor;

/// How soon a browser without scripts looks again at what goes on by itself, in seconds.
const SOON: i64 = 2;
/// The same, of what somebody has to do elsewhere.
const LATER: i64 = 15;

#[derive(Template)]
#[template(path = "order.html")]
pub(crate) struct OrderPage {
    pub(crate) page: Frame,
    pub(crate) since: i64,
    pub(crate) id: OrderId,
    pub(crate) heading: &'static str,
    pub(crate) text: String,
    /// What is said aloud when the page changes by itself.
    pub(crate) news: &'static str,
    pub(crate) notice: Option<Notice>,
    pub(crate) step: Step,
    /// The button that pays.
    pub(crate) pay: String,
    pub(crate) may_cancel: bool,
    /// Whether the time goes on while there is nothing to do.
    pub(crate) shows_clock: bool,
    /// What is left of the time, in milliseconds, when this was written.
    pub(crate) left_ms: i64,
    pub(crate) until: String,
    pub(crate) until_iso: String,
    pub(crate) card: Card,
    pub(crate) price: String,
    pub(crate) fee: String,
    /// What was given back, as an amount below zero.
    pub(crate) given_back: Option<String>,
    pub(crate) reserved_on: String,
    pub(crate) paid: Option<Paid>,
    /// While it may come to a card being entered here.
    pub(crate) stripe: Option<Stripe>,
}

/// What there is to do.
pub(crate) enum Step {
    /// It goes on by itself.
    Wait,
    Pay {
        way: Way,
        key: String,
    },
    /// Hear from the bank.
    Confirm {
        bank: Option<Bank>,
        /// Another card instead.
        another: Option<CardForm>,
        key: String,
    },
    Receipt,
    Ended {
        ticket: TicketId,
    },
}

/// How an order can be paid here.
pub(crate) enum Way {
    TestCards(Vec<TestCard>),
    Form(CardForm),
    /// Not at all.
    None,
}

/// A card of the built-in gateway.
pub(crate) struct TestCard {
    pub(crate) token: &'static str,
    pub(crate) name: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) is_first: bool,
}

/// What Stripe's form is told of the payment that it is for.
pub(crate) struct CardForm {
    /// As Stripe counts it.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    /// Where a bank leads back to that has a page of its own.
    pub(crate) back: String,
}

/// A payment that waits for its payer.
pub(crate) struct Bank {
    pub(crate) payment: String,
    pub(crate) secret: String,
}

pub(crate) fn page(
    visitor: &Visitor,
    frame: Frame,
    seen: &Seen,
    notice: Option<Notice>,
) -> OrderPage {
    let (t, locale, order) = (visitor.words(), visitor.locale, &seen.order);
    let left = order.expires_at.duration_since(visitor.now());
    let left_ms = i64::try_from(left.as_millis()).unwrap_or(0).max(0);
    let standing = stand(t, locale, seen, left_ms == 0);
    let zone = order.ticket.time_zone.as_deref();
    let total = locale.money(&order.total, order.currency);
    let given_back = money::given_back(seen).map(|back| {
        let below = Amount::from(format!("-{}", back.amount()));
        locale.money(&below, order.currency)
    });
    OrderPage {
        page: frame.refreshed_in(refresh(seen, &standing, left_ms)),
        since: visitor.since(),
        id: order.id,
        heading: standing.heading,
        text: standing.text,
        news: standing.heading,
        notice: notice.or_else(|| money::declined(t, visitor, seen)),
        step: step(visitor, seen, standing.next),
        pay: fill(t.order.pay, &[&total]),
        may_cancel: !standing.is_final,
        shows_clock: left_ms > 0 && matches!(standing.next, Next::Wait),
        left_ms,
        until: until(visitor, order),
        until_iso: order.expires_at.to_string(),
        price: locale.money(&order.price, order.currency),
        fee: locale.money(&order.fee, order.currency),
        given_back,
        card: Card::of_order(&order.ticket, total, t, locale),
        reserved_on: locale.day_and_time(order.created_at, zone),
        paid: money::paid(visitor, seen),
        stripe: stripe(visitor, order),
    }
}

/// In how many seconds a browser without scripts looks again.
fn refresh(seen: &Seen, standing: &Standing<'_>, left_ms: i64) -> Option<i64> {
    // The charge comes a moment after the ticket is the buyer's.
    let mut payments = seen.payments.iter();
    let charges = payments.any(|payment| payment.status == PaymentStatus::Authorized);
    let to_the_end = left_ms / 1000 + 1;
    match standing.next {
        Next::Wait => Some(SOON),
        Next::Pay => Some(to_the_end),
        Next::Confirm(_) => Some(to_the_end.min(LATER)),
        Next::Receipt if charges => Some(SOON),
        Next::Receipt | Next::End => None,
    }
}

fn until(visitor: &Visitor, order: &Order) -> String {
    let (locale, zone) = (visitor.locale, order.ticket.time_zone.as_deref());
    let at = order.expires_at;
    format!("{} {}", locale.time(at, zone), locale.zone(at, zone))
}

fn stripe(visitor: &Visitor, order: &Order) -> Option<Stripe> {
    let is_open = matches!(
        order.status,
        OrderStatus::Created | OrderStatus::AwaitingPayment
    );
    match Gateway::of(&visitor.app.settings) {
        Gateway::Form(form) if is_open => Some(Stripe::new(form, visitor.locale.language())),
        _ => None,
    }
}

fn step(visitor: &Visitor, seen: &Seen, next: Next<'_>) -> Step {
    let key = || visitor.new_key();
    match next {
        Next::Wait => Step::Wait,
        Next::Pay => Step::Pay {
            way: way(visitor, &seen.order),
            key: key(),
        },
        Next::Confirm(payment) => Step::Confirm {
            bank: bank(visitor, payment),
            // The one that waits ends by that, and uses a try: the last one does not end so.
            another: card_form(visitor, &seen.order)
                .filter(|_| money::tries_left(visitor, seen) > 1),
            key: key(),
        },
        Next::Receipt => Step::Receipt,
        Next::End => Step::Ended {
            ticket: seen.order.ticket.id,
        },
    }
}

fn way(visitor: &Visitor, order: &Order) -> Way {
    match Gateway::of(&visitor.app.settings) {
        Gateway::Test => Way::TestCards(test_cards(visitor.words())),
        Gateway::Form(_) | Gateway::NoForm => {
            card_form(visitor, order).map_or(Way::None, Way::Form)
        }
    }
}

fn test_cards(t: &Catalogue) -> Vec<TestCard> {
    let cards = t.order.test_cards.iter().enumerate();
    let cards = cards.map(|(place, (token, name, hint))| TestCard {
        token,
        name,
        hint,
        is_first: place == 0,
    });
    cards.collect()
}

/// Stripe's form for what the order costs; none without a form, and none for an amount that cannot be said there.
fn card_form(visitor: &Visitor, order: &Order) -> Option<CardForm> {
    let settings = &visitor.app.settings;
    let Gateway::Form(_) = Gateway::of(settings) else {
        return None;
    };
    let total = order.total.money(order.currency).ok()?;
    Some(CardForm {
        amount: total.counted_by_stripe()?,
        currency: order.currency.to_string(),
        back: format!("{}/orders/{}", settings.public_url.origin(), order.id),
    })
}

fn bank(visitor: &Visitor, payment: &Payment) -> Option<Bank> {
    let Gateway::Form(_) = Gateway::of(&visitor.app.settings) else {
        return None;
    };
    Some(Bank {
        payment: payment.id.to_string(),
        secret: payment.client_secret.clone()?,
    })
}
