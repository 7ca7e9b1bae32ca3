//! A refund, as an operator decided it: pending → done, or failed.

use jiff::Timestamp;
use tessera_contracts::{Money, OrderId, PaymentId};
use uuid::Uuid;

/// What is given back of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Drawn by whoever decides; the gateway knows the refund by it.
    pub id: Uuid,
    /// Grows by one with every change; every save is guarded by it.
    pub version: i64,
    /// The payment.
    pub payment: PaymentId,
    /// The order that it paid.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// Why, in an operator's words.
    pub reason: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// The gateway is, or was, asked for it; its answer is not known.
    Pending,
    /// It is on its way to the buyer.
    Done,
    /// The gateway will never do it.
    Failed,
}

/// Why nothing is given back, in words for an operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRefundable {
    /// Nothing was charged for this order.
    #[error("nothing was charged for this order")]
    NotCharged,
    /// More than is left of what was charged, which is given.
    #[error("only {} {} of what was charged are left", .0.amount(), .0.currency())]
    TooMuch(Money),
    /// Nothing at all.
    #[error("the amount must be greater than 0")]
    Nothing,
    /// The buyer's bank asks for the same money, or has taken it.
    #[error("a chargeback of this order is open or lost: the bank decides what goes back")]
    Disputed,
    /// It is not known who would bear it.
    #[error("this order was made before there were books, so that nobody knows who bears it")]
    Unbooked,
}

impl RefundStatus {
    /// All of them.
    pub const ALL: [RefundStatus; 3] = [
        RefundStatus::Pending,
        RefundStatus::Done,
        RefundStatus::Failed,
    ];

    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            RefundStatus::Pending => "pending",
            RefundStatus::Done => "done",
            RefundStatus::Failed => "failed",
        }
    }
}

impl Refund {
    /// It was on its way, and came back; `None` when it was not on its way.
    pub fn bounced(self, now: Timestamp) -> Option<Refund> {
        (self.status == RefundStatus::Done).then_some(Refund {
            version: self.version + 1,
            status: RefundStatus::Failed,
            updated_at: now,
            ..self
        })
    }

    /// The gateway did it, or never will; `None` when that was known already.
    pub fn ended(self, status: RefundStatus, now: Timestamp) -> Option<Refund> {
        (self.status == RefundStatus::Pending).then_some(Refund {
            version: self.version + 1,
            status,
            updated_at: now,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    fn refund(status: RefundStatus) -> Refund {
        Refund {
            id: Uuid::from_u128(1),
            version: 4,
            payment: Uuid::from_u128(2).into(),
            order: Uuid::from_u128(3).into(),
            amount: Money::new(2_300, "usd".parse().unwrap()),
            reason: "late".to_owned(),
            status,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The states in which `step` is taken, each with the one that it leads to.
    fn taken(step: impl Fn(Refund) -> Option<Refund>) -> Vec<(RefundStatus, RefundStatus)> {
        let all = RefundStatus::ALL.into_iter();
        let taken = all.filter_map(|status| {
            let changed = step(refund(status))?;
            assert_eq!((changed.version, changed.updated_at), (5, now()));
            Some((status, changed.status))
        });
        taken.collect()
    }

    #[test]
    fn it_ends_once() {
        for end in [RefundStatus::Done, RefundStatus::Failed] {
            let ended = taken(|refund| refund.ended(end, now()));
            assert_eq!(ended, [(RefundStatus::Pending, end)]);
        }
    }

    #[test]
    fn only_what_was_on_its_way_comes_back() {
        let bounced = taken(|refund| refund.bounced(now()));
        assert_eq!(bounced, [(RefundStatus::Done, RefundStatus::Failed)]);
    }
}
