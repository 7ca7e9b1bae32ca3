//! The double in the hands of a test.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::book::{Book, Movement, Outcome, Verdict, whole};
use crate::house::House;
use crate::http::{Call, Fault, Recorded, Server};
use crate::webhooks::{Webhooks, Worker};
use crate::{Options, Refusal};

/// A running double. It ends when this goes.
pub struct StripeDouble {
    house: Arc<House>,
    address: SocketAddr,
    _server: Server,
    _worker: Worker,
}

impl Drop for StripeDouble {
    fn drop(&mut self) {
        self.house.gate.release();
    }
}

impl StripeDouble {
    /// Starts one.
    pub async fn start(options: Options) -> io::Result<StripeDouble> {
        let listener = Server::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let (posts, to_send) = mpsc::unbounded_channel();
        let book = Book::new(options.seed, format!("http://{address}"));
        let house = House::new(book, options, posts);
        let worker = Worker::start(house.clone(), to_send).map_err(io::Error::other)?;
        let server = Server::start(listener, house.clone());
        Ok(StripeDouble {
            house,
            address,
            _server: server,
            _worker: worker,
        })
    }

    /// Where it is, as in `http://127.0.0.1:4242`: in the place of `https://api.stripe.com`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The API key of servers.
    pub fn secret_key(&self) -> &str {
        &self.house.secret_key
    }

    /// The API key of pages.
    pub fn publishable_key(&self) -> &str {
        &self.house.publishable_key
    }

    /// The next call of this kind goes wrong so. Faults come in the order in which they are planned, one to a request.
    pub fn plan(&self, call: Call, fault: Fault) {
        self.plan_times(call, fault, 1);
    }

    /// The next so many calls of this kind go wrong so.
    pub fn plan_times(&self, call: Call, fault: Fault, times: u32) {
        self.house
            .with(|state| state.plan.add(call, fault, Some(times)));
    }

    /// Each call of this kind goes wrong so, until the plan is cleared.
    pub fn plan_always(&self, call: Call, fault: Fault) {
        self.house.with(|state| state.plan.add(call, fault, None));
    }

    /// Nothing goes wrong any more.
    pub fn clear_plan(&self) {
        self.house.with(|state| state.plan.clear());
    }

    /// Lets go of the requests that hang at this moment.
    pub fn release(&self) {
        self.house.gate.release();
    }

    /// Waits until so many requests hang at once.
    pub async fn until_hanging(&self, count: usize) {
        self.house.gate.until(count).await;
    }

    /// Each request to Stripe's API so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.house.with(|state| state.recording.all())
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.house.with(|state| state.recording.clear());
    }

    /// Each PaymentIntent as on the wire, the oldest first.
    pub fn intents(&self) -> Vec<Value> {
        self.house.with(|state| state.book.intents.json())
    }

    /// Each Charge as on the wire, the oldest first.
    pub fn charges(&self) -> Vec<Value> {
        self.house.with(|state| state.book.charges.json())
    }

    /// Each Refund as on the wire, the oldest first.
    pub fn refunds(&self) -> Vec<Value> {
        self.house.with(|state| state.book.refunds.json())
    }

    /// Each Dispute as on the wire, the oldest first.
    pub fn disputes(&self) -> Vec<Value> {
        self.house.with(|state| {
            let disputes = state.book.disputes.json().into_iter();
            disputes
                .map(|dispute| whole(&state.book, dispute))
                .collect()
        })
    }

    /// Each Event as on the wire, the oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.house.with(|state| state.book.events.json())
    }

    /// What really moved, the oldest first.
    pub fn movements(&self) -> Vec<Movement> {
        self.house.with(|state| state.book.movements.clone())
    }

    /// Ends the authentication that an intent waits for. Answers the intent.
    pub fn complete_action(&self, intent: &str, outcome: Outcome) -> Result<Value, Refusal> {
        Ok(self.house.complete_action(intent, outcome)?)
    }

    /// Captures all that an intent holds, past whoever made it, as by hand in the dashboard. Answers the intent.
    pub fn capture_outside(&self, intent: &str) -> Result<Value, Refusal> {
        Ok(self.house.capture_outside(intent, None)?)
    }

    /// Cancels an intent past whoever made it. Answers the intent.
    pub fn cancel_outside(&self, intent: &str) -> Result<Value, Refusal> {
        Ok(self.house.cancel_outside(intent)?)
    }

    /// Refunds this amount of an intent, or what is left, past whoever made it. Answers the refund.
    pub fn refund_outside(&self, intent: &str, amount: Option<u64>) -> Result<Value, Refusal> {
        Ok(self.house.refund_outside(intent, amount)?)
    }

    /// A refund that went through fails after all. Answers the refund.
    pub fn fail_refund(&self, refund: &str) -> Result<Value, Refusal> {
        Ok(self.house.fail_refund(refund)?)
    }

    /// The owner of the card disputes what an intent took, for a reason as in `fraudulent`. Answers the dispute.
    pub fn dispute(&self, intent: &str, reason: &str) -> Result<Value, Refusal> {
        Ok(self.house.dispute(intent, reason)?)
    }

    /// Ends a dispute. Answers the dispute.
    pub fn close_dispute(&self, dispute: &str, verdict: Verdict) -> Result<Value, Refusal> {
        Ok(self.house.close_dispute(dispute, verdict)?)
    }

    /// The authorization of an intent runs out now. Answers the intent.
    pub fn expire(&self, intent: &str) -> Result<Value, Refusal> {
        Ok(self.house.expire(intent)?)
    }

    /// Moves the double's clock on, and does what becomes due.
    pub fn advance(&self, seconds: i64) {
        self.house.advance(seconds);
    }

    /// The double's time, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.house.clock.now()
    }

    /// Its webhooks.
    pub fn webhooks(&self) -> Webhooks {
        Webhooks::new(self.house.clone())
    }
}
