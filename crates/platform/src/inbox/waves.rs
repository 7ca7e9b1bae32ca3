//! Which events of a batch may be handled side by side: those that are not about the same things.

use std::collections::HashSet;

use tessera_contracts::events::EventData;
use uuid::Uuid;

use super::handle::Letter;

/// Cuts a batch, in its order, where an event is about something that one before it in the same wave is about.
pub(super) fn waves(letters: &[Letter]) -> Vec<&[Letter]> {
    let (mut waves, mut seen) = (Vec::new(), HashSet::new());
    let (mut start, mut is_closed) = (0, false);
    for (place, letter) in letters.iter().enumerate() {
        let about = about(letter);
        let meets = about
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| seen.contains(id)));
        if place > start && (meets || is_closed) {
            waves.extend(letters.get(start..place));
            start = place;
            seen.clear();
        }
        is_closed = about.is_none();
        seen.extend(about.into_iter().flatten());
    }
    waves.extend(letters.get(start..).filter(|rest| !rest.is_empty()));
    waves
}

/// What an event is about, and may change; `None` when that is more than it names.
pub(super) fn about(letter: &Letter) -> Option<Vec<Uuid>> {
    let Ok(event) = &*letter.event else {
        // Nobody handles it.
        return Some(vec![letter.id.uuid()]);
    };
    match &event.data {
        EventData::TicketCreated(ticket) | EventData::TicketUpdated(ticket) => {
            let order = ticket.order_id.map(|order| order.uuid());
            Some(std::iter::once(ticket.id.uuid()).chain(order).collect())
        }
        EventData::TicketRefused(refused) => Some(vec![refused.id.uuid(), refused.order_id.uuid()]),
        EventData::OrderCreated(order)
        | EventData::OrderUpdated(order)
        | EventData::OrderCancelled(order)
        | EventData::OrderCompleted(order) => Some(vec![order.id.uuid(), order.ticket.id.uuid()]),
        EventData::ExpirationComplete(expired) => Some(vec![expired.subject()]),
        EventData::PaymentCreated(payment)
        | EventData::PaymentCaptured(payment)
        | EventData::PaymentFailed(payment)
        | EventData::PaymentVoided(payment)
        | EventData::PaymentRefunded(payment) => {
            Some(vec![payment.subject(), payment.order_id.uuid()])
        }
        EventData::SessionEnded(ended) => Some(vec![ended.subject()]),
        // All that somebody has.
        EventData::UserRegistered(_) | EventData::UserDeleted(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use tessera_contracts::events::{Event, EventData, ExpirationComplete, UserState};

    use super::*;
    use crate::telemetry::traces::Tracer;

    fn letter(data: EventData) -> Letter {
        let event = Event {
            id: Uuid::from_u128(7).into(),
            source: "/tessera/test".to_owned(),
            time: jiff::Timestamp::UNIX_EPOCH,
            traceparent: None,
            data,
        };
        Letter::from_payload(event.id, event.to_json().into(), &Tracer::default())
    }

    fn expired(order: u128) -> Letter {
        letter(EventData::ExpirationComplete(ExpirationComplete {
            order_id: Uuid::from_u128(order).into(),
        }))
    }

    fn deleted() -> Letter {
        letter(EventData::UserDeleted(UserState {
            id: Uuid::from_u128(9).into(),
        }))
    }

    fn lengths(letters: &[Letter]) -> Vec<usize> {
        waves(letters).iter().map(|wave| wave.len()).collect()
    }

    #[test]
    fn what_is_about_different_things_goes_side_by_side() {
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[expired(1), expired(2), expired(3)]), [3]);
    }

    #[test]
    fn what_is_about_the_same_comes_after() {
        let letters = [expired(1), expired(2), expired(1), expired(3), expired(1)];
        assert_eq!(lengths(&letters), [2, 2, 1]);
    }

    #[test]
    fn the_end_of_an_account_goes_alone() {
        assert_eq!(lengths(&[expired(1), deleted(), expired(2)]), [1, 1, 1]);
        assert_eq!(lengths(&[deleted(), deleted()]), [1, 1]);
    }
}
