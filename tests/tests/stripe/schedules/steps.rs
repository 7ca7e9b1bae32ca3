//! What can happen, and how often.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use stripe_double::{Call, Fault, Mode, Order, Outcome, Verdict};

/// What a schedule is about. What somebody does by hand at Stripe has ends that only a person can mend, so that not everything
/// goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refunds that fail, and chargebacks.
    Afterwards,
    /// Somebody captures and cancels past the marketplace.
    ByHand,
}

/// Which of the orders: counted from the newest, as far as there are so many.
pub type Nth = usize;

#[derive(Clone, Debug)]
pub enum Step {
    Reserve,
    ReserveAgain(Nth),
    Pay(Nth, &'static str),
    PayUnderOneKey(Nth, &'static str),
    PayAndCancelAtOnce(Nth),
    Authenticate(Nth, Outcome),
    Confirm(Nth),
    ConfirmPastUs(Nth),
    Cancel(Nth),
    /// In milliseconds.
    Advance(i64),
    Settle,
    Plan(Call, Fault, u32),
    ClearPlan,
    Webhooks(Mode),
    Release(Order),
    Redeliver(usize),
    Restart,
    GiveBack(Nth, Option<&'static str>),
    PayOut,
    FailRefund(usize),
    Dispute(Nth),
    Decide(usize, Verdict),
    CaptureByHand(Nth),
    CancelByHand(Nth),
}

const CARDS: [&str; 8] = [
    "tok_visa",
    "pm_card_visa",
    "pm_card_visa",
    "tok_chargeDeclined",
    "tok_visa_chargeDeclinedInsufficientFunds",
    "pm_card_threeDSecure2Required",
    "pm_card_authenticationRequired",
    "pm_card_threeDSecureRequiredChargeDeclined",
];

/// In milliseconds: what retries, orders, comparisons, keys and authorizations take.
const SPANS: [i64; 9] = [
    100, 300, 1_000, 5_000, 20_000, 90_000, 905_000, 3_600_000, 86_400_000,
];

const AMOUNTS: [Option<&str>; 5] = [
    None,
    Some("23.00"),
    Some("61.50"),
    Some("0.01"),
    Some("122.99"),
];

impl Kind {
    pub fn draw(chance: &mut StdRng) -> Kind {
        if chance.random_bool(0.7) {
            Kind::Afterwards
        } else {
            Kind::ByHand
        }
    }
}

fn one<T: Clone>(of: &[T], chance: &mut impl Rng) -> T {
    of.choose(chance).expect("there are some").clone()
}

impl Step {
    pub fn draw(chance: &mut StdRng, kind: Kind) -> Step {
        let nth = chance.random_range(0..3);
        match chance.random_range(0..100) {
            0..6 => Step::Reserve,
            6..8 => Step::ReserveAgain(nth),
            8..24 => Step::Pay(nth, one(&CARDS, chance)),
            24..27 => Step::PayUnderOneKey(nth, one(&CARDS, chance)),
            27..29 => Step::PayAndCancelAtOnce(nth),
            29..35 => Step::Authenticate(nth, outcome(chance)),
            35..39 => Step::Confirm(nth),
            39..41 => Step::ConfirmPastUs(nth),
            41..44 => Step::Cancel(nth),
            44..54 => Step::Advance(one(&SPANS, chance)),
            54..66 => Step::Settle,
            66..76 => plan(chance, kind),
            76..78 => Step::ClearPlan,
            78..82 => Step::Webhooks(mode(chance)),
            82..84 => Step::Release(order(chance)),
            84..85 => Step::Redeliver(chance.random_range(0..50)),
            85..87 => Step::Restart,
            87..90 => Step::GiveBack(nth, one(&AMOUNTS, chance)),
            90..91 => Step::PayOut,
            _ => by_others(chance, kind, nth),
        }
    }
}

fn by_others(chance: &mut StdRng, kind: Kind, nth: Nth) -> Step {
    let which = chance.random_range(0..4);
    match (kind, chance.random_range(0..3)) {
        (Kind::Afterwards, 0) => Step::FailRefund(which),
        (Kind::Afterwards, 1) => Step::Dispute(nth),
        (Kind::Afterwards, _) => Step::Decide(which, one(&[Verdict::Won, Verdict::Lost], chance)),
        (Kind::ByHand, 0) => Step::CancelByHand(nth),
        (Kind::ByHand, _) => Step::CaptureByHand(nth),
    }
}

fn outcome(chance: &mut StdRng) -> Outcome {
    let outcomes = [
        Outcome::Succeed,
        Outcome::Succeed,
        Outcome::Fail,
        Outcome::Abandon,
    ];
    one(&outcomes, chance)
}

fn order(chance: &mut StdRng) -> Order {
    one(
        &[Order::AsItWas, Order::Reversed, Order::These(vec![1, 3])],
        chance,
    )
}

fn mode(chance: &mut StdRng) -> Mode {
    let modes = [
        Mode::Deliver,
        Mode::Hold,
        Mode::Hold,
        Mode::Drop,
        Mode::Repeat { times: 3 },
        Mode::Reorder { within_ms: 3 },
    ];
    one(&modes, chance)
}

fn plan(chance: &mut StdRng, kind: Kind) -> Step {
    let calls = [
        Call::Create,
        Call::Create,
        Call::Capture,
        Call::Capture,
        Call::Cancel,
        Call::Cancel,
        Call::Refund,
        Call::Retrieve,
        Call::List,
        Call::ListRefunds,
        Call::Any,
    ];
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::FailBefore,
        Fault::FailAfter,
        Fault::TooMany { retry_after: 7 },
        Fault::Unavailable,
        Fault::KeyInUse,
        Fault::Malformed,
    ];
    let call = one(&calls, chance);
    let fault = match (call, kind, chance.random_range(0..10)) {
        (Call::Capture, _, 0) => Fault::RefuseCapture,
        (Call::Refund, Kind::Afterwards, 0..3) => Fault::RefundFails,
        // Of two intents of one payment, somebody could capture the one that does not count.
        (Call::Create, Kind::Afterwards, 0) | (Call::Capture | Call::Cancel, _, 1) => Fault::Twice,
        _ => one(&faults, chance),
    };
    Step::Plan(call, fault, one(&[1, 1, 1, 2, 5], chance))
}
