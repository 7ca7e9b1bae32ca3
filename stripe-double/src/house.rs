//! What all parts of the double share: the state behind its lock, the time, and the ways to wake each other.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::book::{Book, Kept, NewRefund, Outcome, Refused, Verdict};
use crate::clock::Clock;
use crate::http::{Keys, Plan, Recording};
use crate::webhooks::{Courier, Post};

pub(crate) struct State {
    pub(crate) book: Book,
    pub(crate) keys: Keys,
    pub(crate) plan: Plan,
    pub(crate) recording: Recording,
    pub(crate) courier: Courier,
}

pub(crate) struct House {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) secret_key: String,
    pub(crate) publishable_key: String,
    /// Before each further try of a delivery.
    pub(crate) retries: Vec<Duration>,
    pub(crate) gate: Gate,
    posts: mpsc::UnboundedSender<Post>,
    /// How many deliveries are on their way, or wait for a further try.
    pub(crate) under_way: watch::Sender<usize>,
}

impl House {
    pub(crate) fn new(
        book: Book,
        options: crate::Options,
        posts: mpsc::UnboundedSender<Post>,
    ) -> Arc<House> {
        let state = State {
            book,
            keys: Keys::default(),
            plan: Plan::default(),
            recording: Recording::default(),
            courier: Courier::default(),
        };
        Arc::new(House {
            state: Mutex::new(state),
            clock: options.clock,
            secret_key: options.secret_key,
            publishable_key: options.publishable_key,
            retries: options.retries,
            gate: Gate::new(),
            posts,
            under_way: watch::Sender::new(0),
        })
    }

    /// The only way to the state: what became due is done before, and what happened is sent out after.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.book.turn(now);
        let result = work(&mut state);
        let State { book, courier, .. } = &mut *state;
        courier.collect(book);
        // Under the lock, so that they leave in the order in which they happened.
        for post in courier.take_ready() {
            self.send(post);
        }
        result
    }

    /// Hands a delivery on.
    pub(crate) fn send(&self, post: Post) {
        self.under_way.send_modify(|count| *count += 1);
        self.send_again(post);
    }

    /// Hands on one that was counted already.
    pub(crate) fn send_again(&self, post: Post) {
        if self.posts.send(post).is_err() {
            // The double is ending.
            self.ended_one();
        }
    }

    pub(crate) fn ended_one(&self) {
        self.under_way
            .send_modify(|count| *count = count.saturating_sub(1));
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.with(|_| ());
    }

    pub(crate) fn complete_action(&self, id: &str, outcome: Outcome) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.complete_action(id, outcome)?;
            shown(&state.book, id)
        })
    }

    pub(crate) fn capture_outside(&self, id: &str, amount: Option<u64>) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.capture(id, amount)?;
            shown(&state.book, id)
        })
    }

    pub(crate) fn cancel_outside(&self, id: &str) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.cancel(id, None)?;
            shown(&state.book, id)
        })
    }

    pub(crate) fn refund_outside(&self, id: &str, amount: Option<u64>) -> Result<Value, Refused> {
        self.with(|state| {
            let wish = NewRefund {
                intent: Some(id.to_owned()),
                amount,
                ..NewRefund::default()
            };
            let refund = state.book.refund(wish)?;
            Ok(state.book.refunds.find(&refund, "refund")?.json())
        })
    }

    pub(crate) fn fail_refund(&self, id: &str) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.fail_refund(id)?;
            Ok(state.book.refunds.find(id, "refund")?.json())
        })
    }

    pub(crate) fn dispute(&self, intent: &str, reason: &str) -> Result<Value, Refused> {
        self.with(|state| {
            let dispute = state.book.dispute(intent, reason)?;
            Ok(state.book.disputes.find(&dispute, "dispute")?.json())
        })
    }

    pub(crate) fn close_dispute(&self, id: &str, verdict: Verdict) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.close_dispute(id, verdict)?;
            Ok(state.book.disputes.find(id, "dispute")?.json())
        })
    }

    pub(crate) fn expire(&self, id: &str) -> Result<Value, Refused> {
        self.with(|state| {
            state.book.expire(id)?;
            shown(&state.book, id)
        })
    }
}

fn shown(book: &Book, id: &str) -> Result<Value, Refused> {
    Ok(book.intents.find(id, "intent")?.json())
}

/// Where requests hang until they are released.
pub(crate) struct Gate {
    opened: watch::Sender<u64>,
    hanging: watch::Sender<usize>,
}

impl Gate {
    fn new() -> Gate {
        let (opened, hanging) = (watch::Sender::new(0), watch::Sender::new(0));
        Gate { opened, hanging }
    }

    /// Until the next release.
    pub(crate) async fn hang(&self) {
        let mut opened = self.opened.subscribe();
        self.hanging.send_modify(|count| *count += 1);
        // The sender is in this very gate: it is there for as long as anybody hangs.
        drop(opened.changed().await);
        self.hanging.send_modify(|count| *count -= 1);
    }

    pub(crate) fn release(&self) {
        self.opened.send_modify(|times| *times += 1);
    }

    pub(crate) fn hanging(&self) -> usize {
        *self.hanging.borrow()
    }

    /// Until so many hang at once.
    pub(crate) async fn until(&self, count: usize) {
        let mut hanging = self.hanging.subscribe();
        drop(hanging.wait_for(|hanging| *hanging >= count).await);
    }
}
