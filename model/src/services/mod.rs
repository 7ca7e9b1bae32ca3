//! What each service does in one transaction. Each function here stands for one of the code, and names it.
//!
//! A handler changes the state as the code's transaction would, and appends the same events. A handler that
//! the code lets end without an effect (`Outcome::Ignored`) ends without one here; where the code rejects an
//! event or logs an error, the mark `impossible` is set.

pub mod expiration;
pub mod gateway;
pub mod orders;
pub mod payments;
pub mod tickets;

use crate::guards::Guards;
use crate::letters::{Event, Letter, Service};
use crate::state::State;

/// One service takes one event in: a transaction with the inbox row in it, unless it is put off.
///
/// The code: `platform::inbox` (`handle::receive`), and the consumer of the service.
pub fn take_in(state: &mut State, guards: &Guards, letter: Letter) {
    if orders::puts_off(state, guards, letter) {
        return;
    }
    state.inbox.insert(letter);
    match (letter.to, letter.event) {
        (Service::Tickets, Event::OrderCreated(id)) => tickets::order_created(state, guards, id),
        (Service::Tickets, Event::OrderCompleted(id)) => {
            tickets::order_completed(state, guards, id);
        }
        (Service::Tickets, Event::OrderCancelled(id)) => {
            tickets::order_cancelled(state, guards, id);
        }
        (Service::Expiration, Event::OrderCreated(id)) => expiration::order_created(state, id),
        (Service::Expiration, Event::OrderCompleted(id) | Event::OrderCancelled(id)) => {
            expiration::order_ended(state, id);
        }
        (
            Service::Payments,
            event @ (Event::OrderCreated(id)
            | Event::OrderUpdated(id)
            | Event::OrderCompleted(id)
            | Event::OrderCancelled(id)),
        ) => payments::follow_order(state, guards, event, id),
        (Service::Orders, event) => orders::take_in(state, guards, event),
        _ => state.marks.impossible = true,
    }
}
