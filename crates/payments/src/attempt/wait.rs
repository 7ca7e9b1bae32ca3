//! Waits until an order has its lock, which its buyer is usually some milliseconds ahead of.
//!
//! It only waits: whether the order may be paid is decided afterwards, in the transaction.

use jiff::Timestamp;
use tessera_contracts::{OrderId, OrderStatus, UserId};
use tessera_platform::arrival;
use tessera_platform::db::DbError;
use tessera_platform::service::Ctx;

use crate::domain::Order;
use crate::store::orders;

/// Waits until `user` can pay the order, or it makes no sense to wait any longer.
pub async fn for_lock(ctx: &Ctx, id: OrderId, user: UserId) -> Result<(), DbError> {
    let is_coming = || async {
        let order = orders::show(&ctx.db, id).await?;
        Ok(is_coming(order.as_ref(), id, user, ctx.clock.now()))
    };
    ctx.arrivals.wait_while(id.uuid(), is_coming).await
}

/// Whether the order, as it is known here, is about to become one that `user` can pay.
fn is_coming(order: Option<&Order>, id: OrderId, user: UserId, now: Timestamp) -> bool {
    match order {
        None => arrival::is_young(id.uuid(), now),
        Some(order) => {
            order.status == OrderStatus::Created && order.user_id == user && now < order.expires_at
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use tessera_contracts::Money;
    use uuid::{Builder, Uuid};

    use super::*;

    fn drawn_at(moment: Timestamp) -> OrderId {
        let millis = u64::try_from(moment.as_millisecond()).unwrap();
        Builder::from_unix_timestamp_millis(millis, &[7; 10])
            .into_uuid()
            .into()
    }

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    fn buyer() -> UserId {
        Uuid::from_u128(2).into()
    }

    fn order(status: OrderStatus) -> Order {
        Order {
            id: drawn_at(now()),
            version: 0,
            user_id: buyer(),
            status,
            expires_at: now() + SignedDuration::from_secs(900),
            total: Money::new(12_000, "usd".parse().unwrap()),
            terms: None,
            declined: 0,
        }
    }

    #[test]
    fn an_unknown_order_is_waited_for_only_while_it_is_young() {
        let coming = |id| is_coming(None, id, buyer(), now());
        assert!(coming(drawn_at(now())));
        assert!(!coming(Uuid::from_u128(5).into()));
    }

    #[test]
    fn only_the_buyer_of_an_order_that_waits_for_its_lock_waits() {
        let coming = |order: &Order, user| is_coming(Some(order), order.id, user, now());
        assert!(coming(&order(OrderStatus::Created), buyer()));
        assert!(!coming(
            &order(OrderStatus::Created),
            Uuid::from_u128(9).into()
        ));
        for settled in [
            OrderStatus::AwaitingPayment,
            OrderStatus::Complete,
            OrderStatus::Cancelled,
        ] {
            assert!(!coming(&order(settled), buyer()), "{settled}");
        }
        let over = Order {
            expires_at: now(),
            ..order(OrderStatus::Created)
        };
        assert!(!coming(&over, buyer()));
    }
}
