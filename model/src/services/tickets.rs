//! Tickets: gives locks, takes them back, sells. Its database is [`crate::state::Tickets`].

use crate::guards::Guards;
use crate::letters::Event;
use crate::names::Id;
use crate::state::{Reason, Standing, State, Status};

/// `order:created`: a lock, a refusal, or a place behind the holder.
///
/// The code: `tickets::consumers::order_created`, `tickets::operations::lock`.
pub fn order_created(state: &mut State, guards: &Guards, id: Id) {
    // An order is created at version 0.
    if !is_news(state, guards, id, 0) {
        return;
    }
    let tickets = &mut state.tickets;
    match tickets.standing() {
        Standing::Available => {
            let is_unedited = tickets.edit_version <= state.orders[id].seen;
            if is_unedited || !guards.lock_if_unedited {
                change(state, Standing::Reserved(id));
            } else {
                state.append(Event::TicketRefused(id));
            }
        }
        Standing::Withdrawn => state.append(Event::TicketRefused(id)),
        Standing::Reserved(holder) | Standing::Sold(holder) if holder == id => {}
        Standing::Reserved(_) | Standing::Sold(_) => tickets.waiting[id] = true,
    }
}

/// `order:completed`: the listing is sold to its holder, and nobody waits for it any more.
///
/// The code: `tickets::consumers::order_completed`, `tickets::operations::sell`.
pub fn order_completed(state: &mut State, guards: &Guards, id: Id) {
    // Created, locked, completed: version 2.
    if !is_news(state, guards, id, 2) {
        return;
    }
    if state.tickets.standing() != Standing::Reserved(id) {
        state.marks.impossible = true;
        return;
    }
    change(state, Standing::Sold(id));
    for one in Id::ALL {
        if state.tickets.waiting[one] {
            refuse_waiting(state, one);
        }
    }
}

/// `order:cancelled`: the order waits no longer, or gives back what it holds.
///
/// The code: `tickets::consumers::order_cancelled`.
pub fn order_cancelled(state: &mut State, guards: &Guards, id: Id) {
    let version = state.orders[id].version;
    if !is_news(state, guards, id, version) {
        return;
    }
    if state.tickets.waiting[id] && guards.end_stops_waiting {
        state.tickets.waiting[id] = false;
        return;
    }
    let standing = state.tickets.standing();
    let is_holder = standing.order() == Some(id) || !guards.release_by_holder;
    if is_holder {
        release(state, id, standing);
    }
}

/// Frees the listing, or hands it on to the newest that waits and saw it as it is.
///
/// The code: `tickets::operations::release`, `tickets::domain::succession`.
fn release(state: &mut State, id: Id, standing: Standing) {
    let charged_never = Status::Cancelled(Reason::CaptureFailed);
    match standing {
        Standing::Reserved(_) => {}
        Standing::Sold(_) if state.orders[id].status == charged_never => {}
        Standing::Sold(_) => {
            state.marks.impossible = true;
            return;
        }
        Standing::Available | Standing::Withdrawn => return,
    }
    let edited = state.tickets.edit_version;
    let waiting = Id::ALL.map(|one| state.tickets.waiting[one].then_some(one));
    let is_fresh = |one: &Id| edited <= state.orders[*one].seen;
    let next = waiting.into_iter().flatten().filter(is_fresh).max();
    change(state, next.map_or(Standing::Available, Standing::Reserved));
    for one in waiting.into_iter().flatten() {
        if Some(one) == next {
            state.tickets.waiting[one] = false;
        } else if edited > state.orders[one].seen {
            refuse_waiting(state, one);
        }
    }
}

/// The seller changes what the listing says.
///
/// The code: `tickets::operations::edit`, `tickets::store::save_edit`.
pub fn edit(state: &mut State, guards: &Guards) {
    let standing = state.tickets.standing();
    if standing == Standing::Available || !guards.edit_while_free {
        change(state, standing);
        state.tickets.edit_version = state.tickets.version;
    }
}

/// The seller takes the listing off the market.
///
/// The code: `tickets::operations::withdraw`.
pub fn withdraw(state: &mut State) {
    if state.tickets.standing() == Standing::Available {
        change(state, Standing::Withdrawn);
    }
}

fn refuse_waiting(state: &mut State, id: Id) {
    state.tickets.waiting[id] = false;
    state.append(Event::TicketRefused(id));
}

/// A new version, and its event.
fn change(state: &mut State, standing: Standing) {
    state.tickets.change(standing);
    state.append(Event::TicketUpdated(state.tickets.version));
}

/// Whether this news of an order is newer than what was seen of it; from now on it is seen.
///
/// The code: `platform::versions::advance`.
fn is_news(state: &mut State, guards: &Guards, id: Id, version: u8) -> bool {
    let known = &mut state.tickets.known[id];
    let is_new = *known <= version;
    *known = (*known).max(version + 1);
    is_new || !guards.newest_counts
}
