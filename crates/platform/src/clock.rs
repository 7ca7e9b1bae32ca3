//! The one place that reads the time, so that a test can move it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Tells the time in whole milliseconds, UTC: the precision of every time on the wire and in a row.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now: Mutex<Timestamp>,
    moved: watch::Sender<()>,
}

/// Moves a manual [`Clock`].
#[derive(Clone, Debug)]
pub struct Hand(Arc<Manual>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands still until its hand is moved.
    pub fn manual(start: Timestamp) -> (Clock, Hand) {
        let manual = Arc::new(Manual {
            now: Mutex::new(whole_milliseconds(start)),
            moved: watch::Sender::new(()),
        });
        (Clock(Source::Manual(manual.clone())), Hand(manual))
    }

    /// The present moment, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "the clock is the one reader of the time"
            )]
            Source::System => whole_milliseconds(Timestamp::now()),
            Source::Manual(manual) => *manual.now.lock(),
        }
    }

    /// Waits until `moment` has come. Waits in slices on the system clock, since a machine that
    /// slept, or whose clock was set, must not oversleep a deadline.
    pub async fn sleep_until(&self, moment: Timestamp) {
        const SLICE: Duration = Duration::from_secs(5);
        match &self.0 {
            Source::System => loop {
                let Ok(left) = Duration::try_from(moment.duration_since(self.now())) else {
                    return;
                };
                if left.is_zero() {
                    return;
                }
                #[expect(clippy::disallowed_methods, reason = "the clock is the one that waits")]
                tokio::time::sleep(left.min(SLICE)).await;
            },
            Source::Manual(manual) => {
                let mut moved = manual.moved.subscribe();
                while *manual.now.lock() < moment {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for `span` from now.
    pub async fn sleep(&self, span: SignedDuration) {
        self.sleep_until(self.now().saturating_add(span).unwrap_or(Timestamp::MAX))
            .await;
    }
}

impl Hand {
    /// Moves the clock on (or back).
    pub fn advance(&self, by: SignedDuration) {
        let now = self
            .0
            .now
            .lock()
            .saturating_add(by)
            .unwrap_or(Timestamp::MAX);
        self.set(now);
    }

    /// Sets the clock to `moment`.
    pub fn set(&self, moment: Timestamp) {
        *self.0.now.lock() = whole_milliseconds(moment);
        self.0.moved.send_replace(());
    }
}

fn whole_milliseconds(moment: Timestamp) -> Timestamp {
    // Every timestamp's milliseconds are in range, so the fallback is never taken.
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_moved() {
        let (clock, hand) = Clock::manual("2030-01-01T00:00:00.0009Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2030-01-01T00:00:00Z");
        hand.advance(SignedDuration::from_millis(1500));
        assert_eq!(clock.now().to_string(), "2030-01-01T00:00:01.5Z");
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_hand_passes_its_moment() {
        let (clock, hand) = Clock::manual(Timestamp::UNIX_EPOCH);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(SignedDuration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        hand.advance(SignedDuration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        hand.advance(SignedDuration::from_secs(1));
        sleeper.await.unwrap();
    }
}
