//! The protocol as it is: every state within the small bounds, and every property in each of them.

#![cfg(test)]

use tessera_model::{Account, Bounds, Guards, Marketplace, exhaust};

fn account_of(bounds: Bounds) -> Account {
    let model = Marketplace {
        bounds,
        guards: Guards::ALL,
    };
    exhaust(model, 1)
}

/// How many states each walk has. Whoever changes the model on purpose changes these with it; a count that changes
/// by itself says that the model became another one.
const STATES: &[usize] = &[116_862, 300_590];

#[test]
fn every_state_within_the_small_bounds_keeps_every_promise() {
    for ((name, bounds), expected) in Bounds::SMALL.iter().zip(STATES) {
        let account = account_of(*bounds);
        println!(
            "{name}: {} unique states, depth {}",
            account.states, account.depth
        );
        for verdict in &account.verdicts {
            assert!(verdict.is_good(), "{name}: {verdict:#?}");
        }
        assert_eq!(account.states, *expected, "{name}");
    }
    assert_eq!(STATES.len(), Bounds::SMALL.len());
}

#[test]
fn what_comes_at_once_hides_no_end() {
    // Of one order both can be had: with each letter at every moment, and without.
    let [(_, whole), ..] = Bounds::SMALL else {
        panic!("there is a walk")
    };
    assert!(whole.every_moment);
    let short = account_of(Bounds {
        every_moment: false,
        ..*whole
    });
    let whole = account_of(*whole);
    assert!(
        short.states * 5 < whole.states,
        "{} {}",
        short.states,
        whole.states
    );
    let verdicts = |account: Account| -> Vec<(&str, bool)> {
        let verdicts = account.verdicts.iter();
        verdicts
            .map(|verdict| (verdict.name, verdict.is_good()))
            .collect()
    };
    assert_eq!(verdicts(short), verdicts(whole));
}
