//! The order ends while its payer is with their bank: what they do there afterwards charges nothing.

use stripe_double::{Mode, Outcome};

use crate::till::{TOTAL, Till};

/// How an order can end meanwhile.
#[derive(Clone, Copy, Debug)]
enum End {
    Expires,
    IsCancelled,
}

impl End {
    async fn come(self, till: &Till, order: &str) {
        match self {
            End::Expires => till
                .market
                .app
                .advance(jiff::SignedDuration::from_secs(900)),
            End::IsCancelled => assert_eq!(till.cancel(order).await.status, 204),
        }
    }

    fn as_shown(self) -> &'static str {
        match self {
            End::Expires => "cancelled: expired",
            End::IsCancelled => "cancelled: cancelled_by_buyer",
        }
    }
}

const ENDS: [End; 2] = [End::Expires, End::IsCancelled];

#[tokio::test]
async fn its_intent_is_canceled_and_a_stale_secret_charges_nothing() {
    for end in ENDS {
        let till = Till::open().await;
        let (order, payment, secret) = till.to_be_confirmed().await;
        end.come(&till, &order).await;
        till.settle().await;
        assert_eq!(till.standing(&order).await, end.as_shown());
        assert_eq!(till.intent_statuses(&order), ["canceled"]);
        assert_eq!(till.statuses(&order).await, "voided");
        assert!(!till.confirm_past_us(&secret, "pm_card_visa").await);
        let late = till.confirm(&payment).await;
        assert_eq!(
            (late.status.as_u16(), late.text("code")),
            (409, "order_cancelled".to_owned())
        );
        assert_eq!(till.moved(&order), "");
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn what_was_confirmed_in_the_last_moment_is_released() {
    for end in ENDS {
        for mode in [Mode::Deliver, Mode::Drop] {
            let till = Till::open().await;
            till.stripe.webhooks().mode(mode);
            let (order, payment, _) = till.to_be_confirmed().await;
            end.come(&till, &order).await;
            till.authenticate(&order, Outcome::Succeed);
            till.settle().await;
            assert_eq!(till.standing(&order).await, end.as_shown(), "{end:?}");
            assert_eq!(till.statuses(&order).await, "voided");
            assert_eq!(
                till.moved(&order),
                format!("authorize {TOTAL}, release {TOTAL}")
            );
            assert_eq!(till.confirm(&payment).await.status, 409);
            till.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn who_comes_back_before_the_marketplace_knows_of_the_end_gets_what_orders_decides() {
    for end in ENDS {
        let till = Till::open().await;
        let (order, payment, _) = till.to_be_confirmed().await;
        till.authenticate(&order, Outcome::Succeed);
        end.come(&till, &order).await;
        let back = till.confirm(&payment).await;
        assert_eq!(back.status, 201, "it is held: {}", back.body);
        till.settle().await;
        match till.standing(&order).await.as_str() {
            "complete" => assert_eq!(till.statuses(&order).await, "captured"),
            ended => {
                assert_eq!(ended, end.as_shown());
                assert_eq!(till.statuses(&order).await, "voided");
            }
        }
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn the_key_of_the_first_request_is_told_of_the_end() {
    for end in ENDS {
        let till = Till::open().await;
        let (order, _) = till.order().await;
        let asked = till.pay_under("k1", &order, crate::till::SECURED).await;
        assert_eq!(asked.status, 202);
        end.come(&till, &order).await;
        till.settle().await;
        let again = till.pay_under("k1", &order, crate::till::SECURED).await;
        assert_eq!(again.status, 409, "{}", again.body);
        assert_eq!(till.intents(&order).len(), 1);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn the_last_decline_after_the_order_has_ended_changes_nothing() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    for _ in 0..2 {
        assert_eq!(till.pay(&order, "tok_chargeDeclined").await.status, 402);
    }
    let asked = till.pay(&order, crate::till::SECURED).await;
    assert_eq!(asked.status, 202);
    assert_eq!(till.cancel(&order).await.status, 204);
    till.authenticate(&order, Outcome::Fail);
    till.settle().await;
    assert_eq!(till.standing(&order).await, "cancelled: cancelled_by_buyer");
    assert_eq!(till.ticket_status(&ticket).await, "available");
    assert_eq!(till.intent_statuses(&order), ["canceled"; 3]);
    let next = till.reserve(&ticket).await;
    assert_eq!(till.pay(&next, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.standing(&next).await, "complete");
    till.assert_sound().await;
}
