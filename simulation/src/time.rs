//! The time of all: each process has a clock of its own, which may be wrong.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::{Clock, Hand};

/// The true time, and the hands of all clocks.
pub struct Time {
    now: Timestamp,
    hands: Vec<(Hand, SignedDuration)>,
}

impl Time {
    /// Noon of the first day of 2030.
    pub fn start() -> Time {
        let noon = Timestamp::from_second(1_893_499_200).unwrap_or(Timestamp::UNIX_EPOCH);
        Time {
            now: noon,
            hands: Vec::new(),
        }
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A clock that is right. Its number is for [`Time::skew`].
    pub fn clock(&mut self) -> (Clock, usize) {
        let (clock, hand) = Clock::manual(self.now);
        self.hands.push((hand, SignedDuration::ZERO));
        (clock, self.hands.len() - 1)
    }

    /// Sets a clock wrong, by so much; it goes on as fast as the others.
    pub fn skew(&mut self, number: usize, by: SignedDuration) {
        if let Some((hand, skew)) = self.hands.get_mut(number) {
            *skew = by;
            hand.set(at(self.now, by));
        }
    }

    /// Lets time pass for everybody, on the clocks and on what measures spans.
    pub async fn pass(&mut self, span: SignedDuration) {
        self.now = at(self.now, span);
        for (hand, skew) in &self.hands {
            hand.set(at(self.now, *skew));
        }
        let span = Duration::try_from(span).unwrap_or_default();
        tokio::time::advance(span).await;
    }
}

fn at(moment: Timestamp, span: SignedDuration) -> Timestamp {
    moment.saturating_add(span).unwrap_or(Timestamp::MAX)
}
