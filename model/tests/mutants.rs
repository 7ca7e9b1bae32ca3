//! The protocol without one of its guards: for each there is a history that breaks a promise, and the checker finds it.

#![cfg(test)]

use tessera_model::properties::{
    CHARGED_ONCE, COMPLETE_IS_HELD, FOR_SALE_AGAIN, HOLDS_ITS_TICKET, NOT_TOO_EARLY, NOTHING_HELD,
    ONE_EFFECT, ONE_LIVE_ORDER, UNCHANGED,
};
use tessera_model::{Bounds, Guards, Marketplace, exhaust_anyhow, look_for};

/// One order, paid once, and nothing that a mutant does not need.
const ONE: Bounds = Bounds {
    by_ann: 1,
    by_ben: 0,
    tries: 1,
    askers: 1,
    edit: false,
    withdraw: false,
    refuse_capture: false,
    every_moment: true,
};

/// Two orders.
const TWO: Bounds = Bounds {
    by_ben: 1,
    every_moment: false,
    ..ONE
};

/// Without the guard there is a history that breaks the promise, and with it there is none.
fn breaks(promise: &'static str, bounds: Bounds, without: Guards) {
    let look = |guards| look_for(Marketplace { bounds, guards }, promise);
    assert_ne!(without, Guards::ALL, "a guard is taken out");
    let Some(history) = look(without) else {
        panic!("nothing breaks: {promise}");
    };
    println!(
        "{promise}, broken:\n  {}\n{}\n",
        history.steps.join("\n  "),
        history.end
    );
    assert!(
        look(Guards::ALL).is_none(),
        "with the guard nothing breaks: {promise}"
    );
}

macro_rules! mutants {
    ($($name:ident: $guard:ident, $promise:ident, $bounds:expr;)+) => {$(
        #[test]
        fn $name() {
            breaks($promise, $bounds, Guards { $guard: false, ..Guards::ALL });
        }
    )+};
}

mutants! {
    two_orders_live_without_the_unique_index: one_live_order, ONE_LIVE_ORDER, TWO;
    a_ticket_is_taken_from_its_holder_by_another: release_by_holder, HOLDS_ITS_TICKET, TWO;
    an_order_completes_after_its_end: complete_from_awaiting, HOLDS_ITS_TICKET, ONE;
    a_buyer_gets_what_they_did_not_see: lock_if_unedited, UNCHANGED, Bounds { edit: true, ..ONE };
    a_listing_changes_under_its_holder: edit_while_free, UNCHANGED, Bounds { edit: true, ..ONE };
    money_is_taken_for_an_order_that_may_yet_end: capture_when_complete, CHARGED_ONCE, ONE;
    money_stays_held_after_the_end: void_on_end, NOTHING_HELD, ONE;
    money_that_is_held_late_stays_held: void_late_answer, NOTHING_HELD, ONE;
    money_stays_held_that_nobody_remembers: intent_first, NOTHING_HELD, ONE;
    money_is_held_twice: one_live_payment, NOTHING_HELD, Bounds { tries: 2, ..ONE };
    an_event_is_handled_twice: inbox, ONE_EFFECT, ONE;
    an_ended_order_gets_the_ticket_for_good: newest_counts, FOR_SALE_AGAIN, ONE;
    a_ticket_is_handed_on_to_an_ended_order: end_stops_waiting, FOR_SALE_AGAIN, TWO;
    an_order_expires_by_a_clock_that_is_ahead: own_clock, NOT_TOO_EARLY, ONE;
    an_order_never_ends_since_its_nudge_came_early: put_off, FOR_SALE_AGAIN, ONE;
}

#[test]
fn a_completed_order_without_money_is_seen() {
    let without = Guards {
        complete_from_awaiting: false,
        ..Guards::ALL
    };
    breaks(COMPLETE_IS_HELD, ONE, without);
}

/// Handlers are right also when run twice: each of them asks for a version or a state first. The inbox is a second wall.
#[test]
fn without_the_inbox_no_other_promise_is_broken() {
    let guards = Guards {
        inbox: false,
        ..Guards::ALL
    };
    let account = exhaust_anyhow(
        Marketplace {
            bounds: ONE,
            guards,
        },
        1,
    );
    println!("{} states without the inbox", account.states);
    let broken = account.verdicts.iter().filter(|verdict| !verdict.is_good());
    let broken: Vec<&str> = broken.map(|verdict| verdict.name).collect();
    assert_eq!(broken, [ONE_EFFECT]);
}
