//! Expiration: deadlines, and nothing but a nudge when one has come.

use crate::letters::Event;
use crate::names::Id;
use crate::state::{Deadline, State};

/// `order:created`: its deadline waits, unless the order is known, be it by its end.
///
/// The code: `expiration::consumers::order_created`, `expiration::store::wait`.
pub fn order_created(state: &mut State, id: Id) {
    let deadline = &mut state.deadlines[id];
    if *deadline == Deadline::Unknown {
        *deadline = Deadline::Waiting;
    }
}

/// `order:completed`, `order:cancelled`: the deadline is of no interest any more. Of the two, an older one finds it
/// ended already.
///
/// The code: `expiration::consumers::order_ended`, `expiration::store::end`.
pub fn order_ended(state: &mut State, id: Id) {
    state.deadlines[id] = Deadline::Ended;
}

/// Tells of a deadline that has come by the clock of expiration, which may be ahead of the one of orders, or behind it.
///
/// The code: `expiration::workers::deadlines`.
pub fn tell(state: &mut State, id: Id) {
    if state.deadlines[id] == Deadline::Waiting {
        state.deadlines[id] = Deadline::Told;
        state.append(Event::ExpirationComplete(id));
    }
}
