//! The checker itself is judged: histories of which it is known whether any order explains them, written by hand,
//! drawn at random and told the wrong way, and compared with a search that tries everything.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::checker::explain;
use crate::drawn::{NEVER, draw, draw_any};
use crate::history::{Deed, Micros, Operation, Order, Seen};
use crate::lock::TOLERANCE;
use crate::plain;

fn reserve(order: Order) -> Deed {
    let until = NEVER;
    Deed::Reserve { order, until }
}

fn expiring(order: Order, until: Micros) -> Deed {
    Deed::Reserve { order, until }
}

fn cancel(order: Order) -> Deed {
    Deed::Cancel { order }
}

fn look(order: Order, seen: Seen) -> Deed {
    Deed::Look { order, seen }
}

fn did(begun: Micros, answered: Micros, deed: Deed) -> Operation {
    Operation {
        buyer: 0,
        deed,
        begun,
        answered: Some(answered),
    }
}

/// Nobody knows whether it was done.
fn lost(begun: Micros, deed: Deed) -> Operation {
    Operation {
        answered: None,
        ..did(begun, begun, deed)
    }
}

#[track_caller]
fn good(history: &[Operation]) {
    let found = explain(history);
    assert!(found.is_ok(), "{found:?}");
    assert!(plain::is_explained(history));
}

/// Nothing explains it, and the answer that cannot be is that of the operation of this number.
#[track_caller]
fn bad(history: &[Operation], at: usize) {
    let stuck = explain(history).expect_err("nothing explains this");
    assert_eq!(
        (stuck.at, stuck.too_many),
        (at, false),
        "{:?}",
        stuck.possible
    );
    assert!(!plain::is_explained(history));
}

#[test]
fn two_buyers_are_not_both_told_that_they_have_it() {
    bad(&[did(0, 9, reserve(1)), did(1, 8, reserve(2))], 0);
    // With a release between them, all is well; with one that began after both, nothing is.
    let released = did(3, 7, cancel(1));
    good(&[did(0, 4, reserve(1)), did(1, 8, reserve(2)), released]);
    let too_late = did(10, 12, cancel(1));
    bad(&[did(0, 9, reserve(1)), did(1, 8, reserve(2)), too_late], 0);
}

#[test]
fn nobody_is_refused_while_it_is_certainly_free() {
    bad(&[did(0, 5, Deed::FoundTaken), did(6, 9, reserve(1))], 0);
    // Begun before the other one was through, it may have come second.
    good(&[did(0, 7, Deed::FoundTaken), did(6, 9, reserve(1))]);
    let held_and_free = [did(0, 2, reserve(1)), did(3, 5, cancel(1))];
    bad(
        &[&held_and_free[..], &[did(6, 8, Deed::FoundTaken)]].concat(),
        2,
    );
    good(&[&held_and_free[..], &[did(4, 8, Deed::FoundTaken)]].concat());
    bad(&[did(0, 2, reserve(1)), did(3, 5, Deed::FoundSold)], 1);
}

#[test]
fn a_look_never_goes_back() {
    let made = did(0, 2, reserve(1));
    let (created, locked) = (look(1, Seen::Created), look(1, Seen::AwaitingPayment));
    let (first, second) = (did(3, 5, locked.clone()), did(6, 8, created.clone()));
    bad(&[made.clone(), first, second], 2);
    good(&[made.clone(), did(3, 5, created.clone()), did(6, 8, locked)]);
    bad(
        &[
            made.clone(),
            did(3, 5, cancel(1)),
            did(6, 8, created.clone()),
        ],
        2,
    );
    // Two looks at once may be answered in either order.
    let (first, second) = (
        did(3, 8, created),
        did(4, 7, look(1, Seen::AwaitingPayment)),
    );
    good(&[made, first, second]);
}

#[test]
fn a_cancellation_that_was_answered_is_done() {
    let made_and_cancelled = [did(0, 2, reserve(1)), did(3, 5, cancel(1))];
    for seen in [Seen::Created, Seen::AwaitingPayment, Seen::Expired] {
        let looked = [did(6, 8, look(1, seen))];
        bad(&[&made_and_cancelled[..], &looked].concat(), 2);
    }
    let taken = [did(6, 8, Deed::FoundTaken)];
    bad(&[&made_and_cancelled[..], &taken].concat(), 2);
    let looked = [did(6, 8, look(1, Seen::Cancelled)), did(7, 9, reserve(2))];
    good(&[&made_and_cancelled[..], &looked].concat());
    // Nor does the end of one order free the ticket that another one holds.
    let others = [
        did(6, 8, reserve(2)),
        did(9, 11, cancel(1)),
        did(12, 14, reserve(3)),
    ];
    bad(&[&made_and_cancelled[..], &others].concat(), 4);
    bad(&[did(0, 2, cancel(1))], 0);
}

#[test]
fn a_lock_ends_at_its_deadline_and_not_before() {
    let until = 1_000_000;
    let made = did(0, 2, expiring(1, until));
    let early = until - TOLERANCE - 5;
    bad(&[made.clone(), did(3, early, reserve(2))], 1);
    good(&[made.clone(), did(3, until, reserve(2))]);
    // That it may end is not that it must; but whoever saw it ended does not see it held again.
    let late = did(until + 5, until + 6, Deed::FoundTaken);
    good(&[made.clone(), late.clone()]);
    let seen = did(until + 1, until + 2, look(1, Seen::Expired));
    bad(&[made.clone(), seen.clone(), late], 2);
    let cancelled = did(until + 1, until + 4, cancel(1));
    good(&[made.clone(), cancelled, seen]);
    bad(&[made, did(3, early, look(1, Seen::Expired))], 1);
}

#[test]
fn what_nobody_knows_may_be_done_late_or_never() {
    let taken = |begun| did(begun, begun + 2, Deed::FoundTaken);
    good(&[lost(0, reserve(1)), taken(50)]);
    good(&[lost(0, reserve(1)), did(3, 5, reserve(2))]);
    // Late, after others came and went; but once only.
    let others = [did(3, 5, reserve(2)), did(6, 8, cancel(2)), taken(9)];
    good(&[&[lost(0, reserve(1))], &others[..]].concat());
    let once_more = [did(12, 14, reserve(3))];
    bad(
        &[&[lost(0, reserve(1))], &others[..], &once_more].concat(),
        4,
    );
    bad(&[taken(0), lost(3, reserve(1))], 0);

    let given_up = [did(0, 2, reserve(1)), lost(3, cancel(1))];
    good(&[&given_up[..], &[taken(50)]].concat());
    let freed = [did(50, 52, reserve(2))];
    good(&[&given_up[..], &freed].concat());
    bad(
        &[
            &given_up[..],
            &freed,
            &[taken(60), did(70, 72, look(1, Seen::Created))],
        ]
        .concat(),
        4,
    );

    // Two that nobody answered, each of which may end by its deadline.
    let until = 1_000_000;
    let two = [
        lost(0, expiring(1, until)),
        lost(1, expiring(2, until)),
        taken(5),
    ];
    let after = [
        did(until, until + 2, reserve(3)),
        did(until + 3, until + 4, cancel(3)),
        taken(until + 5),
    ];
    good(&[&two[..], &after].concat());
    let third = [
        did(until + 20, until + 22, cancel(3)),
        did(until + 23, until + 25, reserve(4)),
    ];
    good(&[&two[..], &after, &third].concat());
    let early = [did(10, until - TOLERANCE - 1, reserve(3))];
    bad(&[&two[..], &early].concat(), 3);
}

#[test]
fn a_ticket_that_is_paid_is_sold_for_ever() {
    let paid = [did(0, 2, reserve(1)), lost(3, Deed::Pay { order: 1 })];
    let sold = [did(6, 8, Deed::FoundSold)];
    let too_late = Deed::CancelledTooLate { order: 1 };
    good(&[&paid[..], &sold, &[did(9, 11, too_late.clone())]].concat());
    for wrong in [
        Deed::FoundTaken,
        cancel(1),
        reserve(2),
        look(1, Seen::AwaitingPayment),
    ] {
        bad(&[&paid[..], &sold, &[did(9, 11, wrong)]].concat(), 3);
    }
    // A cancellation that came first leaves nothing to complete.
    bad(&[&paid[..], &[did(4, 6, cancel(1))], &sold].concat(), 3);
    bad(&[did(0, 2, reserve(1)), did(3, 5, too_late)], 1);
    bad(
        &[
            did(0, 2, reserve(1)),
            did(3, 5, look(1, Seen::Complete)),
            lost(6, Deed::Pay { order: 1 }),
        ],
        1,
    );
}

#[test]
fn an_answer_that_nobody_should_get_is_never_right() {
    bad(&[did(0, 2, Deed::Strange("500".to_owned()))], 0);
}

#[test]
fn a_true_history_is_accepted_and_with_one_answer_turned_it_is_not() {
    let mut turned = [0; 3];
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let history = draw(&mut random, 120);
        if let Err(stuck) = explain(&history) {
            panic!("seed {seed}: {stuck:?}");
        }
        for (way, count) in turned.iter_mut().enumerate() {
            let Some(history) = turn(&history, way, &mut random) else {
                continue;
            };
            *count += 1;
            assert!(explain(&history).is_err(), "seed {seed}, way {way}");
        }
    }
    println!("turned and rejected: {turned:?}");
    assert!(turned.iter().all(|count| *count > 100), "{turned:?}");
}

/// The history with one answer turned into one that is certainly wrong, if there is one to turn.
fn turn(history: &[Operation], way: usize, random: &mut StdRng) -> Option<Vec<Operation>> {
    let mut turned = history.to_vec();
    let (number, deed) = match way {
        // Who was refused is told that they have it, and never gives it back, though others have it later.
        0 => {
            let last = history
                .iter()
                .filter(|one| matches!(one.deed, Deed::Reserve { .. }) && !one.is_open());
            let last = last.map(|one| one.begun).max()?;
            let refused =
                |one: &Operation| one.deed == Deed::FoundTaken && one.answered < Some(last);
            (any(history, refused, random)?, reserve(9_999))
        }
        // Who got it is told that another one has it, and cancels the order all the same.
        1 => {
            let is_cancelled = |one: &Operation| {
                let order = one.order();
                let mut cancelled = history
                    .iter()
                    .filter(|other| matches!(other.deed, Deed::Cancel { .. }));
                matches!(one.deed, Deed::Reserve { .. })
                    && !one.is_open()
                    && cancelled.any(|other| other.order() == order && !other.is_open())
            };
            (any(history, is_cancelled, random)?, Deed::FoundTaken)
        }
        // What was seen to have ended is shown as if it had not.
        _ => {
            let ended = |one: &Operation| {
                matches!(
                    one.deed,
                    Deed::Look {
                        seen: Seen::Cancelled | Seen::Expired,
                        ..
                    }
                )
            };
            let number = any(history, ended, random)?;
            let order = history[number].order()?;
            let is_sure = history.iter().any(|one| {
                one.deed == cancel(order)
                    && one
                        .answered
                        .is_some_and(|answered| answered < history[number].begun)
            });
            is_sure.then_some((number, look(order, Seen::AwaitingPayment)))?
        }
    };
    turned[number].deed = deed;
    Some(turned)
}

fn any(
    history: &[Operation],
    is_one: impl Fn(&Operation) -> bool,
    random: &mut StdRng,
) -> Option<usize> {
    let all: Vec<usize> = (0..history.len())
        .filter(|number| is_one(&history[*number]))
        .collect();
    all.choose(random).copied()
}

#[test]
fn many_of_which_nobody_knows_are_no_trouble() {
    // Each may have been done, and have expired, at any of the moments at which the ticket was free.
    let lost = |order| lost(1, expiring(order, 1_000));
    let mut history: Vec<Operation> = (0..40).map(lost).collect();
    for order in 100..140 {
        let now = Micros::from(order) * 1_000;
        history.push(did(now, now + 2, reserve(order)));
        history.push(did(now + 3, now + 5, cancel(order)));
    }
    history.push(did(200_000, 200_002, Deed::FoundTaken));
    let effort = explain(&history).expect("one of them was done");
    assert!(effort.worlds < 10_000, "{effort:?}");
}

#[test]
fn of_small_histories_it_says_what_a_search_that_tries_everything_says() {
    let (mut accepted, mut rejected) = (0, 0);
    for seed in 0..12_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let size = random.random_range(2..8);
        let history = draw_any(&mut random, size);
        let says = explain(&history).is_ok();
        let lines: Vec<String> = history.iter().map(ToString::to_string).collect();
        assert_eq!(
            says,
            plain::is_explained(&history),
            "seed {seed}: {lines:#?}"
        );
        *if says { &mut accepted } else { &mut rejected } += 1;
    }
    println!("{accepted} accepted, {rejected} rejected");
    assert!(
        accepted > 1_000 && rejected > 1_000,
        "{accepted} and {rejected}"
    );
}
