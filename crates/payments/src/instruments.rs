//! The numbers that payments reports for its operator.

use metrics::{Gauge, Histogram, Unit, describe_gauge, describe_histogram, gauge, histogram};

const PAYMENTS_OVERDUE: &str = "tessera_payments_overdue_seconds";
const DISPUTES_OPEN: &str = "tessera_disputes_open";
const RECONCILED: &str = "tessera_payments_reconciled";
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

/// How many chargebacks wait for the bank's decision.
pub fn disputes_open() -> Gauge {
    describe_gauge!(
        DISPUTES_OPEN,
        Unit::Count,
        "Chargebacks that are not decided."
    );
    gauge!(DISPUTES_OPEN, "service" => "payments")
}

/// Says what [`reconciled`] means.
pub fn describe_reconciled() {
    describe_gauge!(
        RECONCILED,
        Unit::Count,
        "Payments of the last days, by what the last comparison with the gateway found."
    );
}

/// How many payments the last comparison found to be so.
pub fn reconciled(verdict: &'static str) -> Gauge {
    gauge!(RECONCILED, "service" => "payments", "verdict" => verdict)
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
