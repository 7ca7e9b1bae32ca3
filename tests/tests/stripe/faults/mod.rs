//! Stripe fails: before it acts, after it acted, for a while, twice. Whatever fails, each thing is done once, and every
//! payment comes to an end.

mod refused;
mod slow;
mod waiting;
mod writes;

use stripe_double::{Call, Fault};

use crate::till::Till;

/// All that can go wrong with one request, but for those that take their time.
fn passing() -> [Fault; 10] {
    [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::FailBefore,
        Fault::FailAfter,
        Fault::TooMany { retry_after: 2 },
        Fault::Unavailable,
        Fault::KeyInUse,
        Fault::Locked,
        Fault::Malformed,
        Fault::Twice,
    ]
}

/// The keys of the requests of one kind, in their order.
fn keys(till: &Till, call: Call) -> Vec<String> {
    let requests = till.stripe.requests().into_iter();
    let ours = requests.filter(|request| request.call == Some(call));
    ours.map(|request| request.idempotency_key.unwrap())
        .collect()
}
