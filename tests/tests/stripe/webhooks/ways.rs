//! When it is told, and how often: it does not matter.

use stripe_double::{Call, Fault, Mode, Order, Outcome};

use crate::till::{TOTAL, Till};

/// A bit of everything, with webhooks that come as `mode` says, and after that, if they are held, as `release` says.
async fn a_bit_of_everything(mode: Mode, release: Option<Order>) -> String {
    let till = Till::open().await;
    let webhooks = till.stripe.webhooks();
    webhooks.mode(mode);
    let (paid, _, _) = till.sold().await;
    let (declined, _) = till.order().await;
    assert_eq!(till.pay(&declined, "tok_chargeDeclined").await.status, 402);
    let (cancelled, _) = till.order().await;
    assert_eq!(till.pay(&cancelled, "tok_visa").await.status, 201);
    assert_eq!(till.cancel(&cancelled).await.status, 204);
    let (confirmed, _, _) = till.to_be_confirmed().await;
    till.authenticate(&confirmed, Outcome::Succeed);
    let (failed, _, _) = till.to_be_confirmed().await;
    till.authenticate(&failed, Outcome::Fail);
    let (given_back, _, _) = till.sold().await;
    till.give_back(&given_back, Some("23.00")).await.unwrap();
    till.recover().await;
    if let Some(order) = release {
        assert!(webhooks.release(&order) > 10);
        till.recover().await;
    }
    till.reconcile().await;
    let mut end = Vec::new();
    for order in [
        &paid,
        &declined,
        &cancelled,
        &confirmed,
        &failed,
        &given_back,
    ] {
        let (standing, statuses) = (till.standing(order).await, till.statuses(order).await);
        end.push(format!("{standing} · {statuses} · {}", till.moved(order)));
    }
    end.extend(till.ledger().await);
    till.assert_sound().await;
    till.assert_nothing_is_under_way().await;
    end.join("\n")
}

#[tokio::test]
async fn however_they_come_the_end_is_the_same() {
    let as_usual = a_bit_of_everything(Mode::Deliver, None).await;
    assert!(as_usual.contains("complete"), "{as_usual}");
    let ways = [
        (Mode::Repeat { times: 2 }, None),
        (Mode::Repeat { times: 10 }, None),
        (Mode::Reorder { within_ms: 20 }, None),
        (Mode::Drop, None),
        (Mode::Hold, None),
        (Mode::Hold, Some(Order::AsItWas)),
        (Mode::Hold, Some(Order::Reversed)),
    ];
    for (mode, release) in ways {
        let end = a_bit_of_everything(mode, release.clone()).await;
        assert_eq!(end, as_usual, "{mode:?} {release:?}");
    }
}

#[tokio::test]
async fn an_event_is_looked_at_once_however_often_it_is_told() {
    let till = Till::open().await;
    till.sold().await;
    till.settle().await;
    let before = till.stripe.requests().len();
    for event in till.stripe.events() {
        for _ in 0..3 {
            till.stripe
                .webhooks()
                .redeliver(event["id"].as_str().unwrap());
        }
    }
    till.settle().await;
    assert_eq!(till.stripe.requests().len(), before);
    till.assert_sound().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_looked_at_is_looked_at_later() {
    let till = Till::open().await;
    let (order, _, _) = till.to_be_confirmed().await;
    till.settle().await;
    let unavailable = Fault::Unavailable;
    till.stripe.plan_times(Call::Retrieve, unavailable, 2);
    till.authenticate(&order, Outcome::Succeed);
    till.settle().await;
    assert_eq!(till.statuses(&order).await, "requires_action");
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}
