//! The one place that draws ids and randomness, so that a seed can repeat a run.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Draws ids: UUIDv7, each greater than the one before it, so that rows and events of one process
/// sort by the order in which they were made.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: StdRng,
    last: u128,
}

impl Ids {
    /// Ids from the operating system's randomness.
    pub fn system(clock: Clock) -> Ids {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that draws randomness"
        )]
        let random = StdRng::from_os_rng();
        Ids::from_rng(random, clock)
    }

    /// Ids that the same seed and the same clock repeat.
    pub fn seeded(seed: u64, clock: Clock) -> Ids {
        Ids::from_rng(StdRng::seed_from_u64(seed), clock)
    }

    fn from_rng(random: StdRng, clock: Clock) -> Ids {
        Ids {
            clock,
            state: Arc::new(Mutex::new(State { random, last: 0 })),
        }
    }

    /// The next id.
    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let mut state = self.state.lock();
        let random: [u8; 10] = state.random.random();
        let drawn = Builder::from_unix_timestamp_millis(millis, &random)
            .into_uuid()
            .as_u128();
        // Within one millisecond (or with a clock that went back) count on from the last id. The
        // step is random but small, so that ids stay hard to guess.
        let id = if drawn > state.last {
            drawn
        } else {
            after(state.last, state.random.next_u32())
        };
        state.last = id;
        Uuid::from_u128(id)
    }

    /// `N` random bytes, fit for keys and salts.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.state.lock().random.fill_bytes(&mut bytes);
        bytes
    }

    /// A random number below `bound` (which must not be 0; 0 answers 0).
    pub fn random_below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            self.state.lock().random.random_range(0..bound)
        }
    }
}

/// The id that follows `last` by a random step, still a well-formed UUIDv7.
///
/// The version and variant bits sit between the bits that count, so the sum is taken over the 74
/// random bits with those bits left out.
fn after(last: u128, step: u32) -> u128 {
    const LOW: u128 = (1 << 62) - 1;
    let low = (last & LOW) + u128::from(step) + 1;
    let middle = ((last >> 64) & 0xFFF) + (low >> 62);
    let millis = (last >> 80) + (middle >> 12);
    (millis << 80) | (0x7 << 76) | ((middle & 0xFFF) << 64) | (0b10 << 62) | (low & LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_stands_or_goes_back() {
        let (clock, hand) = Clock::manual("2030-01-01T00:00:00Z".parse().unwrap());
        let ids = Ids::seeded(7, clock);
        let mut last = ids.next();
        for round in 0..10_000 {
            if round == 5_000 {
                hand.advance(jiff::SignedDuration::from_secs(-60));
            }
            let next = ids.next();
            assert!(next > last);
            assert_eq!(next.get_version_num(), 7);
            assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
            last = next;
        }
    }

    #[test]
    fn the_carry_steps_over_version_and_variant() {
        let full = (5 << 80) | (0x7 << 76) | (0xFFF << 64) | (0b10 << 62) | ((1u128 << 62) - 1);
        let next = Uuid::from_u128(after(full, 0));
        assert!(next > Uuid::from_u128(full));
        assert_eq!(next.get_version_num(), 7);
        assert_eq!(next.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn a_seed_repeats_its_ids() {
        let (clock, _hand) = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let (a, b) = (Ids::seeded(1, clock.clone()), Ids::seeded(1, clock));
        assert_eq!(
            (a.next(), a.random_bytes::<8>()),
            (b.next(), b.random_bytes::<8>())
        );
    }
}
