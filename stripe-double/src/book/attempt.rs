//! Confirming an intent: its card is charged, held, declined, or its owner asked to authenticate
//! (<https://docs.stripe.com/payments/paymentintents/lifecycle>).

use serde_json::{Value, json};

use super::cards::Behaviour;
use super::charge::Charge;
use super::declines::{Decline, UNAUTHENTICATED};
use super::intent::{CaptureMethod, NewIntent, State};
use super::refusal::{Refusal, Refused};
use super::{Book, Kept, MovementKind};

/// A card payment is held for so long (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>).
const HELD_FOR: i64 = 7 * 24 * 60 * 60;

/// How to confirm.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// `ctoken_…`, which brings the payment method.
    pub(crate) confirmation_token: Option<String>,
    pub(crate) return_url: Option<String>,
    /// The page does the next step with Stripe.js.
    pub(crate) use_sdk: bool,
    /// Nobody is there to authenticate: it is a decline instead.
    pub(crate) nobody_there: bool,
}

impl How {
    /// What is wrong with the parameters, before anything is made.
    pub(super) fn check(&self, terms: &NewIntent, has_method: bool) -> Result<(), Refused> {
        if !has_method {
            let message = "You cannot confirm this PaymentIntent without a payment method.";
            return Err(Refusal::parameter(
                Some("parameter_missing"),
                "payment_method",
                message,
            ));
        }
        if !terms.kinds.taken().contains(&"card") {
            let message = "This PaymentIntent takes no cards.";
            let code = Some("payment_intent_incompatible_payment_method");
            return Err(Refusal::invalid(code, message));
        }
        // A confirmation token brings its own address.
        let has_way = self.return_url.is_some() || self.confirmation_token.is_some();
        if terms.kinds.want_a_way_back() && !has_way {
            let message = "This PaymentIntent takes the payment methods of the account's settings, and some of them \
                redirect: give a return_url, or set automatic_payment_methods[allow_redirects] to never.";
            return Err(Refusal::parameter(None, "return_url", message));
        }
        Ok(())
    }
}

impl Book {
    /// Confirms with the payment method that is given now, or with the one that the intent has.
    pub(crate) fn confirm(
        &mut self,
        id: &str,
        method: Option<String>,
        mut how: How,
    ) -> Result<(), Refused> {
        let intent = self.intents.find(id, "intent")?;
        // Whether one can confirm anew while an authentication is open is not documented. Here one cannot, so that a
        // client secret charges nothing while another attempt is under way.
        if !matches!(
            intent.state,
            State::RequiresPaymentMethod | State::RequiresConfirmation
        ) {
            let state = intent.state.as_str();
            let message = format!("A PaymentIntent that is {state} cannot be confirmed.");
            return Err(Refusal::unexpected_state(id, message));
        }
        how.return_url = how.return_url.or_else(|| intent.return_url.clone());
        let has_method = method.is_some() || intent.method.is_some();
        how.check(
            &intent.terms,
            has_method || how.confirmation_token.is_some(),
        )?;
        let method = match how.confirmation_token.take() {
            Some(token) => Some(self.use_confirmation_token(&token, id, &mut how)?),
            None => method,
        };
        let intent = self.intent_mut(id)?;
        intent.method = method.or_else(|| intent.method.take());
        intent.return_url = how.return_url.take();
        intent.last_error = None;
        intent.state = State::RequiresConfirmation;
        self.attempt(id, &how)
    }

    fn attempt(&mut self, id: &str, how: &How) -> Result<(), Refused> {
        match self.behaviour_of(id)? {
            Behaviour::Accept
            | Behaviour::AcceptAndFailRefunds
            | Behaviour::AcceptAndDelayRefunds => self.authorize(id),
            Behaviour::Decline(decline) => self.decline(id, decline),
            Behaviour::Authenticate | Behaviour::AuthenticateAndDecline(_) if how.nobody_there => {
                self.decline(id, &UNAUTHENTICATED)
            }
            Behaviour::Authenticate | Behaviour::AuthenticateAndDecline(_) => {
                self.ask_to_authenticate(id, how)
            }
        }
    }

    /// What becomes of the card of an intent.
    pub(super) fn behaviour_of(&self, id: &str) -> Result<Behaviour, Refused> {
        let intent = self.intents.find(id, "intent")?;
        let method = intent.method.as_deref().unwrap_or_default();
        Ok(self.methods.find(method, "payment_method")?.card.behaviour)
    }

    fn ask_to_authenticate(&mut self, id: &str, how: &How) -> Result<(), Refused> {
        let url = self.url.clone();
        let intent = self.intent_mut(id)?;
        let action = match (&intent.return_url, how.use_sdk) {
            (Some(back), false) => {
                let page = authentication_page(&url, id, &intent.secret, back);
                json!({
                    "type": "redirect_to_url",
                    "redirect_to_url": { "return_url": back, "url": page },
                })
            }
            // What is inside is a matter between Stripe and its script; the double's own looks at none of it.
            _ => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect" },
            }),
        };
        intent.state = State::RequiresAction;
        intent.next_action = Some(action);
        self.announce_intent("payment_intent.requires_action", id);
        Ok(())
    }

    /// Holds the amount, and takes it at once unless that is to be done by hand.
    pub(super) fn authorize(&mut self, id: &str) -> Result<(), Refused> {
        let charge = self.new_charge(id, None)?;
        self.moved(MovementKind::Authorize, &charge, charge.price.amount);
        let charge_id = self.put_charge(id, charge)?;
        let until = self.now.saturating_add(HELD_FOR);
        let intent = self.intent_mut(id)?;
        let (capture, amount) = (intent.terms.capture, intent.terms.price.amount);
        intent.next_action = None;
        intent.state = State::RequiresCapture {
            until,
            refused: false,
        };
        match capture {
            CaptureMethod::Manual => {
                self.announce_charge("charge.succeeded", &charge_id);
                self.announce_intent("payment_intent.amount_capturable_updated", id);
            }
            CaptureMethod::Automatic | CaptureMethod::AutomaticAsync => {
                self.take(id, amount)?;
                self.announce_charge("charge.succeeded", &charge_id);
                self.announce_intent("payment_intent.succeeded", id);
            }
        }
        Ok(())
    }

    /// The issuer declines: the intent wants another payment method.
    pub(super) fn decline(&mut self, id: &str, decline: &'static Decline) -> Result<(), Refused> {
        let charge = self.new_charge(id, Some(decline))?;
        let charge_id = self.put_charge(id, charge)?;
        let refusal = Refusal::card(decline).of_charge(&charge_id).of_intent(id);
        self.announce_charge("charge.failed", &charge_id);
        self.fail(id, &refusal)?;
        Err(refusal)
    }

    /// Notes why the last attempt failed.
    pub(super) fn fail(&mut self, id: &str, refusal: &Refusal) -> Result<(), Refused> {
        let intent = self.intent_mut(id)?;
        let method = intent.method.take();
        intent.state = State::RequiresPaymentMethod;
        intent.next_action = None;
        let mut error = refusal.fields();
        let method = method.and_then(|method| self.methods.get(&method).map(Kept::json));
        error.insert("payment_method".to_owned(), json!(method));
        self.intent_mut(id)?.last_error = Some(Value::Object(error));
        self.announce_intent("payment_intent.payment_failed", id);
        Ok(())
    }

    fn put_charge(&mut self, intent: &str, charge: Charge) -> Result<String, Refused> {
        let id = charge.id.clone();
        self.intent_mut(intent)?.latest_charge = Some(id.clone());
        self.charges.put(charge);
        Ok(id)
    }
}

fn authentication_page(url: &str, id: &str, secret: &str, back: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("intent", id)
        .append_pair("client_secret", secret);
    query.append_pair("return_url", back);
    format!("{url}/double/action.html?{}", query.finish())
}
