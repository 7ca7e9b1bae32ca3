//! The number that payments reports for its operator.

use metrics::{Gauge, Unit, describe_gauge, gauge};

const PAYMENTS_OVERDUE: &str = "tessera_payments_overdue_seconds";

/// Age of the oldest thing that the card gateway is still to be asked, in seconds; 0 when there is none.
pub fn payments_overdue() -> Gauge {
    describe_gauge!(
        PAYMENTS_OVERDUE,
        Unit::Seconds,
        "Age of the oldest thing that the card gateway is still to be asked."
    );
    gauge!(PAYMENTS_OVERDUE, "service" => "payments")
}
