//! Taking what is held (<https://docs.stripe.com/api/payment_intents/capture>).

use super::intent::State;
use super::refusal::{Refusal, Refused};
use super::{Book, MovementKind};

impl Book {
    /// Takes the amount, or all of it. What is not taken is released: there is one capture for each intent.
    pub(crate) fn capture(&mut self, id: &str, amount: Option<u64>) -> Result<(), Refused> {
        let intent = self.intents.find(id, "intent")?;
        let held = intent.terms.price.amount;
        match intent.state {
            State::RequiresCapture { refused: false, .. } => {}
            State::RequiresCapture { refused: true, .. } => {
                let message =
                    "The authorization of this charge has expired: it cannot be captured.";
                let code = Some("charge_expired_for_capture");
                return Err(Refusal::invalid(code, message).of_intent(id));
            }
            State::Succeeded { .. } => {
                let message = "This PaymentIntent has been captured already.";
                return Err(Refusal::unexpected_state(id, message));
            }
            _ => {
                let state = intent.state.as_str();
                let message = format!(
                    "A PaymentIntent that is {state} cannot be captured: only one that is requires_capture can."
                );
                return Err(Refusal::unexpected_state(id, message));
            }
        }
        let amount = amount.unwrap_or(held);
        let param = "amount_to_capture";
        if amount > held {
            let message = format!("{amount} is more than the {held} that can be captured.");
            return Err(Refusal::invalid(Some("amount_too_large"), message).about(param));
        }
        if amount == 0 {
            let message = "At least 1 is to be captured.";
            return Err(Refusal::invalid(Some("parameter_invalid_integer"), message).about(param));
        }
        let charge = self.take(id, amount)?;
        self.announce_charge("charge.captured", &charge);
        self.announce_intent("payment_intent.succeeded", id);
        Ok(())
    }

    /// The money moves: `amount` of what the intent holds is charged, the rest released. Answers the charge.
    pub(super) fn take(&mut self, id: &str, amount: u64) -> Result<String, Refused> {
        let intent = self.intent_mut(id)?;
        intent.state = State::Succeeded { received: amount };
        let charge_id = intent.latest_charge.clone().unwrap_or_default();
        let transaction = self.account_for_charge(&charge_id, amount)?;
        let charge = self.charges.find_mut(&charge_id, "charge")?;
        charge.captured = Some(amount);
        charge.transaction = Some(transaction);
        let charge = charge.clone();
        self.moved(MovementKind::Capture, &charge, amount);
        if charge.price.amount > amount {
            self.moved(MovementKind::Release, &charge, charge.price.amount - amount);
        }
        Ok(charge_id)
    }

    /// From now on each capture of what is held is refused. Answers whether anything is.
    pub(crate) fn refuse_capture(&mut self, id: &str) -> bool {
        match self.intents.get_mut(id).map(|intent| &mut intent.state) {
            Some(State::RequiresCapture { refused, .. }) => {
                *refused = true;
                true
            }
            _ => false,
        }
    }
}
