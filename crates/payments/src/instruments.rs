//! The numbers that payments reports for its operator.

use metrics::{Gauge, Histogram, Unit, describe_gauge, describe_histogram, gauge, histogram};

const PAYMENTS_OVERDUE: &str = "tessera_payments_overdue_seconds";
const GATEWAY_SECONDS: &str = "tessera_gateway_call_seconds";

/// Age of the oldest thing that the card gateway is still to be asked, in seconds; 0 when there is none.
pub fn payments_overdue() -> Gauge {
    describe_gauge!(
        PAYMENTS_OVERDUE,
        Unit::Seconds,
        "Age of the oldest thing that the card gateway is still to be asked."
    );
    gauge!(PAYMENTS_OVERDUE, "service" => "payments")
}

/// Says what [`gateway_seconds`] means.
pub fn describe_gateway() {
    describe_histogram!(
        GATEWAY_SECONDS,
        Unit::Seconds,
        "Time that the card gateway took over a call."
    );
}

/// How long a call to the gateway took, in seconds, and whether it was answered.
pub fn gateway_seconds(call: &'static str, outcome: &'static str) -> Histogram {
    histogram!(GATEWAY_SECONDS, "service" => "payments", "call" => call, "outcome" => outcome)
}
