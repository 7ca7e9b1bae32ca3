//! A history in sentences, for whoever has to find out what went wrong in it.

use crate::letters::{Event, Failure, Letter};
use crate::marketplace::Action;
use crate::names::{Asker, Id, Try};
use crate::services::gateway::Verdict;
use crate::state::{Payment, State};

/// One step.
pub fn of(action: &Action) -> String {
    match *action {
        Action::Reserve(buyer) => format!("{buyer:?} reserves"),
        Action::Cancel(id) => format!("the buyer of {id:?} cancels it"),
        Action::Pay(id) => format!("the buyer of {id:?} pays: the attempt is recorded"),
        Action::Edit => "the seller edits the listing".to_owned(),
        Action::Withdraw => "the seller withdraws the listing".to_owned(),
        Action::PassDeadline(id) => format!("the deadline of {id:?} passes at orders"),
        Action::Tell(id) => format!("expiration tells that the time of {id:?} is over"),
        Action::Ask(id, at, asker, verdict) => {
            let asked = format!("{} asks the gateway about {}", who(asker), attempt(id, at));
            match verdict {
                Verdict::Granted => asked,
                Verdict::Refused => format!("{asked}, which refuses"),
            }
        }
        Action::Record(id, at, asker) => {
            format!(
                "{} records the answer about {}",
                who(asker),
                attempt(id, at)
            )
        }
        Action::Forget(id, at, asker) => {
            format!(
                "{} dies with the answer about {}",
                who(asker),
                attempt(id, at)
            )
        }
        Action::Deliver(letter) => told(letter),
        Action::DeliverAgain(letter) => format!("{}, once more", told(letter)),
    }
}

/// How all stands, in a few lines.
pub fn of_state(state: &State) -> String {
    let tickets = &state.tickets;
    let mut lines = vec![format!(
        "tickets: {:?}, version {}, edited at {}; orders knows version {}",
        tickets.standing(),
        tickets.version,
        tickets.edit_version,
        state.replica
    )];
    for (id, order) in state.orders.each() {
        if order.buyer.is_none() {
            continue;
        }
        lines.push(format!(
            "{id:?}: {:?}, saw version {}; at payments {:?}, at expiration {:?}{}",
            order.status,
            order.seen,
            state.copies[id].status,
            state.deadlines[id],
            if tickets.waiting[id] { ", waits" } else { "" }
        ));
        let tries = state.payments[id].each().into_iter();
        let begun = tries.filter(|(_, payment)| **payment != Payment::default());
        lines.extend(begun.map(|(at, payment)| {
            let (row, book) = (payment.row, payment.book);
            format!("{}: {row:?}, at the gateway {book:?}", attempt(id, at))
        }));
    }
    let on_the_way: Vec<String> = state.on_the_way().each().map(name).collect();
    lines.push(format!("on the way: {}", on_the_way.join(", ")));
    lines.join("\n")
}

fn who(asker: Asker) -> &'static str {
    match asker {
        Asker::One => "somebody",
        Asker::Other => "somebody else",
    }
}

fn attempt(id: Id, at: Try) -> String {
    format!("{at:?} of {id:?}")
}

fn told(letter: Letter) -> String {
    let to = format!("{:?}", letter.to).to_lowercase();
    format!("{to} takes in {}", event(letter.event))
}

fn name(letter: Letter) -> String {
    let to = format!("{:?}", letter.to).to_lowercase();
    format!("{} to {to}", event(letter.event))
}

fn event(event: Event) -> String {
    match event {
        Event::TicketUpdated(version) => format!("ticket:updated, version {version}"),
        Event::TicketRefused(id) => format!("ticket:refused for {id:?}"),
        Event::OrderCreated(id) => format!("order:created of {id:?}"),
        Event::OrderUpdated(id) => format!("order:updated of {id:?}"),
        Event::OrderCompleted(id) => format!("order:completed of {id:?}"),
        Event::OrderCancelled(id) => format!("order:cancelled of {id:?}"),
        Event::ExpirationComplete(id) => format!("expiration:complete of {id:?}"),
        Event::PaymentCreated(id, at) => format!("payment:created, {}", attempt(id, at)),
        Event::PaymentFailed(id, Failure::Declined) => {
            format!("payment:failed of {id:?}, declined")
        }
        Event::PaymentFailed(id, Failure::CaptureFailed) => {
            format!("payment:failed of {id:?}, the capture refused")
        }
    }
}
