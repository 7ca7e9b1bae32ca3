//! Payments: attempts, and what becomes of the money that they hold.

use super::gateway::{self, Verdict};
use crate::guards::Guards;
use crate::letters::{Event, Failure};
use crate::names::{Asker, Id, Try};
use crate::state::{Copied, Row, State, Status, Word};

/// Begins an attempt: from its commit on the gateway may be asked. `tries` is how many attempts may be declined.
///
/// The clock of payments may be behind: an attempt after the deadline is tried here, too.
///
/// The code: `payments::operations::begin`, the unique index over live payments.
pub fn begin(state: &mut State, guards: &Guards, id: Id, tries: usize) {
    let attempts = &mut state.payments[id];
    let is_payable = state.copies[id].status == Status::AwaitingPayment;
    let declined = attempts
        .each()
        .iter()
        .filter(|(_, one)| one.row == Row::Declined)
        .count();
    let has_live = attempts.each().iter().any(|(_, one)| one.row.is_live());
    let free = Try::ALL
        .into_iter()
        .take(tries)
        .find(|at| attempts[*at].row == Row::None);
    let is_refused = !is_payable || declined >= tries || (has_live && guards.one_live_payment);
    if let Some(at) = free.filter(|_| !is_refused) {
        attempts[at].row = Row::Processing;
    }
}

/// Somebody asks the gateway what a row says is to be asked; the answer is on its way, or in memory.
///
/// The code: `payments::attempt::pay`, `payments::workers::intents`.
pub fn ask(
    state: &mut State,
    guards: &Guards,
    (id, at, asker): (Id, Try, Asker),
    verdict: Verdict,
) {
    let payment = &mut state.payments[id][at];
    let asks_first = guards.intent_first || !payment.is_forgotten || payment.row != Row::Processing;
    if payment.asked(asker).is_some() || !asks_first {
        return;
    }
    if let Some((book, word)) = gateway::ask(payment.row, payment.book, verdict) {
        payment.book = book;
        payment.set_asked(asker, Some(word));
    }
}

/// The answer is lost, or whoever had it dies. What is recorded stays.
pub fn forget(state: &mut State, guards: &Guards, (id, at, asker): (Id, Try, Asker)) {
    let payment = &mut state.payments[id][at];
    payment.is_forgotten |= !guards.intent_first && payment.asked(asker).is_some();
    payment.set_asked(asker, None);
}

/// Records an answer, by compare-and-set: of two who asked, the second one changes nothing.
///
/// The code: `payments::operations::record_answer`, `payments::operations::settle`.
pub fn record(state: &mut State, guards: &Guards, (id, at, asker): (Id, Try, Asker), tries: usize) {
    let payment = &mut state.payments[id][at];
    let Some(word) = payment.asked(asker) else {
        return;
    };
    payment.set_asked(asker, None);
    match (payment.row, word) {
        (Row::Processing, Word::Authorized) => authorized(state, guards, id, at),
        (Row::Processing, Word::Declined) => {
            payment.row = Row::Declined;
            let rows = state.payments[id].each();
            if rows
                .iter()
                .filter(|(_, one)| one.row == Row::Declined)
                .count()
                >= tries
            {
                state.append(Event::PaymentFailed(id, Failure::Declined));
            }
        }
        (Row::Capturing, Word::Captured) => payment.row = Row::Captured,
        (Row::Capturing, Word::CaptureRefused) => {
            payment.row = Row::CaptureFailed;
            state.append(Event::PaymentFailed(id, Failure::CaptureFailed));
        }
        (Row::Voiding, Word::Voided) => payment.row = Row::Voided,
        _ => {}
    }
}

/// The amount is held. For an order that has ended meanwhile it is released at once.
///
/// The code: `payments::domain::Payment::answered`.
fn authorized(state: &mut State, guards: &Guards, id: Id, at: Try) {
    let awaits_payment = state.copies[id].status.is_unpaid();
    let payment = &mut state.payments[id][at];
    if !awaits_payment && guards.void_late_answer {
        payment.row = Row::Voiding;
        return;
    }
    payment.row = if guards.capture_when_complete {
        Row::Authorized
    } else {
        Row::Capturing
    };
    state.append(Event::PaymentCreated(id, at));
}

/// An event of an order: the newest copy is kept, and by the end of the order it is decided what becomes of what is held.
///
/// The code: `payments::operations::follow_order`.
pub fn follow_order(state: &mut State, guards: &Guards, event: Event, id: Id) {
    let order = &state.orders[id];
    let (version, status) = match event {
        Event::OrderUpdated(_) => (1, Status::AwaitingPayment),
        Event::OrderCompleted(_) => (2, Status::Complete),
        Event::OrderCancelled(_) => (order.version, order.status),
        _ => (0, Status::Created),
    };
    if state.copies[id].known > version && guards.newest_counts {
        return;
    }
    state.copies[id] = Copied {
        known: version + 1,
        status,
    };
    let live = state.payments[id].each();
    let live = live.iter().find(|(_, payment)| payment.row.is_live());
    let live = live.map(|(at, payment)| (*at, payment.row));
    match (status, live) {
        (Status::Complete, Some((at, Row::Authorized))) => {
            state.payments[id][at].row = Row::Capturing;
        }
        // It is under way too early.
        (Status::Complete, Some(_)) if !guards.capture_when_complete => {}
        (Status::Complete, _) => state.marks.impossible = true,
        (Status::Cancelled(_), Some((at, Row::Authorized))) if guards.void_on_end => {
            state.payments[id][at].row = Row::Voiding;
        }
        (Status::Cancelled(_), Some((_, Row::Capturing | Row::Captured))) => {
            state.marks.impossible = true;
        }
        _ => {}
    }
}
