//! How each step is taken. Whether it makes sense then is the marketplace's and Stripe's to say: both may refuse.

use std::fmt::Display;

use jiff::SignedDuration;
use serde_json::Value;
use stripe_double::{Call, Outcome, Verdict};
use tessera_contracts::{OrderId, PaymentId};

use super::History;
use super::steps::{Kind, Nth, Step};
use crate::till::Till;

/// A marketplace in the middle of a schedule.
pub struct Life {
    pub till: Till,
    pub orders: Vec<String>,
    tickets: Vec<String>,
    payouts: usize,
    history: History,
}

impl Life {
    pub async fn begin(kind: Kind, history: History) -> Life {
        let mut life = Life {
            till: Till::open().await,
            orders: Vec::new(),
            tickets: Vec::new(),
            payouts: 0,
            history,
        };
        life.note(format_args!("{kind:?}"));
        let (order, ticket) = life.till.order().await;
        life.orders.push(order);
        life.tickets.push(ticket);
        life
    }

    pub fn note(&self, what: impl Display) {
        self.history.lock().push(what.to_string());
    }

    fn order(&self, nth: Nth) -> String {
        let last = self.orders.len() - 1;
        self.orders[last - nth % self.orders.len()].clone()
    }

    pub async fn take(mut self, step: Step) -> Life {
        let shown = format!("{step:?}");
        let outcome = match step {
            Step::Restart => {
                self.till = self.till.restart().await;
                "done".to_owned()
            }
            Step::Reserve => {
                let ticket = self.till.list_at("120.00", "usd").await;
                self.reserve(ticket).await
            }
            Step::ReserveAgain(nth) => {
                let last = self.tickets.len() - 1;
                let ticket = self.tickets[last - nth % self.tickets.len()].clone();
                self.reserve(ticket).await
            }
            step @ (Step::Pay(..)
            | Step::PayUnderOneKey(..)
            | Step::PayAndCancelAtOnce(_)
            | Step::Confirm(_)
            | Step::Cancel(_)) => self.ask(step).await,
            Step::Advance(millis) => {
                self.till
                    .market
                    .app
                    .advance(SignedDuration::from_millis(millis));
                self.till.stripe.advance(0);
                "done".to_owned()
            }
            Step::Settle => {
                self.till.settle().await;
                "done".to_owned()
            }
            step => self.at_stripe_or_the_desk(step).await,
        };
        self.note(format_args!("{shown} → {outcome}"));
        self
    }

    /// Reserves a ticket, if it is for sale and known: after a restart news take some seconds.
    async fn reserve(&mut self, ticket: String) -> String {
        let wish = serde_json::json!({ "ticketId": ticket });
        let buyer = self.till.buyer.clone();
        let reserved = self.till.post("/api/orders", wish, &buyer).await;
        self.till.market.app.settle().await;
        if reserved.status == 201 {
            self.orders.push(reserved.text("id"));
            self.tickets.push(ticket);
        }
        reserved.status.as_u16().to_string()
    }

    async fn ask(&self, step: Step) -> String {
        let till = &self.till;
        match step {
            Step::Pay(nth, card) => {
                let paid = till.pay(&self.order(nth), card).await;
                paid.status.as_u16().to_string()
            }
            Step::PayUnderOneKey(nth, card) => {
                let order = self.order(nth);
                let paid = till.pay_under(&order, &order, card).await;
                paid.status.as_u16().to_string()
            }
            Step::PayAndCancelAtOnce(nth) => {
                let order = self.order(nth);
                let pay = till.pay(&order, "pm_card_visa");
                let (paid, ended) = tokio::join!(pay, till.cancel(&order));
                format!("{} and {}", paid.status.as_u16(), ended.status.as_u16())
            }
            Step::Confirm(nth) => {
                let Some(payment) = self.newest_payment(nth).await else {
                    return "there is no payment".to_owned();
                };
                let looked = till.confirm(&payment).await;
                looked.status.as_u16().to_string()
            }
            Step::Cancel(nth) => {
                let ended = till.cancel(&self.order(nth)).await;
                ended.status.as_u16().to_string()
            }
            other => unreachable!("{other:?}"),
        }
    }

    async fn newest_payment(&self, nth: Nth) -> Option<String> {
        let sql = "SELECT id FROM payments WHERE order_id = $1 ORDER BY id DESC LIMIT 1";
        let order: OrderId = self.order(nth).parse().unwrap();
        let params = tessera_platform::params![order];
        let newest: Option<(PaymentId,)> = self.till.db().opt(sql, &params).await.unwrap();
        newest.map(|(id,)| id.to_string())
    }

    async fn at_stripe_or_the_desk(&mut self, step: Step) -> String {
        let stripe = &self.till.stripe;
        match step {
            Step::Plan(call, fault, times) => stripe.plan_times(call, fault, times),
            Step::ClearPlan => stripe.clear_plan(),
            Step::Webhooks(mode) => stripe.webhooks().mode(mode),
            Step::Release(order) => return stripe.webhooks().release(&order).to_string(),
            Step::Redeliver(which) => {
                let events = stripe.events();
                if let Some(event) = events.get(which % events.len().max(1)) {
                    stripe.webhooks().redeliver(event["id"].as_str().unwrap());
                }
            }
            Step::Authenticate(nth, outcome) => return self.authenticate(nth, outcome),
            Step::ConfirmPastUs(nth) => return self.confirm_past_us(nth).await,
            Step::GiveBack(nth, amount) => {
                let decided = self.till.give_back(&self.order(nth), amount).await;
                return said(decided.map(|_| ()));
            }
            Step::PayOut => {
                self.payouts += 1;
                let (seller, reference) = (&self.till.market.seller, self.payouts.to_string());
                return said(
                    self.till
                        .pay_out(seller, None, &reference)
                        .await
                        .map(|_| ()),
                );
            }
            step => return self.by_others(step),
        }
        "done".to_owned()
    }

    fn by_others(&self, step: Step) -> String {
        let stripe = &self.till.stripe;
        match step {
            Step::FailRefund(which) => {
                let refunds = stripe.refunds();
                let Some(refund) = refunds.get(which) else {
                    return "there is none".to_owned();
                };
                said(
                    stripe
                        .fail_refund(refund["id"].as_str().unwrap())
                        .map(|_| ()),
                )
            }
            Step::Decide(which, verdict) => self.decide(which, verdict),
            Step::Dispute(nth) => self.with_intent(nth, |intent| {
                said(stripe.dispute(intent, "fraudulent").map(|_| ()))
            }),
            Step::CaptureByHand(nth) => self.with_intent(nth, |intent| {
                said(stripe.capture_outside(intent).map(|_| ()))
            }),
            Step::CancelByHand(nth) => self.with_intent(nth, |intent| {
                said(stripe.cancel_outside(intent).map(|_| ()))
            }),
            other => unreachable!("{other:?}"),
        }
    }

    pub fn decide(&self, which: usize, verdict: Verdict) -> String {
        let disputes = self.till.stripe.disputes();
        let Some(dispute) = disputes.get(which) else {
            return "there is none".to_owned();
        };
        let id = dispute["id"].as_str().unwrap();
        said(self.till.stripe.close_dispute(id, verdict).map(|_| ()))
    }

    fn with_intent(&self, nth: Nth, act: impl Fn(&str) -> String) -> String {
        match self.till.intents(&self.order(nth)).last() {
            Some(intent) => act(intent),
            None => "there is no intent".to_owned(),
        }
    }

    fn authenticate(&self, nth: Nth, outcome: Outcome) -> String {
        let stripe = &self.till.stripe;
        self.with_intent(nth, |intent| {
            said(stripe.complete_action(intent, outcome).map(|_| ()))
        })
    }

    /// Whoever has a secret of an order tries another card with it.
    async fn confirm_past_us(&self, nth: Nth) -> String {
        let order = self.order(nth);
        let intents = self.till.stripe.intents().into_iter();
        let ours = intents.filter(|intent| intent["metadata"]["tessera_order"] == *order);
        let secrets: Vec<Value> = ours
            .map(|mut intent| intent["client_secret"].take())
            .collect();
        let mut taken = 0;
        for secret in &secrets {
            let secret = secret.as_str().unwrap();
            taken += usize::from(self.till.confirm_past_us(secret, "pm_card_visa").await);
        }
        format!("{taken} of {}", secrets.len())
    }

    /// How many requests of a kind there were.
    pub fn requests(&self, call: Call) -> usize {
        let requests = self.till.stripe.requests().into_iter();
        requests.filter(|one| one.call == Some(call)).count()
    }
}

fn said<E: Display>(outcome: Result<(), E>) -> String {
    match outcome {
        Ok(()) => "done".to_owned(),
        Err(refused) => refused.to_string(),
    }
}
