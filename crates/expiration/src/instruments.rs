//! The number that expiration reports for its operator.

use metrics::{Gauge, Unit, describe_gauge, gauge};

const LOCKS_OVERDUE: &str = "tessera_locks_overdue_seconds";

/// Age of the oldest lock that is over and that nobody was told of, in seconds; 0 when there is none.
pub fn locks_overdue() -> Gauge {
    describe_gauge!(
        LOCKS_OVERDUE,
        Unit::Seconds,
        "Age of the oldest lock that is over and that nobody was told of."
    );
    gauge!(LOCKS_OVERDUE, "service" => "expiration")
}
