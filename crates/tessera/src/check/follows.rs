//! Who publishes events, and who follows which of them: the contract's table.

use tessera_contracts::events::EventType;
use tessera_contracts::events::EventType::{
    ExpirationComplete, OrderCancelled, OrderCompleted, OrderCreated, OrderUpdated, PaymentCreated,
    PaymentFailed, SessionEnded, TicketCreated, TicketRefused, TicketUpdated, UserDeleted,
};

/// The services, each with the events that it follows.
pub(super) const SERVICES: [(&str, &[EventType]); 5] = [
    ("auth", &[SessionEnded]),
    (
        "tickets",
        &[
            OrderCreated,
            OrderCancelled,
            OrderCompleted,
            UserDeleted,
            SessionEnded,
        ],
    ),
    (
        "orders",
        &[
            TicketCreated,
            TicketUpdated,
            TicketRefused,
            UserDeleted,
            SessionEnded,
            ExpirationComplete,
            PaymentCreated,
            PaymentFailed,
        ],
    ),
    (
        "expiration",
        &[OrderCreated, OrderCancelled, OrderCompleted, SessionEnded],
    ),
    (
        "payments",
        &[
            OrderCreated,
            OrderUpdated,
            OrderCancelled,
            OrderCompleted,
            SessionEnded,
        ],
    ),
];

/// What a follower of an event is asked about it.
#[derive(Clone, Copy)]
pub(super) enum Lacking {
    /// It has not heard of the event at all, and the bus has it no more for it.
    Row,
    /// The event has not had its effect there yet.
    Effect,
}

/// An expression over a row `e` of an outbox: a follower that lacks the event, or `NULL`.
pub(super) fn follower_lacking(what: Lacking) -> String {
    let done = match what {
        Lacking::Row => "",
        Lacking::Effect => " AND i.state = 'done'",
    };
    let cases = SERVICES.iter().map(|(service, follows)| {
        let on_bus = match what {
            Lacking::Row => format!(
                "AND NOT EXISTS (SELECT 1 FROM temp.on_bus AS b WHERE b.event_id = e.id AND b.follower = '{service}')"
            ),
            Lacking::Effect => String::new(),
        };
        let types: Vec<String> = follows.iter().map(|event| format!("'{}'", event.name())).collect();
        let types = types.join(", ");
        format!(
            "WHEN e.type IN ({types})
             AND NOT EXISTS (SELECT 1 FROM {service}.inbox AS i WHERE i.event_id = e.id{done})
             {on_bus} THEN '{service}'"
        )
    });
    format!("CASE {} END", cases.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use tessera_platform::config::RawSettings;

    use super::*;
    use crate::commands;

    #[tokio::test]
    async fn the_services_follow_what_the_contract_says() {
        let folder = tempfile::tempdir().unwrap();
        let raw = RawSettings {
            data_dir: Some(folder.path().display().to_string()),
            ..RawSettings::default()
        };
        let runtime = commands::build(raw.parse().unwrap(), &crate::services::Chosen::all())
            .await
            .unwrap();
        let sorted = |follows: &[EventType]| {
            let mut names: Vec<&str> = follows.iter().map(|event| event.name()).collect();
            names.sort_unstable();
            names
        };
        let expected = SERVICES.map(|(service, follows)| (service, sorted(follows)));
        let found: Vec<_> = runtime
            .services()
            .map(|(service, follows)| (service, sorted(&follows)))
            .collect();
        assert_eq!(found, expected);
    }
}
