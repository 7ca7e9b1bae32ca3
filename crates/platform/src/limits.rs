//! How often one account, and one address, may do what is costly or worth guessing at.
//!
//! Owns the rates. Counts in memory, per process: a limit is a brake, not an account.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::config::Settings;
use crate::http::Failure;

/// The limits of a server. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Sign-in: guessing passwords.
    pub sign_in: Limit,
    /// Sign-up: making accounts.
    pub sign_up: Limit,
    /// Reserving tickets.
    pub reserve: Limit,
    /// Paying: guessing card numbers.
    pub pay: Limit,
}

/// One limit: so often per account, and so often per address.
#[derive(Clone, Debug)]
pub struct Limit(Option<Arc<Counters>>);

struct Counters {
    by_account: Counter,
    by_address: Counter,
    hasher: RandomState,
    checks: AtomicU32,
    crowded: AtomicBool,
    /// In seconds since 1970.
    cleaned_at: AtomicU64,
}

type Counter = RateLimiter<u64, DashMapStateStore<u64>, Time, NoOpMiddleware<Duration>>;

/// So many at once, and then so many in a minute.
#[derive(Clone, Copy)]
struct Rate {
    burst: u32,
    per_minute: u32,
}

const fn rate(burst: u32, per_minute: u32) -> Rate {
    Rate { burst, per_minute }
}

/// When more accounts or addresses than this are being counted, everybody waits.
const MOST_KEYS: usize = 100_000;

/// How many checks pass between two rounds of forgetting those who are within their limits again.
const CHECKS_BETWEEN_CLEANINGS: u32 = 4_096;

impl Limits {
    /// The limits, counted by `clock`; all off with `RATE_LIMITS=off`.
    pub fn new(settings: &Settings, clock: &Clock) -> Limits {
        let on = settings.rate_limits;
        let limit =
            |account, address| Limit(on.then(|| Arc::new(Counters::new(account, address, clock))));
        Limits {
            // Many people may share an address (a household, an office, a mobile network), so that an
            // address may do far more than an account.
            sign_in: limit(rate(10, 10), rate(60, 120)),
            sign_up: limit(rate(5, 5), rate(60, 120)),
            reserve: limit(rate(30, 120), rate(300, 1_200)),
            pay: limit(rate(20, 40), rate(150, 600)),
        }
    }
}

impl Limit {
    /// Counts one try by `account` (an id, or what somebody claims to be) from `address`. Past the
    /// limit it is a 429 that says when to come back.
    pub fn check(&self, account: impl Hash, address: IpAddr) -> Result<(), Failure> {
        let Some(counters) = &self.0 else {
            return Ok(());
        };
        counters.make_room()?;
        counters.count(&counters.by_address, network_of(address))?;
        counters.count(&counters.by_account, account)
    }
}

impl Counters {
    fn new(account: Rate, address: Rate, clock: &Clock) -> Counters {
        Counters {
            by_account: counter(account, clock),
            by_address: counter(address, clock),
            hasher: RandomState::new(),
            checks: AtomicU32::new(0),
            crowded: AtomicBool::new(false),
            cleaned_at: AtomicU64::new(0),
        }
    }

    fn count(&self, counter: &Counter, key: impl Hash) -> Result<(), Failure> {
        let key = self.hasher.hash_one(key);
        counter.check_key(&key).map_err(|until| {
            let now = GovernorClock::now(counter.clock());
            Failure::too_many(until.wait_time_from(now))
        })
    }

    /// Forgets, now and then, those who are within their limits again. Memory is bounded: while
    /// that does not make room, it is a 503.
    fn make_room(&self) -> Result<(), Failure> {
        let checks = self.checks.fetch_add(1, Ordering::Relaxed);
        let crowded = self.crowded.load(Ordering::Relaxed);
        let due = if crowded {
            self.is_new_second()
        } else {
            checks.is_multiple_of(CHECKS_BETWEEN_CLEANINGS)
        };
        if due {
            self.by_account.retain_recent();
            self.by_address.retain_recent();
            let most = self.by_account.len().max(self.by_address.len());
            self.crowded.store(most > MOST_KEYS, Ordering::Relaxed);
        } else if crowded {
            return Err(Failure::unavailable(Duration::from_secs(5)));
        }
        Ok(())
    }

    /// Whether nobody else asked within this second. Cleaning a crowd takes milliseconds: done for
    /// each of them it would be an attack on ourselves.
    fn is_new_second(&self) -> bool {
        let now = GovernorClock::now(self.by_account.clock()).as_secs();
        self.cleaned_at.swap(now, Ordering::Relaxed) != now
    }
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters").finish_non_exhaustive()
    }
}

fn counter(rate: Rate, clock: &Clock) -> Counter {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let quota =
        Quota::per_minute(at_least_one(rate.per_minute)).allow_burst(at_least_one(rate.burst));
    RateLimiter::new(quota, DashMapStateStore::default(), Time(clock.clone()))
}

/// Whose address it is: one line or server has a whole /64 of IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        address @ IpAddr::V4(_) => address,
    }
}

/// The clock that was handed in, as governor reads it: time since 1970.
#[derive(Clone)]
struct Time(Clock);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let since = self.0.now().duration_since(jiff::Timestamp::UNIX_EPOCH);
        Duration::try_from(since).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::clock::Hand;
    use crate::config::RawSettings;

    fn limits(on: &str) -> (Limits, Hand) {
        let noon: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::manual(noon);
        let raw = RawSettings {
            rate_limits: Some(on.to_owned()),
            ..RawSettings::default()
        };
        (Limits::new(&raw.parse().unwrap(), &clock), hand)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// How many tries pass before one is refused.
    fn tries(mut one: impl FnMut(u32) -> Result<(), Failure>) -> u32 {
        (0..1_000).find(|number| one(*number).is_err()).unwrap()
    }

    #[test]
    fn an_account_waits_wherever_it_tries_from() {
        let (limits, hand) = limits("on");
        let by = |number: u32| {
            limits
                .sign_in
                .check("ada@example.com", address(number as u8))
        };
        assert_eq!(tries(by), 10);
        let refused = by(11).unwrap_err().into_response();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()[header::RETRY_AFTER], "6");
        limits
            .sign_in
            .check("bob@example.com", address(11))
            .unwrap();
        hand.advance(SignedDuration::from_secs(6));
        assert_eq!(tries(by), 1);
        hand.advance(SignedDuration::from_mins(10));
        assert_eq!(tries(by), 10);
    }

    #[test]
    fn an_address_waits_whatever_account_it_tries() {
        let (limits, hand) = limits("on");
        assert_eq!(tries(|number| limits.sign_up.check(number, address(1))), 60);
        limits.sign_up.check("somebody", address(2)).unwrap();
        hand.advance(SignedDuration::from_mins(10));
        assert_eq!(tries(|number| limits.sign_up.check(number, address(1))), 60);
    }

    #[test]
    fn a_refused_address_uses_up_no_tries_of_an_account() {
        let (limits, _hand) = limits("on");
        tries(|number| limits.sign_in.check(number, address(1)));
        for _ in 0..50 {
            limits
                .sign_in
                .check("ada@example.com", address(1))
                .unwrap_err();
        }
        limits.sign_in.check("ada@example.com", address(2)).unwrap();
    }

    #[test]
    fn the_addresses_of_one_network_count_together() {
        let (limits, _hand) = limits("on");
        let from = |number: u32| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, number as u16]);
        assert_eq!(tries(|number| limits.pay.check(number, from(number))), 150);
        limits
            .pay
            .check(1, IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 0]))
            .unwrap();
    }

    #[test]
    fn each_limit_counts_for_itself_and_clones_count_together() {
        let (limits, _hand) = limits("on");
        let clone = limits.clone();
        assert_eq!(tries(|_| clone.reserve.check(1, address(1))), 30);
        limits.reserve.check(1, address(2)).unwrap_err();
        limits.pay.check(1, address(1)).unwrap();
    }

    #[test]
    fn switched_off_nothing_is_counted() {
        let (limits, _hand) = limits("off");
        assert!((0..1_000).all(|_| limits.sign_in.check("ada@example.com", address(1)).is_ok()));
    }

    #[test]
    fn who_is_within_the_limits_again_is_forgotten() {
        let (limits, hand) = limits("on");
        let Limit(Some(counters)) = &limits.sign_in else {
            panic!("it is on")
        };
        let from = |number: u32| {
            IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8])
        };
        let fill = |numbers: std::ops::Range<u32>| {
            for number in numbers {
                limits.sign_in.check(number, from(number)).unwrap();
            }
        };
        fill(0..10_000);
        assert!(counters.by_address.len() >= 10_000);
        hand.advance(SignedDuration::from_mins(10));
        fill(10_000..20_000);
        assert!(
            counters.by_address.len() <= 12_000,
            "{}",
            counters.by_address.len()
        );
    }

    #[test]
    fn memory_is_bounded() {
        let (limits, hand) = limits("on");
        let Limit(Some(counters)) = &limits.sign_in else {
            panic!("it is on")
        };
        let from = |number: u32| {
            IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8])
        };
        let passed =
            (0..300_000).filter(|number| limits.sign_in.check(number, from(*number)).is_ok());
        assert!(passed.count() < 250_000);
        assert!(counters.by_address.len() < 250_000);
        hand.advance(SignedDuration::from_mins(10));
        let waited = tries_until_passed(&limits);
        assert!(waited < 20, "{waited}");
    }

    fn tries_until_passed(limits: &Limits) -> usize {
        (0..1_000)
            .find(|_| limits.sign_in.check("ada@example.com", address(1)).is_ok())
            .unwrap()
    }
}
