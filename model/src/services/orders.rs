//! Orders: the lock of the ticket, and the one point where paying, expiring and cancelling race.

use crate::guards::Guards;
use crate::letters::{Event, Failure, Letter};
use crate::names::{Buyer, Id};
use crate::state::{Order, Reason, Standing, State, Status};

/// A buyer reserves: the insert that the unique index lets pass has the ticket.
///
/// The code: `orders::operations::reserve`, the index `orders_one_live`.
pub fn reserve(state: &mut State, guards: &Guards, buyer: Buyer) {
    let is_taken = Id::ALL.iter().any(|id| state.orders[*id].status.is_live());
    let is_withdrawn = state.tickets.said(state.replica) == Standing::Withdrawn;
    let free = Id::ALL
        .into_iter()
        .find(|id| state.orders[*id].status == Status::None);
    let is_refused = is_withdrawn || (is_taken && guards.one_live_order);
    let Some(id) = free.filter(|_| !is_refused) else {
        return;
    };
    state.orders[id] = Order {
        status: Status::Created,
        version: 0,
        buyer: Some(buyer),
        seen: state.replica,
        is_over: false,
    };
    state.append(Event::OrderCreated(id));
}

/// The buyer cancels.
///
/// The code: `orders::operations::cancel`.
pub fn cancel(state: &mut State, id: Id) {
    end(state, id, Reason::CancelledByBuyer);
}

/// An event comes to orders.
///
/// The code: `orders::consumers`, one file each.
pub fn take_in(state: &mut State, guards: &Guards, event: Event) {
    match event {
        Event::TicketUpdated(version) => ticket_changed(state, guards, version),
        Event::TicketRefused(id) => end(state, id, Reason::TicketChanged),
        Event::ExpirationComplete(id) => expire(state, guards, id),
        Event::PaymentCreated(id, _) => complete(state, guards, id),
        Event::PaymentFailed(id, Failure::Declined) => end(state, id, Reason::PaymentFailed),
        Event::PaymentFailed(id, Failure::CaptureFailed) => end(state, id, Reason::CaptureFailed),
        Event::OrderCreated(_)
        | Event::OrderUpdated(_)
        | Event::OrderCompleted(_)
        | Event::OrderCancelled(_) => state.marks.impossible = true,
    }
}

/// `ticket:updated`: the newest copy is kept, and an order that is named has its lock, whatever else is known.
///
/// The code: `orders::consumers::ticket_changed`.
fn ticket_changed(state: &mut State, guards: &Guards, version: u8) {
    if version > state.replica || !guards.newest_counts {
        state.replica = version;
    }
    if let Standing::Reserved(id) = state.tickets.said(version)
        && state.orders[id].status == Status::Created
    {
        step(state, id, Status::AwaitingPayment);
    }
}

/// Whether the event is kept for later, as if it had not come: a nudge before the deadline.
///
/// The code: `orders::consumers::expiration_complete`, `Outcome::PutOff`.
pub fn puts_off(state: &State, guards: &Guards, letter: Letter) -> bool {
    match letter.event {
        Event::ExpirationComplete(id) => {
            guards.own_clock && guards.put_off && is_early(&state.orders[id])
        }
        _ => false,
    }
}

/// Of an order that is paid the deadline is not looked at here: its nudge has no effect, now or later.
fn is_early(order: &Order) -> bool {
    order.status.is_unpaid() && !order.is_over
}

fn expire(state: &mut State, guards: &Guards, id: Id) {
    let is_early = is_early(&state.orders[id]);
    if is_early && guards.own_clock {
        // Without the other guard it is dropped.
        return;
    }
    state.marks.expired_early |= is_early;
    end(state, id, Reason::Expired);
}

/// `payment:created`: the order is complete, if it still awaits payment.
///
/// The code: `orders::consumers::payment_created`, `orders::operations::transition`.
fn complete(state: &mut State, guards: &Guards, id: Id) {
    let awaits = state.orders[id].status == Status::AwaitingPayment;
    if awaits || !guards.complete_from_awaiting {
        step(state, id, Status::Complete);
    }
}

/// The order ends without its ticket, if it may end for that reason.
///
/// The code: `orders::domain::Order::cancelled`, `State::may_cancel`.
fn end(state: &mut State, id: Id, reason: Reason) {
    use Reason::{CancelledByBuyer, CaptureFailed, Expired, PaymentFailed, TicketChanged};
    let may = match state.orders[id].status {
        Status::Created => matches!(reason, TicketChanged | Expired | CancelledByBuyer),
        Status::AwaitingPayment => matches!(reason, Expired | CancelledByBuyer | PaymentFailed),
        Status::Complete => reason == CaptureFailed,
        Status::None | Status::Cancelled(_) => false,
    };
    if may {
        step(state, id, Status::Cancelled(reason));
    }
}

/// A transition and its event, in one transaction.
///
/// The code: `orders::operations::transition`.
fn step(state: &mut State, id: Id, status: Status) {
    let order = &mut state.orders[id];
    order.version += 1;
    order.status = status;
    let event = match status {
        Status::None | Status::Created => return,
        Status::AwaitingPayment => Event::OrderUpdated(id),
        Status::Complete => Event::OrderCompleted(id),
        Status::Cancelled(_) => Event::OrderCancelled(id),
    };
    if !status.is_unpaid() {
        order.is_over = false;
    }
    state.append(event);
}

/// The deadline passes, by the clock of orders.
///
/// The code: `orders::domain::Order::is_over`.
pub fn pass_deadline(state: &mut State, id: Id) {
    let order = &mut state.orders[id];
    order.is_over |= order.status.is_unpaid();
}
