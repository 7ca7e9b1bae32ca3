//! What has to be so: the invariants of the contract, by their names, and what has to be possible, so that the
//! model is seen to be alive.
//!
//! "At rest" is said of a state in which nothing is left that happens by itself (`Marketplace::is_at_rest`). Every
//! history comes to rest: what happens by itself always leads on ([`progress`]), and there is only so much of it.

use stateright::Property;

use crate::bounds::Bounds;
use crate::marketplace::Marketplace;
use crate::names::{Asker, Buyer, Id, PerTry, Try};
use crate::state::{Book, Deadline, Order, Payment, Reason, Row, Standing, State, Status, Word};

/// I1.
pub const ONE_LIVE_ORDER: &str = "I1 a ticket has at most one live order";
/// I2.
pub const CHARGED_ONCE: &str = "I2 what is charged is of a complete order, and charged once";
/// I2.
pub const COMPLETE_IS_HELD: &str =
    "I2 the money of a complete order is held or charged, or was refused";
/// I3, as the buyer sees it.
pub const HOLDS_ITS_TICKET: &str = "I3 an order that may be paid, or is paid, holds its ticket";
/// I3, as the seller sees it.
pub const UNCHANGED: &str = "I3 a listing is as its holder saw it";
/// I4.
pub const ONE_EFFECT: &str = "I4 an event has its effect once";
/// I5.
pub const AGREED: &str = "I5 at rest, all services agree";
/// I6.
pub const NOT_TOO_EARLY: &str = "I6 no order expires before its deadline";
/// I6.
pub const FOR_SALE_AGAIN: &str =
    "I6 at rest, no order is unpaid, and a ticket without one is for sale";
/// What no invariant says, and every buyer expects.
pub const NOTHING_HELD: &str = "at rest, the gateway holds no money";
/// What the code would reject or log as an error.
pub const NOTHING_IMPOSSIBLE: &str = "no handler meets what cannot be";

/// All of them: those that hold always, and those of which there is an example within the bounds.
pub fn of(bounds: &Bounds) -> Vec<Property<Marketplace>> {
    let mut all = vec![
        Property::<Marketplace>::always(ONE_LIVE_ORDER, |_, state| live_orders(state) <= 1),
        Property::<Marketplace>::always(CHARGED_ONCE, |_, state| is_charged_once(state)),
        Property::<Marketplace>::always(COMPLETE_IS_HELD, |_, state| is_complete_held(state)),
        Property::<Marketplace>::always(HOLDS_ITS_TICKET, |_, state| holds_its_ticket(state)),
        Property::<Marketplace>::always(UNCHANGED, |_, state| is_unchanged(state)),
        Property::<Marketplace>::always(ONE_EFFECT, |_, state| !state.marks.handled_twice),
        Property::<Marketplace>::always(NOT_TOO_EARLY, |_, state| !state.marks.expired_early),
        Property::<Marketplace>::always(NOTHING_IMPOSSIBLE, |_, state| !state.marks.impossible),
        Property::<Marketplace>::always(AGREED, |model, state| {
            agrees(state) || !model.is_at_rest(state)
        }),
        Property::<Marketplace>::always(FOR_SALE_AGAIN, |model, state| {
            is_for_sale_again(state) || !model.is_at_rest(state)
        }),
        Property::<Marketplace>::always(NOTHING_HELD, |model, state| {
            !holds_money(state) || !model.is_at_rest(state)
        }),
    ];
    all.extend(examples(bounds));
    all
}

fn examples(bounds: &Bounds) -> Vec<Property<Marketplace>> {
    let mut all = alone();
    if bounds.by_ben > 0 {
        all.extend(together());
    }
    if bounds.tries > 1 {
        all.push(Property::<Marketplace>::sometimes(
            "a declined card is followed by an accepted one",
            |_, state| {
                let rows = |tries: &PerTry<Payment>| (tries[Try::P1].row, tries[Try::P2].row);
                let mut orders = state.payments.each().into_iter();
                orders.any(|(_, tries)| rows(tries) == (Row::Declined, Row::Captured))
            },
        ));
    }
    if bounds.edit {
        all.push(Property::<Marketplace>::sometimes(
            "an order is refused, since the listing changed",
            |_, state| ended_by(state, Reason::TicketChanged),
        ));
    }
    if bounds.refuse_capture {
        all.push(Property::<Marketplace>::sometimes(
            "a complete order ends, since its money could not be taken",
            |_, state| ended_by(state, Reason::CaptureFailed),
        ));
    }
    all
}

/// What one order can come to.
fn alone() -> Vec<Property<Marketplace>> {
    vec![
        Property::<Marketplace>::sometimes("a purchase completes", |model, state| {
            has_row(state, Row::Captured) && model.is_at_rest(state)
        }),
        Property::<Marketplace>::sometimes("an order expires", |_, state| {
            ended_by(state, Reason::Expired)
        }),
        Property::<Marketplace>::sometimes(
            "a card is authorized for an order that has ended",
            |_, state| {
                let is_late = |(id, _, payment): (Id, Try, &Payment)| {
                    let copy = state.copies[id].status;
                    let has_ended = matches!(copy, Status::Cancelled(_));
                    payment.row == Row::Processing
                        && payment.asked(Asker::One) == Some(Word::Authorized)
                        && has_ended
                };
                state.attempts().any(is_late)
            },
        ),
    ]
}

/// What it takes two orders for.
fn together() -> Vec<Property<Marketplace>> {
    vec![
        Property::<Marketplace>::sometimes(
            "another buyer buys after an order has ended",
            |_, state| {
                let bens = |order: &Order| order.buyer == Some(Buyer::Ben);
                let mut orders = state.orders.each().into_iter();
                orders.any(|(_, order)| bens(order) && order.status == Status::Complete)
            },
        ),
        Property::<Marketplace>::sometimes(
            "a release hands on to an order that waited",
            |_, state| {
                (1..state.tickets.version).any(|version| {
                    let (before, after) =
                        (state.tickets.said(version), state.tickets.said(version + 1));
                    let both = before.order().zip(after.order());
                    both.is_some_and(|(one, other)| one != other)
                })
            },
        ),
    ]
}

fn live_orders(state: &State) -> usize {
    let orders = state.orders.each();
    orders
        .iter()
        .filter(|(_, order)| order.status.is_live())
        .count()
}

fn is_charged_once(state: &State) -> bool {
    let is_charged = |(_, _, payment): &(Id, Try, &Payment)| payment.book == Book::Charged;
    let charged: Vec<Id> = state
        .attempts()
        .filter(is_charged)
        .map(|(id, ..)| id)
        .collect();
    let is_complete = |id: &Id| state.orders[*id].status == Status::Complete;
    charged.len() <= 1 && charged.iter().all(is_complete)
}

fn is_complete_held(state: &State) -> bool {
    let backs = |(_, payment): &(Try, &Payment)| {
        matches!(
            (payment.row, payment.book),
            (Row::Authorized, Book::Held)
                | (Row::Capturing, Book::Held | Book::Charged | Book::Lapsed)
                | (Row::Captured, Book::Charged)
                | (Row::CaptureFailed, Book::Lapsed)
        )
    };
    let is_backed = |id| state.payments[id].each().iter().any(backs);
    let orders = state.orders.each();
    orders
        .iter()
        .all(|(id, order)| order.status != Status::Complete || is_backed(*id))
}

fn holds_its_ticket(state: &State) -> bool {
    let holder = state.tickets.standing().order();
    let must = |status| matches!(status, Status::AwaitingPayment | Status::Complete);
    let orders = state.orders.each();
    orders
        .iter()
        .all(|(id, order)| !must(order.status) || holder == Some(*id))
}

fn is_unchanged(state: &State) -> bool {
    let holder = state.tickets.standing().order();
    holder.is_none_or(|id| state.tickets.edit_version <= state.orders[id].seen)
}

/// Every copy is as what it was copied from, and the money is where the order says.
fn agrees(state: &State) -> bool {
    let copied = |(id, order): &(Id, &Order)| {
        let copy = state.copies[*id];
        order.status == Status::None
            || (copy.known == order.version + 1
                && copy.status == order.status
                && state.tickets.known[*id] > 0
                && state.deadlines[*id] == Deadline::Ended)
    };
    let booked = |payment: &Payment| {
        matches!(
            (payment.row, payment.book),
            (Row::None, Book::Nothing)
                | (Row::Captured, Book::Charged)
                | (Row::Declined, Book::Declined)
                | (Row::Voided, Book::Released | Book::Lapsed)
                | (Row::CaptureFailed, Book::Lapsed)
        )
    };
    let sold_to = match state.tickets.standing() {
        Standing::Sold(id) => Some(id),
        _ => None,
    };
    let is_paid = |id| {
        let tries = state.payments[id].each();
        tries
            .iter()
            .any(|(_, payment)| payment.row == Row::Captured)
    };
    let orders = state.orders.each();
    state.replica == state.tickets.version
        && orders.iter().all(copied)
        && state.attempts().all(|(_, _, payment)| booked(payment))
        && orders.iter().all(|(id, order)| {
            let is_complete = order.status == Status::Complete;
            is_complete == (sold_to == Some(*id)) && is_complete == is_paid(*id)
        })
}

fn is_for_sale_again(state: &State) -> bool {
    let orders = state.orders.each();
    let is_bought = orders
        .iter()
        .any(|(_, order)| order.status == Status::Complete);
    let is_free = matches!(
        state.tickets.standing(),
        Standing::Available | Standing::Withdrawn
    );
    orders.iter().all(|(_, order)| !order.status.is_unpaid()) && (is_bought || is_free)
}

fn holds_money(state: &State) -> bool {
    state
        .attempts()
        .any(|(_, _, payment)| payment.book == Book::Held)
}

fn has_row(state: &State, row: Row) -> bool {
    state.attempts().any(|(_, _, payment)| payment.row == row)
}

fn ended_by(state: &State, reason: Reason) -> bool {
    let orders = state.orders.each();
    orders
        .iter()
        .any(|(_, order)| order.status == Status::Cancelled(reason))
}

/// How far a history has come. Every step that happens by itself, and every wish that is granted, makes it more; only
/// losses do not. So there is no way to go on for ever without coming to rest.
pub fn progress(state: &State) -> i64 {
    let letters = i64::from(state.inbox.count()) + i64::from(state.outbox.count());
    let orders = state.orders.each().into_iter().map(|(id, order)| {
        let made = i64::from(order.status != Status::None) + 2 * i64::from(order.version);
        made + i64::from(order.is_over) + state.deadlines[id] as i64
    });
    let attempts = state.attempts().map(|(_, _, payment)| {
        let asked = [Asker::One, Asker::Other];
        let known = asked.into_iter().filter_map(|asker| payment.asked(asker));
        // An answer that is still to be recorded is a step on the way; one that comes too late is a step to come.
        let known = known.map(|word| if fits(payment.row, word) { 1 } else { -1 });
        10 * (payment.row as i64) + 10 * (payment.book as i64) + known.sum::<i64>()
    });
    letters + i64::from(state.tickets.version) + orders.sum::<i64>() + attempts.sum::<i64>()
}

/// Whether an answer is to what the row asks.
fn fits(row: Row, word: Word) -> bool {
    matches!(
        (row, word),
        (Row::Processing, Word::Authorized | Word::Declined)
            | (Row::Capturing, Word::Captured | Word::CaptureRefused)
            | (Row::Voiding, Word::Voided)
    )
}
