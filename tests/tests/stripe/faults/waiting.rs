//! Who asks for time gets it, and who fails is asked later and later.

use jiff::SignedDuration;
use stripe_double::{Call, Fault, Mode, Recorded};

use crate::till::Till;

/// When each request of a kind came, in seconds after the first one.
fn moments(till: &Till, call: Call) -> Vec<i64> {
    let requests = till.stripe.requests().into_iter();
    let ours: Vec<Recorded> = requests.filter(|one| one.call == Some(call)).collect();
    let first = ours.first().map_or(0, |one| one.at);
    ours.iter().map(|one| one.at - first).collect()
}

/// Lets seconds pass one after the other.
async fn seconds(till: &Till, count: usize) {
    for _ in 0..count {
        till.market.app.advance(SignedDuration::from_secs(1));
        till.settle().await;
    }
}

#[tokio::test]
async fn nothing_is_asked_again_before_the_time_that_stripe_asked_for() {
    let busy = || Fault::TooMany { retry_after: 30 };
    for call in [Call::Create, Call::Capture, Call::Cancel] {
        for mode in [Mode::Deliver, Mode::Drop] {
            let till = Till::open().await;
            till.stripe.webhooks().mode(mode);
            let (order, _) = till.order().await;
            till.stripe.plan(call, busy());
            till.pay(&order, "tok_visa").await;
            if call == Call::Cancel {
                assert_eq!(till.cancel(&order).await.status, 204);
            }
            till.settle().await;
            seconds(&till, 40).await;
            assert_eq!(moments(&till, call), [0, 30], "{call:?} {mode:?}");
            till.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn nor_is_a_refund() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    let busy = Fault::TooMany { retry_after: 30 };
    till.stripe.plan(Call::Refund, busy);
    till.give_back(&order, None).await.unwrap();
    till.settle().await;
    seconds(&till, 40).await;
    assert_eq!(moments(&till, Call::Refund), [0, 30]);
    till.assert_sound().await;
}

#[tokio::test]
async fn what_fails_is_asked_less_and_less_often_and_at_least_every_minute() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan_always(Call::Capture, Fault::Unavailable);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    seconds(&till, 600).await;
    let asked = moments(&till, Call::Capture);
    assert!((15..=25).contains(&asked.len()), "{asked:?}");
    let longest = asked.windows(2).map(|two| two[1] - two[0]).max();
    assert!(longest <= Some(61), "{asked:?}");
    till.stripe.clear_plan();
    seconds(&till, 61).await;
    till.assert_sound().await;
}
