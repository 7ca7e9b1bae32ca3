//! What the payer and their browser do, and what they see.

use serde_json::{Value, json};
use stripe_double::{Movement, MovementKind, Outcome};
use tessera_platform::testing::Answer;

use super::Till;

/// A card that 3-D Secure is asked for.
pub const SECURED: &str = "pm_card_threeDSecure2Required";

impl Till {
    pub async fn pay(&self, order: &str, token: &str) -> Answer {
        let wish = json!({ "orderId": order, "token": token });
        self.post("/api/payments", wish, &self.buyer).await
    }

    /// The same with an `Idempotency-Key`.
    pub async fn pay_under(&self, key: &str, order: &str, token: &str) -> Answer {
        let wish = json!({ "orderId": order, "token": token });
        let call = self.market.app.post("/api/payments", wish);
        let call = call.header("idempotency-key", key);
        call.by(&self.renewed(&self.buyer)).send().await
    }

    /// The page says that the payer was with their bank.
    pub async fn confirm(&self, payment: &str) -> Answer {
        let path = format!("/api/payments/{payment}/confirmation");
        self.post(&path, json!({}), &self.buyer).await
    }

    /// An order whose payer is to confirm its payment: the order, the payment and the client secret.
    pub async fn to_be_confirmed(&self) -> (String, String, String) {
        let (order, _) = self.order().await;
        let asked = self.pay(&order, SECURED).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(asked.body["status"], "requires_action", "{}", asked.body);
        (order, asked.text("id"), asked.text("clientSecret"))
    }

    /// The payer is with their bank, for the newest intent of an order.
    pub fn authenticate(&self, order: &str, outcome: Outcome) {
        let intent = self.intents(order).pop().expect("an intent");
        self.stripe.complete_action(&intent, outcome).unwrap();
    }

    /// Whoever has a client secret confirms its intent with another card, past the marketplace. Answers whether Stripe took it.
    pub async fn confirm_past_us(&self, secret: &str, card: &str) -> bool {
        let (intent, _) = secret.split_once("_secret").expect("a client secret");
        let path = format!("/v1/payment_intents/{intent}/confirm");
        let form = [("client_secret", secret), ("payment_method", card)];
        let key = self.stripe.publishable_key();
        self.ask_stripe(&path, &form, key).await.0 == 200
    }

    /// What a page gets for a card from Stripe: `/v1/tokens` or `/v1/confirmation_tokens`.
    pub async fn token(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let key = self.stripe.publishable_key();
        let (status, made) = self.ask_stripe(path, fields, key).await;
        assert_eq!(status, 200, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    /// Asks Stripe something past the marketplace; status 0 where no answer came.
    pub async fn ask_stripe(&self, path: &str, form: &[(&str, &str)], key: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.stripe.base_url());
        let request = reqwest::Client::new().post(url).bearer_auth(key).form(form);
        let Ok(answer) = request.send().await else {
            return (0, Value::Null);
        };
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or_default(),
        )
    }

    /// Somebody captures a part of what an intent holds, by hand.
    pub async fn capture_part(&self, intent: &str, amount: &str) {
        let path = format!("/v1/payment_intents/{intent}/capture");
        let (form, key) = ([("amount_to_capture", amount)], self.stripe.secret_key());
        let (status, answer) = self.ask_stripe(&path, &form, key).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Where an order stands, and why it ended, if it did.
    pub async fn standing(&self, order: &str) -> String {
        let order = self.get(&format!("/api/orders/{order}"), &self.buyer).await;
        let status = order["status"].as_str().unwrap();
        match order["cancelReason"].as_str() {
            None => status.to_owned(),
            Some(reason) => format!("{status}: {reason}"),
        }
    }

    pub async fn ticket_status(&self, ticket: &str) -> String {
        let path = format!("/api/tickets/{ticket}");
        let ticket = self.get(&path, &self.buyer).await;
        ticket["status"].as_str().unwrap().to_owned()
    }

    /// The payments of an order, the oldest first.
    pub async fn payments(&self, order: &str) -> Vec<Value> {
        let path = format!("/api/payments?orderId={order}");
        let listed = self.get(&path, &self.buyer).await;
        listed.as_array().unwrap().iter().rev().cloned().collect()
    }

    /// Where they stand, in one line; of those that were declined, why.
    pub async fn statuses(&self, order: &str) -> String {
        let payments = self.payments(order).await;
        let word = |payment: &Value| match payment["declineCode"].as_str() {
            Some(code) => format!("declined({code})"),
            None => payment["status"].as_str().unwrap().to_owned(),
        };
        payments.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// What Stripe moved for an order, in one line: `authorize 12300, capture 12300`.
    pub fn moved(&self, order: &str) -> String {
        let movements = self.stripe.movements();
        let moved = movements.iter().filter(|one| is_of(one, order));
        let said = moved.map(|one| format!("{} {}", word(one.kind), one.amount));
        said.collect::<Vec<_>>().join(", ")
    }

    /// The ids of the intents that Stripe has for an order, the oldest first.
    pub fn intents(&self, order: &str) -> Vec<String> {
        self.intents_with(order, "id")
    }

    /// Where they stand at Stripe.
    pub fn intent_statuses(&self, order: &str) -> Vec<String> {
        self.intents_with(order, "status")
    }

    fn intents_with(&self, order: &str, field: &str) -> Vec<String> {
        let intents = self.stripe.intents().into_iter();
        let of_order = intents.filter(|intent| intent["metadata"]["tessera_order"] == order);
        let text = |intent: Value| intent[field].as_str().unwrap().to_owned();
        of_order.map(text).collect()
    }
}

pub fn is_of(movement: &Movement, order: &str) -> bool {
    movement.metadata.get("tessera_order").map(String::as_str) == Some(order)
}

fn word(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Authorize => "authorize",
        MovementKind::Capture => "capture",
        MovementKind::Release => "release",
        MovementKind::Refund => "refund",
        MovementKind::RefundFailed => "refund failed",
        MovementKind::Withdraw => "withdraw",
        MovementKind::Reinstate => "reinstate",
    }
}
