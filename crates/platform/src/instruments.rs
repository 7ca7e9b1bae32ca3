//! The numbers that the mechanisms report, by service. Their names are told once, here.

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};
use tessera_contracts::events::EventType;

use crate::db::Durability;

const WRITER_BATCH: &str = "tessera_db_writer_batch_size";
const OUTBOX_AGE: &str = "tessera_outbox_age_seconds";
const CONSUMER_LAG: &str = "tessera_consumer_lag_seconds";
const BUS_CONNECTED: &str = "tessera_bus_connected";
const RELAY_LEADER: &str = "tessera_relay_leader";
const EVENTS_CONSUMED: &str = "tessera_events_consumed_total";
const EVENT_SECONDS: &str = "tessera_event_handling_seconds";
const DURABILITY: &str = "tessera_database_durability_info";
const SPANS_DROPPED: &str = "tessera_spans_dropped_total";
const DEAD_LETTERS: &str = "tessera_inbox_dead_letters";
const INBOX_WAITING: &str = "tessera_inbox_waiting";
const CONSUMER_PENDING: &str = "tessera_consumer_pending";

/// Tells what each number means; called once, when the recorder is installed.
pub fn describe() {
    describe_histogram!(
        WRITER_BATCH,
        Unit::Count,
        "Transactions that shared one commit."
    );
    describe_gauge!(
        OUTBOX_AGE,
        Unit::Seconds,
        "Age of the oldest event that is not published yet."
    );
    describe_histogram!(
        CONSUMER_LAG,
        Unit::Seconds,
        "Age of the oldest event of a batch when it is taken in."
    );
    describe_counter!(
        EVENTS_CONSUMED,
        Unit::Count,
        "Events that were taken in, by what became of them."
    );
    describe_histogram!(
        EVENT_SECONDS,
        Unit::Seconds,
        "Time from an event's turn to the commit of its effect, or to its failure."
    );
    describe_counter!(
        SPANS_DROPPED,
        Unit::Count,
        "Spans that the collector did not take, or not fast enough."
    );
    describe_gauge!(
        DURABILITY,
        "How commits are kept, as the database said itself: always 1."
    );
    describe_gauge!(
        BUS_CONNECTED,
        "Whether there is a connection to NATS: 1, or 0."
    );
    describe_gauge!(
        RELAY_LEADER,
        "Whether this process publishes the service's outbox: 1, or 0."
    );
    describe_gauge!(
        DEAD_LETTERS,
        Unit::Count,
        "Events that were given up on and wait for an operator."
    );
    describe_gauge!(
        INBOX_WAITING,
        Unit::Count,
        "Events in the inbox that are to be handled again: they failed, came too early, or wait for a version that follows them."
    );
    describe_gauge!(
        CONSUMER_PENDING,
        Unit::Count,
        "Events on the bus that the service has not confirmed: those that wait, and those under way."
    );
}

/// Always 1: what is told is how the service's database keeps its commits.
pub fn durability(service: &'static str, found: &Durability) -> Gauge {
    gauge!(DURABILITY, "service" => service, "settings" => found.to_string())
}

/// Whether there is a connection to the bus: 1, or 0.
pub fn bus_connected() -> Gauge {
    gauge!(BUS_CONNECTED)
}

/// Whether this process is the one that publishes the outbox of the service: 1, or 0.
pub fn relay_leader(service: &'static str) -> Gauge {
    gauge!(RELAY_LEADER, "service" => service)
}

/// How many transactions shared a commit.
pub fn writer_batch(service: &'static str) -> Histogram {
    histogram!(WRITER_BATCH, "service" => service)
}

/// How old the oldest unpublished event is, in seconds.
pub fn outbox_age(service: &'static str) -> Gauge {
    gauge!(OUTBOX_AGE, "service" => service)
}

/// How old events are when they are taken in, in seconds.
pub fn consumer_lag(service: &'static str) -> Histogram {
    histogram!(CONSUMER_LAG, "service" => service)
}

/// How many events are dead.
pub fn dead_letters(service: &'static str) -> Gauge {
    gauge!(DEAD_LETTERS, "service" => service)
}

/// How many events of the inbox are to be handled again.
pub fn inbox_waiting(service: &'static str) -> Gauge {
    gauge!(INBOX_WAITING, "service" => service)
}

/// How many events on the bus the service has not confirmed.
pub fn consumer_pending(service: &'static str) -> Gauge {
    gauge!(CONSUMER_PENDING, "service" => service)
}

/// How many events of a type a service has taken in, with this outcome.
pub fn events_consumed(
    service: &'static str,
    event_type: EventType,
    outcome: &'static str,
) -> Counter {
    counter!(EVENTS_CONSUMED, "service" => service, "type" => event_type.name(), "outcome" => outcome)
}

/// How long a service takes over an event of a type, in seconds.
pub fn event_seconds(service: &'static str, event_type: EventType) -> Histogram {
    histogram!(EVENT_SECONDS, "service" => service, "type" => event_type.name())
}

/// How many spans were left out.
pub fn spans_dropped() -> Counter {
    counter!(SPANS_DROPPED)
}
