//! Whether everything agrees: the databases with each other, the books with themselves, and the orders with the money that
//! Stripe really moved.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use serde_json::Value;
use stripe_double::MovementKind;
use tessera::check;
use tessera_contracts::OrderId;
use tessera_payments::operator;

use super::Till;
use super::payer::is_of;

/// Tells the one who counts that everything was compared once more, and by which test.
#[expect(
    clippy::disallowed_methods,
    reason = "`cargo xtask scenarios` says where it counts"
)]
fn count() {
    let Some(counts) = std::env::var_os("STRIPE_SCENARIOS") else {
        return;
    };
    let mut counts = OpenOptions::new()
        .create(true)
        .append(true)
        .open(counts)
        .unwrap();
    // Each test has a thread of its own, which has its name.
    let thread = std::thread::current();
    writeln!(counts, "{}", thread.name().unwrap_or_default()).unwrap();
}

/// An order as orders has it.
struct Known {
    id: String,
    status: String,
    total: i64,
    currency: String,
}

impl Known {
    /// How many of Stripe's units one of ours is.
    fn units(&self) -> i64 {
        if self.currency == "isk" { 100 } else { 1 }
    }
}

/// What Stripe moved for an order.
struct Moved {
    held: i64,
    captures: usize,
    captured: i64,
    released: i64,
    /// What the buyer has back by refunds.
    refunded: i64,
    /// And by chargebacks that are decided.
    charged_back: i64,
}

impl Till {
    pub async fn assert_sound(&self) {
        self.assert_books_are_sound().await;
        for order in self.all_orders().await {
            self.assert_moved_as_recorded(&order).await;
        }
        let ours = self.stripe.intents().into_iter();
        let open = ours.filter(|intent| {
            let is_ours = intent["metadata"]["tessera_payment"].is_string();
            is_ours && !["canceled", "succeeded"].contains(&intent["status"].as_str().unwrap())
        });
        let open: Vec<_> = open.map(|intent| intent["id"].clone()).collect();
        assert!(open.is_empty(), "still open at Stripe: {open:?}");
    }

    /// What there is to see without Stripe.
    pub async fn assert_books_are_sound(&self) {
        let (settings, clock) = (&self.settings, &self.market.app.clock);
        let report = check::run(settings, clock, Duration::ZERO).await.unwrap();
        assert!(report.is_sound(), "{report}");
        let totals = operator::totals(self.db()).await.unwrap();
        let mut sums = BTreeMap::new();
        for total in &totals {
            let currency = total.amount.currency().as_str().to_owned();
            *sums.entry(currency).or_insert(0) += total.amount.minor();
        }
        assert!(sums.values().all(|sum| *sum == 0), "{totals:?}");
        count();
    }

    /// Nothing is to be asked of Stripe any more, and no payment waits for anything.
    pub async fn assert_nothing_is_under_way(&self) {
        let open = "SELECT count(*) FROM payments WHERE intent IS NOT NULL OR status IN ('processing', 'authorized')";
        assert_eq!(self.count(open).await, 0, "payments");
        let pending = "SELECT count(*) FROM refunds WHERE status = 'pending'";
        assert_eq!(self.count(pending).await, 0, "refunds");
    }

    async fn all_orders(&self) -> Vec<Known> {
        let sql = "SELECT id, status, total, currency FROM orders ORDER BY id";
        let db = self.market.app.db("orders");
        let rows: Vec<(OrderId, String, i64, String)> = db.list(sql, &[]).await.unwrap();
        let known = rows.into_iter().map(|(id, status, total, currency)| Known {
            id: id.to_string(),
            status,
            total,
            currency,
        });
        known.collect()
    }

    /// A complete order is charged once, and in whole, but for what somebody else charged and went back; any other has cost its
    /// buyer nothing. Nothing is held for ever, and the books say what became of the money.
    async fn assert_moved_as_recorded(&self, order: &Known) {
        let (id, moved, units) = (&order.id, self.sum(&order.id), order.units());
        assert_eq!(
            moved.held,
            moved.captured + moved.released,
            "order {id}: nothing is held for ever"
        );
        if order.status == "complete" {
            let whole = order.total * units;
            let went_back = self.went_back(id);
            let kept = moved.captured - went_back.iter().sum::<i64>();
            assert_eq!((moved.captures - went_back.len(), kept), (1, whole), "{id}");
        } else {
            let back = moved.refunded + moved.charged_back;
            assert_eq!(moved.captured, back, "order {id} is {}", order.status);
        }
        let back = moved.refunded + moved.charged_back;
        assert_eq!(
            self.booked(id, "buyer").await,
            (back - moved.captured) / units,
            "order {id} in the books"
        );
        self.assert_frozen_while_disputed(id).await;
        if order.status == "complete" {
            let kept = self.fee_of(id) / units;
            assert_eq!(self.booked(id, "gateway_fees").await, kept, "order {id}");
        }
    }

    fn sum(&self, order: &str) -> Moved {
        let movements = self.stripe.movements();
        let ours = movements.iter().filter(|one| is_of(one, order));
        let sum = |kind| {
            let of_kind = ours.clone().filter(|one| one.kind == kind);
            of_kind.map(|one| one.amount as i64).sum::<i64>()
        };
        let captures = ours.clone().filter(|one| one.kind == MovementKind::Capture);
        let disputes = self.stripe.disputes().into_iter();
        let lost = disputes.filter(|dispute| {
            let intents = self.intents(order);
            dispute["status"] == "lost"
                && intents.iter().any(|id| dispute["payment_intent"] == **id)
        });
        Moved {
            held: sum(MovementKind::Authorize),
            captures: captures.count(),
            captured: sum(MovementKind::Capture),
            released: sum(MovementKind::Release),
            refunded: sum(MovementKind::Refund) - sum(MovementKind::RefundFailed),
            charged_back: lost.map(|one| one["amount"].as_i64().unwrap()).sum(),
        }
    }

    /// What was given back of an order since its payment did not come to anything: not by an operator.
    fn went_back(&self, order: &str) -> Vec<i64> {
        let intents = self.stripe.intents();
        let of_order = intents
            .iter()
            .filter(|intent| intent["metadata"]["tessera_order"] == order);
        let refunds = self.stripe.refunds();
        let of = |intent: &Value| {
            let payment = &intent["metadata"]["tessera_payment"];
            let mut refunds = refunds.iter();
            let found = refunds.find(|refund| {
                refund["metadata"]["tessera_refund"] == *payment && refund["status"] != "failed"
            });
            found.map(|refund| refund["amount"].as_i64().unwrap())
        };
        of_order.filter_map(of).collect()
    }

    /// While a bank has not decided, the seller cannot get what it wants; and they are kept from nothing else.
    async fn assert_frozen_while_disputed(&self, order: &str) {
        let (frozen, payable) = (
            self.booked(order, "frozen").await,
            self.booked(order, "payable").await,
        );
        let intents = self.intents(order);
        let mut open = self.stripe.disputes().into_iter().filter(|dispute| {
            dispute["status"] == "needs_response"
                && intents.iter().any(|id| dispute["payment_intent"] == **id)
        });
        match open.next() {
            None => assert_eq!(frozen, 0, "order {order}"),
            Some(dispute) => {
                let wanted = dispute["amount"].as_i64().unwrap();
                assert!(
                    frozen == wanted || payable <= 0,
                    "order {order}: {frozen} of {wanted} are frozen, and {payable} are not"
                );
            }
        }
    }

    /// What Stripe keeps: 2.9 % and 30 of the smallest unit, rounded half up.
    fn fee_of(&self, order: &str) -> i64 {
        let movements = self.stripe.movements();
        let captures = movements
            .iter()
            .filter(|one| is_of(one, order) && one.kind == MovementKind::Capture);
        captures
            .map(|one| ((one.amount * 29 + 500) / 1000 + 30) as i64)
            .sum()
    }

    /// What an account holds of an order.
    pub async fn booked(&self, order: &str, account: &str) -> i64 {
        let sql = "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM entries
            WHERE order_id = $1 AND account = $2";
        let order: OrderId = order.parse().unwrap();
        let params = tessera_platform::params![order, account];
        let (sum,): (i64,) = self.db().opt(sql, &params).await.unwrap().unwrap();
        sum
    }
}
