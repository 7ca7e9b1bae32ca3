//! Faults, planned by whoever tests: which call goes wrong, and how.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::calls::Call;

/// What goes wrong with a call. On the wire as in `{"kind": "hang_before", "ms": 200}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The request is lost with its connection: Stripe never had it.
    DropBefore,
    /// It is acted upon, and the connection breaks before the answer.
    DropAfter,
    /// The request is late: Stripe does not know of it yet, also not of its key. `None`: until it is released. It is
    /// acted upon then, also when nobody waits for its answer any more.
    HangBefore {
        /// In milliseconds.
        ms: Option<u64>,
    },
    /// Stripe has it and its key, and does not act yet: a twin is told that the key is in use.
    HangInside {
        /// In milliseconds; `None`: until it is released.
        ms: Option<u64>,
    },
    /// It is acted upon, and the answer is late.
    HangAfter {
        /// In milliseconds; `None`: until it is released.
        ms: Option<u64>,
    },
    /// 500 before anything was done; kept under the key.
    FailBefore,
    /// 500 after it was done; kept under the key.
    FailAfter,
    /// 429: asked too often. Not kept.
    TooMany {
        /// In seconds.
        retry_after: u64,
    },
    /// 503. Not kept.
    Unavailable,
    /// 409: the key is in use, whether it is or not. Not kept.
    KeyInUse,
    /// 409: something else has hold of the object. Not kept.
    Locked,
    /// 404: there is no such thing, as a key of another account is told. Not kept.
    Missing,
    /// 400 before anything was done, for what is so at this moment; kept under the key.
    Refuse,
    /// It is acted upon; the answer's body ends in the middle. What is kept under the key does not.
    Malformed,
    /// It is acted upon twice; the second answer counts.
    Twice,
    /// The capture is refused, as each later one of the same intent is.
    RefuseCapture,
    /// The refund seems to succeed, and fails a minute later.
    RefundFails,
}

/// When a fault comes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Arrival,
    Action,
    Answer,
}

impl Fault {
    fn stage(&self) -> Stage {
        match self {
            Fault::DropBefore
            | Fault::HangBefore { .. }
            | Fault::TooMany { .. }
            | Fault::Unavailable
            | Fault::KeyInUse
            | Fault::Locked
            | Fault::Missing => Stage::Arrival,
            Fault::HangInside { .. }
            | Fault::Refuse
            | Fault::FailBefore
            | Fault::FailAfter
            | Fault::Twice
            | Fault::RefuseCapture
            | Fault::RefundFails => Stage::Action,
            Fault::DropAfter | Fault::HangAfter { .. } | Fault::Malformed => Stage::Answer,
        }
    }
}

struct Planned {
    call: Call,
    fault: Fault,
    /// How many times still; `None`: always.
    left: Option<u32>,
}

/// The faults to come, in their order.
#[derive(Default)]
pub(crate) struct Plan(VecDeque<Planned>);

impl Plan {
    /// Adds a fault to the end; `times` of `None` means always.
    pub(crate) fn add(&mut self, call: Call, fault: Fault, times: Option<u32>) {
        let left = times;
        self.0.push_back(Planned { call, fault, left });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The next fault of a call, if it comes in at this stage. A request has one fault at most.
    pub(super) fn take(&mut self, call: Call, stage: Stage) -> Option<Fault> {
        let concerns = |planned: &&mut Planned| planned.call == call || planned.call == Call::Any;
        let next = self.0.iter_mut().find(concerns)?;
        if next.fault.stage() != stage {
            return None;
        }
        let fault = next.fault.clone();
        if let Some(left) = &mut next.left {
            *left = left.saturating_sub(1);
        }
        self.0.retain(|planned| planned.left != Some(0));
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_their_order_and_at_their_stage() {
        let mut plan = Plan::default();
        plan.add(Call::Create, Fault::FailAfter, Some(2));
        plan.add(Call::Any, Fault::DropBefore, None);
        assert_eq!(plan.take(Call::Create, Stage::Arrival), None);
        assert_eq!(
            plan.take(Call::Create, Stage::Action),
            Some(Fault::FailAfter)
        );
        assert_eq!(
            plan.take(Call::Cancel, Stage::Arrival),
            Some(Fault::DropBefore)
        );
        assert_eq!(
            plan.take(Call::Create, Stage::Action),
            Some(Fault::FailAfter)
        );
        assert_eq!(
            plan.take(Call::Create, Stage::Arrival),
            Some(Fault::DropBefore)
        );
    }

    #[test]
    fn they_have_a_form_on_the_wire() {
        let fault: Fault =
            serde_json::from_str(r#"{"kind":"hang_before","ms":20}"#).expect("a fault");
        assert_eq!(fault, Fault::HangBefore { ms: Some(20) });
        let fault: Fault = serde_json::from_str(r#"{"kind":"hang_after"}"#).expect("a fault");
        assert_eq!(fault, Fault::HangAfter { ms: None });
    }
}
