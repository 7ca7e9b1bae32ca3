//! Ending an intent, by hand or because its authorization ran out
//! (<https://docs.stripe.com/api/payment_intents/cancel>).
//!
//! Since version 2025-03-31.basil neither makes a Refund, `charge.refunded` is not sent, and what ran out is canceled
//! for the reason `expired`, where older versions say `automatic`.

use super::intent::State;
use super::refusal::{Refusal, Refused};
use super::{Book, MovementKind};

const REASONS: [&str; 4] = [
    "duplicate",
    "fraudulent",
    "requested_by_customer",
    "abandoned",
];

impl Book {
    /// Ends an intent that has not taken anything; what it holds is released.
    pub(crate) fn cancel(&mut self, id: &str, reason: Option<String>) -> Result<(), Refused> {
        let param = "cancellation_reason";
        if reason
            .as_ref()
            .is_some_and(|reason| !REASONS.contains(&reason.as_str()))
        {
            let message = format!("Invalid {param}: must be one of {}.", REASONS.join(", "));
            return Err(Refusal::parameter(None, param, message));
        }
        let intent = self.intents.find(id, "intent")?;
        if let State::Succeeded { .. } | State::Canceled { .. } = intent.state {
            let state = intent.state.as_str();
            let message = format!(
                "A PaymentIntent that is {state} cannot be canceled: only one that is requires_payment_method, \
                 requires_capture, requires_confirmation or requires_action can."
            );
            return Err(Refusal::unexpected_state(id, message));
        }
        self.end(id, reason)?;
        self.announce_intent("payment_intent.canceled", id);
        Ok(())
    }

    /// The authorization of this intent runs out now. Answers whether it had one.
    pub(crate) fn expire(&mut self, id: &str) -> Result<bool, Refused> {
        let intent = self.intents.find(id, "intent")?;
        let State::RequiresCapture { .. } = intent.state else {
            return Ok(false);
        };
        let charge = intent.latest_charge.clone().unwrap_or_default();
        self.end(id, Some("expired".to_owned()))?;
        self.announce_charge("charge.expired", &charge);
        self.announce_intent("payment_intent.canceled", id);
        Ok(true)
    }

    pub(super) fn expire_what_is_due(&mut self) {
        let now = self.now;
        let is_due =
            |state: &State| matches!(state, State::RequiresCapture { until, .. } if *until <= now);
        let intents = self.intents.iter().filter(|intent| is_due(&intent.state));
        let due: Vec<String> = intents.map(|intent| intent.id.clone()).collect();
        for id in due {
            // Each of them is there, and holds something.
            let _expired = self.expire(&id);
        }
    }

    fn end(&mut self, id: &str, reason: Option<String>) -> Result<(), Refused> {
        let at = self.now;
        let intent = self.intent_mut(id)?;
        let before = std::mem::replace(&mut intent.state, State::Canceled { at, reason });
        intent.next_action = None;
        let charge = intent.latest_charge.clone();
        if let (State::RequiresCapture { .. }, Some(charge)) = (before, charge) {
            let charge = self.charges.find(&charge, "charge")?.clone();
            self.moved(MovementKind::Release, &charge, charge.price.amount);
        }
        Ok(())
    }
}
