//! The account's book: what Stripe would know, and what becomes of it. It decides, and does nothing else: no network,
//! no waiting, no clock. The time is told to it by [`Book::turn`].

mod attempt;
mod authentication;
mod balance;
mod cancel;
mod capture;
mod cards;
mod charge;
mod declines;
mod dispute;
mod endpoint;
mod event;
mod expand;
mod fields;
mod ids;
mod intent;
mod kinds;
mod method;
mod money;
mod movement;
mod refund;
mod refund_outcome;
mod refusal;
mod shelf;
mod ticket;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use attempt::How;
pub use authentication::Outcome;
use balance::Transaction;
use charge::Charge;
use dispute::Dispute;
pub use dispute::Verdict;
pub(crate) use endpoint::Endpoint;
pub(crate) use event::{Cause, Event};
pub(crate) use expand::{check_paths, expand, whole};
use ids::Ids;
use intent::Intent;
pub(crate) use intent::{CaptureMethod, NewIntent};
pub(crate) use kinds::{KINDS, Kinds};
pub(crate) use method::{CardInput, Method};
pub(crate) use money::Price;
pub use movement::{Movement, MovementKind};
pub(crate) use refund::NewRefund;
use refund::Refund;
pub(crate) use refusal::{Refusal, Refused};
pub(crate) use shelf::{Kept, Shelf};
pub(crate) use ticket::{ConfirmationToken, Token};

/// What a caller attaches to an object.
pub(crate) type Metadata = BTreeMap<String, String>;

/// The account.
pub(crate) struct Book {
    /// Seconds since 1970, at this turn.
    now: i64,
    /// Where the double is, for the addresses that it answers.
    url: String,
    ids: Ids,
    /// The request that is being acted upon.
    cause: Option<Cause>,
    pub(crate) intents: Shelf<Intent>,
    pub(crate) charges: Shelf<Charge>,
    pub(crate) refunds: Shelf<Refund>,
    pub(crate) disputes: Shelf<Dispute>,
    pub(crate) transactions: Shelf<Transaction>,
    pub(crate) methods: Shelf<Method>,
    pub(crate) tokens: Shelf<Token>,
    pub(crate) confirmation_tokens: Shelf<ConfirmationToken>,
    pub(crate) endpoints: Shelf<Endpoint>,
    pub(crate) events: Shelf<Event>,
    /// Only ever added to.
    pub(crate) movements: Vec<Movement>,
    /// Events that nobody has taken for delivery yet.
    outbox: Vec<String>,
    /// The next refunds turn out as failed.
    pub(crate) refunds_will_fail: bool,
}

impl Book {
    pub(crate) fn new(seed: u64, url: String) -> Book {
        Book {
            now: 0,
            url,
            ids: Ids::new(seed),
            cause: None,
            intents: Shelf::default(),
            charges: Shelf::default(),
            refunds: Shelf::default(),
            disputes: Shelf::default(),
            transactions: Shelf::default(),
            methods: Shelf::default(),
            tokens: Shelf::default(),
            confirmation_tokens: Shelf::default(),
            endpoints: Shelf::default(),
            events: Shelf::default(),
            movements: Vec::new(),
            outbox: Vec::new(),
            refunds_will_fail: false,
        }
    }

    /// Tells the time, and does what became due until then.
    pub(crate) fn turn(&mut self, now: i64) {
        self.now = now;
        self.expire_what_is_due();
        self.settle_refunds_that_are_due();
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Says on whose behalf the next things are done.
    pub(crate) fn on_behalf_of(&mut self, cause: Option<Cause>) {
        self.cause = cause;
    }

    /// An id for something that the book does not keep itself, as in `req_…`.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.ids.next(prefix)
    }

    /// The object of an id, whatever its kind; only those that others refer to.
    fn object(&self, id: &str) -> Option<Value> {
        let (prefix, _) = id.split_once('_')?;
        match prefix {
            "pi" => self.intents.get(id).map(Kept::json),
            "ch" => self.charges.get(id).map(Kept::json),
            "re" => self.refunds.get(id).map(Kept::json),
            "du" => self.disputes.get(id).map(Kept::json),
            "txn" => self.transactions.get(id).map(Kept::json),
            "pm" => self.methods.get(id).map(Kept::json),
            _ => None,
        }
    }
}
