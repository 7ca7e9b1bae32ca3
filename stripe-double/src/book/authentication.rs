//! The end of a 3-D Secure authentication (<https://docs.stripe.com/payments/3d-secure/authentication-flow>).

use serde::Deserialize;

use super::Book;
use super::cards::Behaviour;
use super::intent::State;
use super::refusal::{Refusal, Refused};

/// How a 3-D Secure authentication ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is them.
    Succeed,
    /// It is not them, or they gave up.
    Fail,
    /// They went away: nothing happens.
    Abandon,
}

impl Book {
    /// Ends the authentication of an intent that waits for it; no other one has any.
    pub(crate) fn complete_action(&mut self, id: &str, outcome: Outcome) -> Result<(), Refused> {
        let intent = self.intents.find(id, "intent")?;
        if intent.state != State::RequiresAction {
            let state = intent.state.as_str();
            let message = format!("A PaymentIntent that is {state} waits for no authentication.");
            return Err(Refusal::unexpected_state(id, message));
        }
        match outcome {
            Outcome::Abandon => Ok(()),
            Outcome::Fail => {
                let message =
                    "The payment method failed authentication. Confirm again with another one.";
                let code = Some("payment_intent_authentication_failure");
                self.fail(id, &Refusal::invalid(code, message))
            }
            Outcome::Succeed => match self.behaviour_of(id)? {
                // The decline is in the intent; the step itself was done.
                Behaviour::AuthenticateAndDecline(decline) => {
                    let _declined = self.decline(id, decline);
                    Ok(())
                }
                _ => self.authorize(id),
            },
        }
    }
}
