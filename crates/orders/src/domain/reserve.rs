//! Whether a ticket may be reserved, and the order that comes of it.
//!
//! That nobody else has it is not decided here: only the unique index of the store can.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::events::OrderTicket;
use tessera_contracts::{Fees, Money, OrderId, TicketStatus, UserId};

use super::{Amounts, Order, State};

/// A ticket as orders knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// As tickets last said; its `reserved` and `sold` are not looked at: see [`Order`]s instead.
    pub status: TicketStatus,
    /// What the seller asks.
    pub price: Money,
    /// When the event begins: from then on it cannot be bought.
    pub starts_at: Option<Timestamp>,
    /// What the order passes on.
    pub snapshot: OrderTicket,
}

/// What a buyer asks for.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// The id of the order to be.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// The price that the buyer saw, as they wrote it.
    pub price: Option<String>,
    /// The total that the buyer saw.
    pub total: Option<String>,
}

/// The rules of the marketplace, from the settings.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a lock lasts.
    pub lock: SignedDuration,
    /// How many unpaid orders one buyer may hold at once; `None` is no limit.
    pub most_unpaid: Option<u32>,
    /// What the marketplace takes.
    pub fees: Fees,
}

/// Why a ticket cannot be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveRefusal {
    /// The buyer is its seller.
    OwnTicket,
    /// Its seller took it off the market.
    Withdrawn,
    /// The event has begun.
    Over,
    /// It costs something else by now.
    PriceChanged,
    /// The buyer holds too many unpaid orders already.
    TooManyUnpaid(u32),
}

impl Ticket {
    /// Turns the wish into an order, if nothing that is known of the ticket speaks against it.
    /// `unpaid` is how many unpaid orders the buyer holds.
    pub fn reserve(
        self,
        wish: &Reservation,
        rules: Rules,
        unpaid: u32,
        now: Timestamp,
    ) -> Result<Order, ReserveRefusal> {
        let amounts = Amounts::new(self.price, rules.fees);
        self.refuse(wish, amounts, now)?;
        if let Some(most) = rules.most_unpaid.filter(|most| unpaid >= *most) {
            return Err(ReserveRefusal::TooManyUnpaid(most));
        }
        let lock_end = now.saturating_add(rules.lock).unwrap_or(Timestamp::MAX);
        Ok(Order {
            id: wish.id,
            version: 0,
            user_id: wish.user_id,
            state: State::Created,
            expires_at: self.starts_at.map_or(lock_end, |start| start.min(lock_end)),
            amounts,
            ticket: self.snapshot,
            created_at: now,
            updated_at: now,
        })
    }

    fn refuse(
        &self,
        wish: &Reservation,
        amounts: Amounts,
        now: Timestamp,
    ) -> Result<(), ReserveRefusal> {
        if self.snapshot.user_id == wish.user_id {
            return Err(ReserveRefusal::OwnTicket);
        }
        if self.status == TicketStatus::Withdrawn {
            return Err(ReserveRefusal::Withdrawn);
        }
        if self.starts_at.is_some_and(|start| start <= now) {
            return Err(ReserveRefusal::Over);
        }
        let is_another = |seen: Option<&str>, now: Money| {
            seen.is_some_and(|text| Money::parse(text, now.currency()) != Ok(now))
        };
        if is_another(wish.price.as_deref(), amounts.price)
            || is_another(wish.total.as_deref(), amounts.total)
        {
            return Err(ReserveRefusal::PriceChanged);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tessera_contracts::FeeRate;

    use super::*;

    const RULES: Rules = Rules {
        lock: SignedDuration::from_secs(900),
        most_unpaid: Some(10),
        fees: Fees {
            buyer: FeeRate::NONE,
            seller: FeeRate::NONE,
        },
    };

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    fn id(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(n)
    }

    fn ticket() -> Ticket {
        Ticket {
            status: TicketStatus::Available,
            price: Money::new(12_000, "usd".parse().unwrap()),
            starts_at: None,
            snapshot: serde_json::from_value(serde_json::json!({
                "id": id(3), "version": 5, "userId": id(4), "title": "Hamlet", "price": "120.00", "currency": "usd"
            }))
            .unwrap(),
        }
    }

    fn wish() -> Reservation {
        Reservation {
            id: id(1).into(),
            user_id: id(2).into(),
            price: None,
            total: None,
        }
    }

    #[test]
    fn the_lock_ends_after_its_time_but_never_past_the_start() {
        let order = ticket().reserve(&wish(), RULES, 0, now()).unwrap();
        assert_eq!(order.expires_at, now() + SignedDuration::from_secs(900));
        let start = now() + SignedDuration::from_secs(60);
        let soon = Ticket {
            starts_at: Some(start),
            ..ticket()
        };
        assert_eq!(
            soon.reserve(&wish(), RULES, 0, now()).unwrap().expires_at,
            start
        );
    }

    #[test]
    fn refuses_what_cannot_be_sold_to_this_buyer() {
        let refused = |ticket: Ticket, wish: &Reservation, unpaid| {
            ticket.reserve(wish, RULES, unpaid, now()).unwrap_err()
        };
        let own = Reservation {
            user_id: id(4).into(),
            ..wish()
        };
        assert_eq!(refused(ticket(), &own, 0), ReserveRefusal::OwnTicket);
        let withdrawn = Ticket {
            status: TicketStatus::Withdrawn,
            ..ticket()
        };
        assert_eq!(refused(withdrawn, &wish(), 0), ReserveRefusal::Withdrawn);
        let over = Ticket {
            starts_at: Some(now()),
            ..ticket()
        };
        assert_eq!(refused(over, &wish(), 0), ReserveRefusal::Over);
        let cheaper = Reservation {
            price: Some("119.99".into()),
            ..wish()
        };
        assert_eq!(refused(ticket(), &cheaper, 0), ReserveRefusal::PriceChanged);
        assert_eq!(
            refused(ticket(), &wish(), 10),
            ReserveRefusal::TooManyUnpaid(10)
        );
    }

    #[test]
    fn the_price_seen_may_be_written_in_any_form() {
        for text in ["120", "120.0", "120.00"] {
            let wish = Reservation {
                price: Some(text.into()),
                ..wish()
            };
            assert!(ticket().reserve(&wish, RULES, 0, now()).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_amounts_are_fixed_when_reserving() {
        let rules = Rules {
            fees: Fees {
                buyer: FeeRate::new(250).unwrap(),
                seller: FeeRate::new(1_000).unwrap(),
            },
            ..RULES
        };
        let order = ticket().reserve(&wish(), rules, 0, now()).unwrap();
        let minor = |money: Money| money.minor();
        let Amounts {
            price,
            fee,
            total,
            seller_fee,
        } = order.amounts;
        assert_eq!(
            [price, fee, total, seller_fee].map(minor),
            [12_000, 300, 12_300, 1_200]
        );
        let before_the_fee = Reservation {
            total: Some("120.00".into()),
            ..wish()
        };
        let refused = ticket().reserve(&before_the_fee, rules, 0, now());
        assert_eq!(refused.unwrap_err(), ReserveRefusal::PriceChanged);
        let seen = Reservation {
            price: Some("120".into()),
            total: Some("123.00".into()),
            ..wish()
        };
        assert!(ticket().reserve(&seen, rules, 0, now()).is_ok());
    }

    #[test]
    fn a_replica_that_says_reserved_does_not_refuse() {
        let reserved = Ticket {
            status: TicketStatus::Reserved,
            ..ticket()
        };
        assert!(reserved.reserve(&wish(), RULES, 0, now()).is_ok());
    }
}
