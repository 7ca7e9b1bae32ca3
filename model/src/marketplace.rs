//! The marketplace as the checker sees it: where it begins, what may happen next, and what comes of it.

use stateright::{Model, Property};

use crate::bounds::Bounds;
use crate::guards::Guards;
use crate::letters::{Event, Failure, Letter, Service};
use crate::names::{Asker, Buyer, Id, Try};
use crate::properties;
use crate::services::gateway::Verdict;
use crate::services::{expiration, orders, payments, take_in, tickets};
use crate::state::{Deadline, Row, Standing, State, Status};

/// The model: the protocol within its bounds, with its guards.
#[derive(Clone, Copy, Debug)]
pub struct Marketplace {
    /// How much may happen.
    pub bounds: Bounds,
    /// What keeps it from going wrong.
    pub guards: Guards,
}

/// One step: a transaction of one service, a deed of the gateway, or a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A buyer reserves. `orders::operations::reserve`
    Reserve(Buyer),
    /// A buyer cancels. `orders::operations::cancel`
    Cancel(Id),
    /// A buyer pays. `payments::operations::begin`
    Pay(Id),
    /// The seller edits the listing. `tickets::operations::edit`
    Edit,
    /// The seller withdraws the listing. `tickets::operations::withdraw`
    Withdraw,
    /// The deadline of an order passes, by the clock of orders.
    PassDeadline(Id),
    /// Expiration finds that a deadline has come, by its own clock. `expiration::workers::deadlines`
    Tell(Id),
    /// The gateway is asked what is recorded as to be asked, and does it. `payments::attempt`, `payments::workers::intents`
    Ask(Id, Try, Asker, Verdict),
    /// Its answer is recorded. `payments::operations::record_answer`, `payments::operations::settle`
    Record(Id, Try, Asker),
    /// Its answer is lost, or forgotten in a crash.
    Forget(Id, Try, Asker),
    /// An event comes for the first time. `platform::outbox::relay`, `platform::inbox`
    Deliver(Letter),
    /// An event comes once more: it was published, or offered, a second time, since somebody died in between.
    DeliverAgain(Letter),
}

impl Marketplace {
    /// What people may do.
    fn wishes(&self, state: &State, actions: &mut Vec<Action>) {
        let made_by = |buyer| {
            let orders = state.orders.each();
            orders
                .iter()
                .filter(|(_, order)| order.buyer == Some(buyer))
                .count()
        };
        if made_by(Buyer::Ann) < self.bounds.by_ann {
            actions.push(Action::Reserve(Buyer::Ann));
        }
        if made_by(Buyer::Ann) > 0 && made_by(Buyer::Ben) < self.bounds.by_ben {
            actions.push(Action::Reserve(Buyer::Ben));
        }
        for (id, order) in state.orders.each() {
            if order.status.is_unpaid() {
                actions.push(Action::Cancel(id));
            }
            if state.copies[id].status == Status::AwaitingPayment {
                actions.push(Action::Pay(id));
            }
        }
        if self.bounds.edit && state.tickets.edit_version == 1 {
            actions.push(Action::Edit);
        }
        if self.bounds.withdraw {
            actions.push(Action::Withdraw);
        }
    }

    /// What happens by itself, sooner or later.
    fn duties(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, order) in state.orders.each() {
            if order.status.is_unpaid() && !order.is_over {
                actions.push(Action::PassDeadline(id));
            }
            if state.deadlines[id] == Deadline::Waiting {
                actions.push(Action::Tell(id));
            }
        }
        let askers = [Asker::One, Asker::Other];
        for (id, at, payment) in state.attempts() {
            if !payment.row.has_intent() && !payment.is_asked() {
                continue;
            }
            for asker in askers.into_iter().take(self.bounds.askers) {
                if payment.asked(asker).is_some() {
                    actions.push(Action::Record(id, at, asker));
                } else if payment.row.has_intent() {
                    actions.push(Action::Ask(id, at, asker, Verdict::Granted));
                    actions.push(Action::Ask(id, at, asker, Verdict::Refused));
                }
            }
        }
        actions.extend(state.on_the_way().each().map(Action::Deliver));
    }

    /// What may go wrong.
    fn mishaps(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, at, payment) in state.attempts() {
            for asker in [Asker::One, Asker::Other] {
                if payment.asked(asker).is_some() {
                    actions.push(Action::Forget(id, at, asker));
                }
            }
        }
        actions.extend(state.inbox.each().map(Action::DeliverAgain));
    }

    /// Whether nothing is left that happens by itself: all that is committed is told, done and over.
    pub fn is_at_rest(&self, state: &State) -> bool {
        // Most states are not, and most of those since a letter is on its way.
        let is_for_later = |letter| orders::puts_off(state, &self.guards, letter);
        if !state.on_the_way().each().all(is_for_later) {
            return false;
        }
        let mut duties = Vec::new();
        self.duties(state, &mut duties);
        let changes = |action| self.next_state(state, action).is_some();
        !duties.into_iter().any(changes)
    }

    /// A letter of which nobody but its receiver can notice when it comes, if there is one.
    fn unnoticed(&self, state: &State) -> Option<Letter> {
        if self.bounds.every_moment {
            return None;
        }
        let mut letters = state.on_the_way().each();
        letters.find(|letter| is_unnoticed(state, *letter))
    }

    /// Whether the gateway may decide so.
    fn may_be(&self, state: &State, id: Id, at: Try, verdict: Verdict) -> bool {
        let is_capture = state.payments[id][at].row == Row::Capturing;
        verdict == Verdict::Granted || !is_capture || self.bounds.refuse_capture
    }

    fn perform(&self, state: &mut State, action: Action) {
        let guards = &self.guards;
        match action {
            Action::Reserve(buyer) => orders::reserve(state, guards, buyer),
            Action::Cancel(id) => orders::cancel(state, id),
            Action::Pay(id) => payments::begin(state, guards, id, self.bounds.tries),
            Action::Edit => tickets::edit(state, guards),
            Action::Withdraw => tickets::withdraw(state),
            Action::PassDeadline(id) => orders::pass_deadline(state, id),
            Action::Tell(id) => expiration::tell(state, id),
            Action::Ask(id, at, asker, verdict) => {
                payments::ask(state, guards, (id, at, asker), verdict);
            }
            Action::Record(id, at, asker) => {
                payments::record(state, guards, (id, at, asker), self.bounds.tries);
            }
            Action::Forget(id, at, asker) => payments::forget(state, guards, (id, at, asker)),
            Action::Deliver(letter) => take_in(state, guards, letter),
            Action::DeliverAgain(letter) => {
                state.marks.handled_twice = true;
                take_in(state, guards, letter);
            }
        }
    }
}

impl Model for Marketplace {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::listed()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if let Some(letter) = self.unnoticed(state) {
            actions.push(Action::Deliver(letter));
            return;
        }
        self.wishes(state, actions);
        self.duties(state, actions);
        self.mishaps(state, actions);
    }

    /// What a step leads to; `None` where it changes nothing, such as a repeated delivery of what the inbox knows.
    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        match action {
            Action::DeliverAgain(_) if self.guards.inbox => return None,
            Action::Ask(id, at, _, verdict) if !self.may_be(last, id, at, verdict) => return None,
            _ => {}
        }
        let mut next = last.clone();
        self.perform(&mut next, action);
        if next == *last {
            return None;
        }
        debug_assert!(
            matches!(action, Action::Forget(..) | Action::DeliverAgain(_))
                || properties::progress(&next) > properties::progress(last),
            "{action:?} leads nowhere: {last:?}"
        );
        // Without the inbox everything can come again, and nothing is ever over.
        if self.guards.inbox {
            next.forget_what_is_over();
        }
        Some(next)
    }

    fn format_action(&self, action: &Action) -> String {
        crate::words::of(action)
    }

    fn properties(&self) -> Vec<Property<Marketplace>> {
        properties::of(&self.bounds)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.tickets.has_room()
    }
}

/// Whether it makes no difference to anybody else when the letter comes: it changes nothing, now or later, or only what
/// nobody looks at before the order's next letter to the same service. Either way it can as well come at once.
fn is_unnoticed(state: &State, letter: Letter) -> bool {
    let status = |id: Id| state.orders[id].status;
    match (letter.to, letter.event) {
        // A copy that may not be paid yet, and a deadline that may be told of late enough.
        (Service::Payments | Service::Expiration, Event::OrderCreated(_)) => true,
        // A nudge has no effect from now on.
        (Service::Expiration, _) => true,
        // Something newer is known.
        (Service::Tickets, Event::OrderCreated(id)) => state.tickets.known[id] > 0,
        (Service::Tickets, Event::OrderCompleted(id)) => state.tickets.known[id] > 2,
        (Service::Payments, Event::OrderUpdated(id)) => state.copies[id].known > 1,
        (Service::Payments, Event::OrderCompleted(id)) => state.copies[id].known > 2,
        (Service::Orders, Event::TicketUpdated(version)) => {
            let answers = match state.tickets.said(version) {
                Standing::Reserved(id) => status(id) == Status::Created,
                _ => false,
            };
            version <= state.replica && !answers
        }
        // It has ended, or is paid.
        (
            Service::Orders,
            Event::TicketRefused(id)
            | Event::ExpirationComplete(id)
            | Event::PaymentCreated(id, _)
            | Event::PaymentFailed(id, Failure::Declined),
        ) => !status(id).is_unpaid(),
        _ => false,
    }
}
