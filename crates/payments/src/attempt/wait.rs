//! Waits until an order has its lock, which its buyer is usually some milliseconds ahead of.
//!
//! It only waits: whether the order may be paid is decided afterwards, in the transaction.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::{OrderId, OrderStatus, UserId};
use tessera_platform::db::DbError;
use tessera_platform::service::Ctx;

use crate::domain::Order;
use crate::store::orders;

const LONGEST_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// An order that is not known may be on its way here for as long as this.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);

/// Looks at the order, in pauses that grow, until it makes no sense to wait, at most two seconds.
pub async fn for_lock(ctx: &Ctx, id: OrderId, user: UserId) -> Result<(), DbError> {
    let (mut left, mut pause) = (LONGEST_WAIT, FIRST_PAUSE);
    loop {
        let order = orders::show(&ctx.db, id).await?;
        if !is_coming(order.as_ref(), id, user, ctx.clock.now()) || left.is_zero() {
            return Ok(());
        }
        let span = pause.min(left);
        rest(span).await;
        left -= span;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether the order, as it is known here, is about to become one that `user` can pay.
fn is_coming(order: Option<&Order>, id: OrderId, user: UserId, now: Timestamp) -> bool {
    match order {
        None => is_young(id, now),
        Some(order) => {
            order.status == OrderStatus::Created && order.user_id == user && now < order.expires_at
        }
    }
}

/// Whether the id was drawn just now, by the time that is in it.
fn is_young(id: OrderId, now: Timestamp) -> bool {
    let Some((seconds, nanos)) = id.uuid().get_timestamp().map(|drawn| drawn.to_unix()) else {
        return false;
    };
    let nanos = i32::try_from(nanos).unwrap_or(0);
    let drawn = i64::try_from(seconds).map(|seconds| Timestamp::new(seconds, nanos));
    matches!(drawn, Ok(Ok(drawn)) if drawn.duration_since(now).abs() <= YOUNG)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the lock comes in real time, also where a test's clock stands still"
)]
async fn rest(span: Duration) {
    tokio::time::sleep(span).await;
}

#[cfg(test)]
mod tests {
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
            declined: 0,
        }
    }

    #[test]
    fn an_unknown_order_is_waited_for_only_while_it_is_young() {
        let coming = |id| is_coming(None, id, buyer(), now());
        assert!(coming(drawn_at(now())));
        assert!(coming(drawn_at(now() - YOUNG)));
        assert!(!coming(drawn_at(now() - SignedDuration::from_secs(31))));
        assert!(!coming(drawn_at(now() + SignedDuration::from_secs(31))));
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
