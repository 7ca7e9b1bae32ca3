//! The books: who is owed what, as transfers between accounts. In each of them nothing comes from nowhere: its entries
//! add up to zero. What was written is never changed; a mistake is mended by another transfer.

use std::str::FromStr;

use tessera_contracts::{Money, OrderId, PaymentId, UserId};
use uuid::Uuid;

use super::{Order, Terms};

/// Where money can be. A balance above zero is what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// A buyer's card; below zero by what was charged.
    Buyer,
    /// Charged, and nobody's yet.
    Escrow,
    /// Owed to a seller.
    Payable,
    /// Owed to a seller unless a chargeback takes it.
    Frozen,
    /// Paid out to a seller.
    PaidOut,
    /// What the marketplace earned.
    Fees,
    /// What the card gateway kept.
    GatewayFees,
    /// Owed to a buyer: to be given back, and not yet on its way.
    Refunds,
}

impl Account {
    /// All of them.
    pub const ALL: [Account; 8] = [
        Account::Buyer,
        Account::Escrow,
        Account::Payable,
        Account::Frozen,
        Account::PaidOut,
        Account::Fees,
        Account::GatewayFees,
        Account::Refunds,
    ];

    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Account::Buyer => "buyer",
            Account::Escrow => "escrow",
            Account::Payable => "payable",
            Account::Frozen => "frozen",
            Account::PaidOut => "paid_out",
            Account::Fees => "fees",
            Account::GatewayFees => "gateway_fees",
            Account::Refunds => "refunds",
        }
    }
}

impl FromStr for Account {
    type Err = ();

    fn from_str(text: &str) -> Result<Account, ()> {
        let mut found = Account::ALL
            .into_iter()
            .filter(|account| account.as_str() == text);
        found.next().ok_or(())
    }
}

/// One side of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Whose it is, where it is somebody's.
    pub owner: Option<UserId>,
    /// What comes to it; below zero, what goes.
    pub amount: Money,
}

/// Money that goes from one place to another, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What it is for: there is never another one of the same name.
    pub name: String,
    /// The reason, in a word.
    pub kind: &'static str,
    /// The order that it is about, if it is about one.
    pub order: Option<OrderId>,
    /// Its sides. They add up to zero.
    pub entries: Vec<Entry>,
    /// What an operator said of it.
    pub note: Option<String>,
}

/// How an amount is divided between a seller and the marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// The seller's.
    pub seller: Money,
    /// The marketplace's.
    pub fees: Money,
}

impl Terms {
    /// What of the whole is whose.
    pub fn split(&self, total: Money) -> Split {
        let seller = self.price.minor() - self.seller_fee.minor();
        Split::of_seller(seller, total)
    }

    /// What of a refund of `amount` is whose, when `before` was given back earlier: in the end exactly what each of them had.
    pub fn split_refund(&self, total: Money, before: Money, amount: Money) -> Split {
        let whole = self.split(total).seller.minor();
        let share = |refunded: i64| match total.minor() {
            0 => 0,
            all => i128::from(whole) * i128::from(refunded) / i128::from(all),
        };
        let after = before.minor().saturating_add(amount.minor());
        let seller = share(after) - share(before.minor());
        Split::of_seller(i64::try_from(seller).unwrap_or(0), amount)
    }
}

impl Split {
    /// Of `all`, so much is the seller's, in minor units.
    pub fn of_seller(seller: i64, all: Money) -> Split {
        Split {
            seller: Money::new(seller, all.currency()),
            fees: Money::new(all.minor() - seller, all.currency()),
        }
    }
}

fn negative(money: Money) -> Money {
    Money::new(-money.minor(), money.currency())
}

fn entry(account: Account, owner: Option<UserId>, amount: Money) -> Entry {
    Entry {
        account,
        owner,
        amount,
    }
}

impl Transfer {
    /// What [`Transfer::charge`] is called.
    pub fn name_of_charge(payment: PaymentId) -> String {
        format!("charge/{payment}")
    }

    /// What [`Transfer::sale`] is called.
    pub fn name_of_sale(payment: PaymentId) -> String {
        format!("sale/{payment}")
    }

    /// What [`Transfer::refund`] is called.
    pub fn name_of_refund(refund: Uuid) -> String {
        format!("refund/{refund}")
    }

    /// The card was charged.
    pub fn charge(payment: PaymentId, order: &Order) -> Transfer {
        let buyer = Some(order.user_id);
        Transfer {
            name: Transfer::name_of_charge(payment),
            kind: "charge",
            order: Some(order.id),
            entries: vec![
                entry(Account::Buyer, buyer, negative(order.total)),
                entry(Account::Escrow, None, order.total),
            ],
            note: None,
        }
    }

    /// The ticket is the buyer's: the money is the seller's and the marketplace's.
    pub fn sale(payment: PaymentId, order: &Order, terms: &Terms) -> Transfer {
        let split = terms.split(order.total);
        Transfer {
            name: Transfer::name_of_sale(payment),
            kind: "sale",
            order: Some(order.id),
            entries: vec![
                entry(Account::Escrow, None, negative(order.total)),
                entry(Account::Payable, Some(terms.seller), split.seller),
                entry(Account::Fees, None, split.fees),
            ],
            note: None,
        }
    }

    /// The gateway kept something of a charge. The marketplace bears it.
    pub fn gateway_fee(payment: PaymentId, order: OrderId, fee: Money) -> Transfer {
        Transfer {
            name: format!("gateway_fee/{payment}"),
            kind: "gateway_fee",
            order: Some(order),
            entries: vec![
                entry(Account::Fees, None, negative(fee)),
                entry(Account::GatewayFees, None, fee),
            ],
            note: None,
        }
    }

    /// What somebody else charged went back.
    pub fn returned(payment: PaymentId, order: &Order) -> Transfer {
        let buyer = Some(order.user_id);
        Transfer {
            name: format!("return/{payment}"),
            kind: "return",
            order: Some(order.id),
            entries: vec![
                entry(Account::Escrow, None, negative(order.total)),
                entry(Account::Buyer, buyer, order.total),
            ],
            note: None,
        }
    }

    /// An operator decided to give money back.
    pub fn refund(refund: Uuid, order: OrderId, seller: UserId, split: Split) -> Transfer {
        let amount = split.seller.minor() + split.fees.minor();
        Transfer {
            name: Transfer::name_of_refund(refund),
            kind: "refund",
            order: Some(order),
            entries: vec![
                entry(Account::Payable, Some(seller), negative(split.seller)),
                entry(Account::Fees, None, negative(split.fees)),
                entry(
                    Account::Refunds,
                    None,
                    Money::new(amount, split.seller.currency()),
                ),
            ],
            note: None,
        }
    }

    /// It is on its way to the buyer.
    pub fn refund_paid(refund: Uuid, order: &Order, amount: Money) -> Transfer {
        Transfer {
            name: format!("refund_paid/{refund}"),
            kind: "refund_paid",
            order: Some(order.id),
            entries: vec![
                entry(Account::Refunds, None, negative(amount)),
                entry(Account::Buyer, Some(order.user_id), amount),
            ],
            note: None,
        }
    }

    /// The seller was paid.
    pub fn payout(reference: &str, seller: UserId, amount: Money) -> Transfer {
        Transfer {
            name: format!("payout/{reference}"),
            kind: "payout",
            order: None,
            entries: vec![
                entry(Account::Payable, Some(seller), negative(amount)),
                entry(Account::PaidOut, Some(seller), amount),
            ],
            note: Some(reference.to_owned()),
        }
    }

    /// The buyer's bank wants the money back: until that is decided, the seller does not get it.
    pub fn freeze(dispute: &str, order: OrderId, seller: UserId, amount: Money) -> Transfer {
        Transfer {
            name: format!("freeze/{dispute}"),
            kind: "freeze",
            order: Some(order),
            entries: vec![
                entry(Account::Payable, Some(seller), negative(amount)),
                entry(Account::Frozen, Some(seller), amount),
            ],
            note: None,
        }
    }

    /// The bank gave up: the money is the seller's again.
    pub fn thaw(dispute: &str, order: OrderId, seller: UserId, amount: Money) -> Transfer {
        Transfer {
            name: format!("thaw/{dispute}"),
            kind: "thaw",
            order: Some(order),
            entries: vec![
                entry(Account::Frozen, Some(seller), negative(amount)),
                entry(Account::Payable, Some(seller), amount),
            ],
            note: None,
        }
    }

    /// The bank took it: what was frozen, and the rest from the marketplace.
    pub fn chargeback(
        dispute: &str,
        order: &Order,
        seller: UserId,
        frozen: Money,
        taken: Money,
    ) -> Transfer {
        let rest = Money::new(frozen.minor() - taken.minor(), taken.currency());
        Transfer {
            name: format!("chargeback/{dispute}"),
            kind: "chargeback",
            order: Some(order.id),
            entries: vec![
                entry(Account::Frozen, Some(seller), negative(frozen)),
                entry(Account::Fees, None, rest),
                entry(Account::Buyer, Some(order.user_id), taken),
            ],
            note: None,
        }
    }

    /// What was meant to happen never did: everybody has what they had before the transfer of that name.
    pub fn undo(name: &str, order: Option<OrderId>, entries: &[Entry]) -> Transfer {
        let entries = entries.iter();
        Transfer {
            name: format!("undo/{name}"),
            kind: "undo",
            order,
            entries: entries
                .map(|one| entry(one.account, one.owner, negative(one.amount)))
                .collect(),
            note: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tessera_contracts::{Currency, OrderStatus};

    use super::*;

    fn dollars(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn terms(price: i64, seller_fee: i64) -> Terms {
        Terms {
            seller: id(4).into(),
            title: "Hamlet".to_owned(),
            price: dollars(price),
            seller_fee: dollars(seller_fee),
        }
    }

    fn order(total: i64, terms: Terms) -> Order {
        Order {
            id: id(1).into(),
            version: 2,
            user_id: id(2).into(),
            status: OrderStatus::Complete,
            expires_at: jiff::Timestamp::UNIX_EPOCH,
            total: dollars(total),
            terms: Some(terms),
            declined: 0,
        }
    }

    fn sum(transfer: &Transfer) -> i64 {
        transfer
            .entries
            .iter()
            .map(|entry| entry.amount.minor())
            .sum()
    }

    /// A price, what is added to it, and what is kept of it.
    fn amounts() -> impl Strategy<Value = (i64, i64, i64)> {
        (1_i64..=99_999_999).prop_flat_map(|price| (Just(price), 0..=price / 2, 0..=price / 2))
    }

    proptest! {
        #[test]
        fn every_transfer_adds_up_to_zero((price, fee, kept) in amounts(), part in 0_i64..=1_000_000) {
            let terms = terms(price, kept);
            let order = order(price + fee, terms.clone());
            let (payment, seller) = (id(3).into(), terms.seller);
            let amount = dollars(part.min(order.total.minor()));
            let split = terms.split_refund(order.total, dollars(0), amount);
            let refund = Transfer::refund(id(5), order.id, seller, split);
            let transfers = [
                Transfer::charge(payment, &order),
                Transfer::sale(payment, &order, &terms),
                Transfer::gateway_fee(payment, order.id, amount),
                Transfer::returned(payment, &order),
                Transfer::undo(&refund.name, refund.order, &refund.entries),
                refund,
                Transfer::refund_paid(id(5), &order, amount),
                Transfer::payout("R-1", seller, amount),
                Transfer::freeze("dp_1", order.id, seller, amount),
                Transfer::thaw("dp_1", order.id, seller, amount),
                Transfer::chargeback("dp_1", &order, seller, amount, order.total),
            ];
            for transfer in transfers {
                prop_assert_eq!(sum(&transfer), 0, "{:?}", transfer);
            }
        }

        #[test]
        fn a_refund_in_parts_takes_from_each_what_a_whole_one_does(
            (price, fee, kept) in amounts(), parts in prop::collection::vec(1_i64..=50_000_000, 0..6)
        ) {
            let terms = terms(price, kept);
            let total = dollars(price + fee);
            let (mut before, mut seller, mut fees) = (0, 0, 0);
            for part in parts.into_iter().chain([i64::MAX]) {
                let amount = dollars(part.min(total.minor() - before));
                let split = terms.split_refund(total, dollars(before), amount);
                prop_assert!(split.seller.minor() >= 0 && split.fees.minor() >= 0, "{:?}", split);
                before += amount.minor();
                seller += split.seller.minor();
                fees += split.fees.minor();
            }
            prop_assert_eq!(before, total.minor());
            prop_assert_eq!((seller, fees), (price - kept, fee + kept));
        }
    }

    #[test]
    fn accounts_read_back() {
        for account in Account::ALL {
            assert_eq!(account.as_str().parse(), Ok(account));
        }
    }
}
