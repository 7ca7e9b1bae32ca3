//! The double's time: seconds since 1970, from whoever runs it, and moved on by hand.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The end of the year 9999: whoever adds a few days to a time need not fear that it overflows.
const LAST: i64 = 253_402_300_799;

/// A clock. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Box<dyn Fn() -> i64 + Send + Sync>,
    ahead: AtomicI64,
}

impl Clock {
    /// A clock that asks `source` for the seconds since 1970.
    pub fn new(source: impl Fn() -> i64 + Send + Sync + 'static) -> Clock {
        let (source, ahead) = (Box::new(source), AtomicI64::new(0));
        Clock(Arc::new(Inner { source, ahead }))
    }

    /// A clock that stands still, but for [`Clock::advance`].
    pub fn standing_at(seconds: i64) -> Clock {
        Clock::new(move || seconds)
    }

    /// The clock of the machine.
    pub fn system() -> Clock {
        Clock::new(of_the_machine)
    }

    /// The seconds since 1970, within the years that have four digits.
    pub fn now(&self) -> i64 {
        let ahead = self.0.ahead.load(Ordering::SeqCst);
        (self.0.source)().saturating_add(ahead).clamp(0, LAST)
    }

    /// Moves it on by so many seconds.
    pub fn advance(&self, seconds: i64) {
        self.0.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where no clock is handed in, the machine's is meant"
)]
fn of_the_machine() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_by_hand_and_its_clones_with_it() {
        let clock = Clock::standing_at(100);
        let other = clock.clone();
        clock.advance(7);
        assert_eq!(other.now(), 107);
        clock.advance(i64::MAX - 7);
        assert_eq!(clock.now(), LAST);
    }

    #[test]
    fn the_machine_knows_that_it_is_later_than_2020() {
        assert!(Clock::system().now() > 1_577_836_800);
    }
}
