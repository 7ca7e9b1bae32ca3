//! Histories drawn at random: true ones, by playing the lock with answers that travel for a while, and any at all.
//! It must not ask the checker, whose examples these are.

use rand::Rng;
use rand::rngs::StdRng;

use crate::history::{Deed, Micros, Operation, Order, Seen};
use crate::lock::{Effect, Lock};

/// The deadline of a lock that does not expire.
pub const NEVER: Micros = Micros::MAX / 2;

const BUYERS: usize = 6;

/// A history that came about: each operation took effect at one moment between its beginning and its answer. One in
/// ten answers is lost; of those, some had taken effect.
pub fn draw(random: &mut StdRng, size: usize) -> Vec<Operation> {
    let mut lock = Lock::default();
    let mut free_at = [0; BUYERS];
    let mut now = 0;
    let mut history: Vec<Operation> = Vec::new();
    let mut made: Vec<(Order, usize)> = Vec::new();
    let mut next = 0;
    while history.len() < size {
        // Moments of effect go up; what is around them overlaps.
        now += random.random_range(1..1_000);
        let buyer = random.random_range(0..BUYERS);
        if free_at[buyer] >= now {
            continue;
        }
        next += 1;
        let (deed, after) = act(&lock, next, &made, buyer, random);
        let is_lost = random.random_bool(0.1);
        let is_done = !is_lost || random.random_bool(0.5);
        if is_done {
            lock = after;
        }
        let answered = now + random.random_range(0..3_000);
        let begun = random.random_range(free_at[buyer]..now);
        free_at[buyer] = answered + 1;
        // A lost look or refusal says nothing, and is not recorded.
        let counts = matches!(deed, Deed::Reserve { .. } | Deed::Cancel { .. });
        if let Deed::Reserve { order, .. } = deed
            && is_done
        {
            made.push((order, buyer));
        }
        if !is_lost || counts {
            let answered = (!is_lost).then_some(answered);
            history.push(Operation {
                buyer,
                deed,
                begun,
                answered,
            });
        }
    }
    history
}

/// What a buyer does, with the right answer, and the lock after it.
fn act(
    lock: &Lock,
    next: Order,
    made: &[(Order, usize)],
    buyer: usize,
    random: &mut StdRng,
) -> (Deed, Lock) {
    let own = made.iter().rfind(|(_, maker)| *maker == buyer);
    let is_held = own.is_some_and(|(order, _)| lock.holder() == Some(*order));
    let wish = random.random_range(0..10);
    let mut choices = Vec::new();
    if let Some((order, _)) = own.copied() {
        if wish < 5 && is_held {
            choices.push(Deed::Cancel { order });
        } else if wish < 7 {
            let all = [Seen::Created, Seen::AwaitingPayment, Seen::Cancelled];
            let start = random.random_range(0..all.len());
            let seen = all.iter().cycle().skip(start).take(all.len());
            choices.extend(seen.map(|seen| Deed::Look { order, seen: *seen }));
        }
    }
    choices.push(Deed::Reserve {
        order: next,
        until: NEVER,
    });
    choices.push(Deed::FoundTaken);
    let right = |deed: Deed| match lock.by(&deed)? {
        Effect::Now(after) => Some((deed, after)),
        Effect::Nothing => Some((deed, lock.clone())),
    };
    let mut right = choices.into_iter().filter_map(right);
    right.next().expect("a lock is free or held")
}

/// Operations with any answers, close together: most of these did not come about.
pub fn draw_any(random: &mut StdRng, size: usize) -> Vec<Operation> {
    let one = |number: usize, random: &mut StdRng| {
        let begun = random.random_range(0..20) * 10_000;
        let answered = begun + random.random_range(0..8) * 10_000;
        // Mostly one that is made here.
        let order = random.random_range(0..3);
        let own = Order::try_from(number).unwrap_or(Order::MAX);
        let (deed, may_be_lost) = match random.random_range(0..12) {
            0..4 => {
                let until = if random.random_bool(0.5) {
                    NEVER
                } else {
                    begun + random.random_range(0..10) * 10_000
                };
                (Deed::Reserve { order: own, until }, true)
            }
            4 | 5 => (Deed::FoundTaken, false),
            6 | 7 => (Deed::Cancel { order }, true),
            8 => (Deed::FoundSold, false),
            9 => (Deed::CancelledTooLate { order }, false),
            10 => (Deed::Pay { order }, true),
            _ => {
                let seen = [
                    Seen::Created,
                    Seen::AwaitingPayment,
                    Seen::Complete,
                    Seen::Cancelled,
                    Seen::Expired,
                ];
                let seen = seen[random.random_range(0..seen.len())];
                (Deed::Look { order, seen }, false)
            }
        };
        let is_lost = matches!(deed, Deed::Pay { .. }) || (may_be_lost && random.random_bool(0.3));
        Operation {
            buyer: number,
            deed,
            begun,
            answered: (!is_lost).then_some(answered),
        }
    };
    (0..size).map(|number| one(number, random)).collect()
}
