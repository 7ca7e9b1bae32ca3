//! Whatever is asked, in whichever order: the money adds up, and states move as documented.

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use stripe_double::MovementKind::{self, Authorize, Capture, Refund, RefundFailed, Release};
use stripe_double::{Call, Fault, Movement, Outcome};

use crate::wire::{Wire, paying, wire};

const PATH: &str = "/v1/payment_intents";

#[derive(Clone, Debug)]
enum Step {
    Create { card: usize, key: u8 },
    Confirm { of: usize, card: usize },
    Capture { of: usize, amount: u64, key: u8 },
    Cancel { of: usize },
    Refund { of: usize, amount: u64, key: u8 },
    Authenticate { of: usize, succeed: bool },
    FailRefund { of: usize },
    Advance { seconds: i64 },
    Fault { call: usize, fault: usize },
}

const CARDS: [&str; 6] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
    "pm_card_refundFail",
];

fn step() -> impl Strategy<Value = Step> {
    let of = 0..4_usize;
    prop_oneof![
        4 => (0..CARDS.len(), 0..4_u8).prop_map(|(card, key)| Step::Create { card, key }),
        2 => (of.clone(), 0..CARDS.len()).prop_map(|(of, card)| Step::Confirm { of, card }),
        4 => (of.clone(), 0..12_000_u64, 0..4_u8).prop_map(|(of, amount, key)| Step::Capture { of, amount, key }),
        2 => of.clone().prop_map(|of| Step::Cancel { of }),
        4 => (of.clone(), 0..8_000_u64, 0..4_u8).prop_map(|(of, amount, key)| Step::Refund { of, amount, key }),
        2 => (of.clone(), any::<bool>()).prop_map(|(of, succeed)| Step::Authenticate { of, succeed }),
        1 => of.prop_map(|of| Step::FailRefund { of }),
        1 => (0..200_000_i64).prop_map(|seconds| Step::Advance { seconds }),
        2 => (0..3_usize, 0..4_usize).prop_map(|(call, fault)| Step::Fault { call, fault }),
    ]
}

/// What each state may become (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
fn may_become(before: &str, after: &str) -> bool {
    let next: &[&str] = match before {
        "requires_payment_method" | "requires_confirmation" => &[
            "requires_payment_method",
            "requires_action",
            "requires_capture",
            "succeeded",
            "canceled",
        ],
        "requires_action" => &[
            "requires_payment_method",
            "requires_capture",
            "succeeded",
            "canceled",
        ],
        "requires_capture" => &["succeeded", "canceled"],
        _ => &[],
    };
    before == after || next.contains(&after)
}

fn id(wire: &Wire, of: usize) -> Option<String> {
    let intents = wire.double.intents();
    let intent = intents.get(of.checked_rem(intents.len())?)?;
    intent["id"].as_str().map(str::to_owned)
}

async fn take(wire: &Wire, step: &Step) -> Option<()> {
    match step {
        Step::Create { card, key } => {
            let key = format!("create-{card}-{key}");
            drop(wire.try_once(&key, PATH, &paying(CARDS[*card])).await);
        }
        Step::Confirm { of, card } => {
            let path = format!("{PATH}/{}/confirm", id(wire, *of)?);
            wire.post(&path, &[("payment_method", CARDS[*card])]).await;
        }
        Step::Capture { of, amount, key } => {
            let (id, amount) = (id(wire, *of)?, amount.to_string());
            let params = [("amount_to_capture", amount.as_str())];
            let key = format!("capture-{id}-{amount}-{key}");
            drop(
                wire.try_once(&key, &format!("{PATH}/{id}/capture"), &params)
                    .await,
            );
        }
        Step::Cancel { of } => {
            let path = format!("{PATH}/{}/cancel", id(wire, *of)?);
            wire.post(&path, &[]).await;
        }
        Step::Refund { of, amount, key } => {
            let (id, amount) = (id(wire, *of)?, amount.to_string());
            let params = [("payment_intent", id.as_str()), ("amount", amount.as_str())];
            let key = format!("refund-{id}-{amount}-{key}");
            drop(wire.try_once(&key, "/v1/refunds", &params).await);
        }
        outside => return happen(wire, outside),
    }
    Some(())
}

/// What nobody asks the API for.
fn happen(wire: &Wire, step: &Step) -> Option<()> {
    match step {
        Step::Authenticate { of, succeed } => {
            let outcome = if *succeed {
                Outcome::Succeed
            } else {
                Outcome::Fail
            };
            drop(wire.double.complete_action(&id(wire, *of)?, outcome));
        }
        Step::FailRefund { of } => {
            let refunds = wire.double.refunds();
            let refund = refunds.get(of.checked_rem(refunds.len())?)?;
            drop(wire.double.fail_refund(refund["id"].as_str()?));
        }
        Step::Advance { seconds } => wire.double.advance(*seconds),
        Step::Fault { call, fault } => {
            let faults = [
                Fault::DropBefore,
                Fault::DropAfter,
                Fault::FailAfter,
                Fault::FailBefore,
            ];
            let calls = [Call::Create, Call::Capture, Call::Refund];
            wire.double.plan(calls[*call], faults[*fault].clone());
        }
        _ => {}
    }
    Some(())
}

fn sum(movements: &[Movement], intent: &str, kind: MovementKind) -> u64 {
    let of_it = movements
        .iter()
        .filter(|moved| moved.intent == intent && moved.kind == kind);
    of_it.map(|moved| moved.amount).sum()
}

fn adds_up(wire: &Wire) {
    let movements = wire.double.movements();
    for intent in wire.double.intents() {
        let id = intent["id"].as_str().expect("an id");
        let sum = |kind| sum(&movements, id, kind);
        let (authorized, captured, released) = (sum(Authorize), sum(Capture), sum(Release));
        let refunded = sum(Refund) - sum(RefundFailed);
        assert!(
            captured + released <= authorized,
            "{id}: more taken or released than held"
        );
        assert!(refunded <= captured, "{id}: more refunded than taken");
        assert_eq!(intent["amount_received"], captured);
        assert_eq!(
            intent["amount_capturable"],
            authorized - captured - released
        );
    }
}

/// Each key made one object at most: a request that came again was told of the first.
fn each_key_was_acted_upon_once(wire: &Wire) {
    let mut acted: HashMap<(String, String), String> = HashMap::new();
    for event in wire.double.events() {
        let request = &event["request"];
        let (Some(request), Some(key)) =
            (request["id"].as_str(), request["idempotency_key"].as_str())
        else {
            continue;
        };
        let kind = event["type"].as_str().unwrap_or_default();
        let first = acted
            .entry((key.to_owned(), kind.to_owned()))
            .or_insert_with(|| request.to_owned());
        assert_eq!(first, request, "{key} was acted upon twice");
    }
}

async fn run(steps: &[Step]) {
    let wire = wire().await;
    let mut states: HashMap<String, String> = HashMap::new();
    for step in steps {
        take(&wire, step).await;
        adds_up(&wire);
        for intent in wire.double.intents() {
            let status = intent["status"].as_str().unwrap_or_default().to_owned();
            let id = intent["id"].as_str().unwrap_or_default().to_owned();
            if let Some(before) = states.insert(id, status.clone()) {
                assert!(
                    may_become(&before, &status),
                    "{before} became {status} by {step:?}"
                );
            }
        }
    }
    // Keys are forgotten after a day: then they may be acted upon again.
    if wire.double.now() - crate::wire::NOW < 24 * 60 * 60 {
        each_key_was_acted_upon_once(&wire);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_money_adds_up(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(run(&steps));
    }
}
