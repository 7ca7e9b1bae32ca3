//! Waiting for what other services do in their own time: asked for again and again, with a bound.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::Clock;

use super::trouble::Trouble;

/// How long events may travel before something is wrong: usually it takes some milliseconds.
pub const SOON: SignedDuration = SignedDuration::from_secs(15);

const FIRST_PAUSE: SignedDuration = SignedDuration::from_millis(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_millis(500);

/// Asks until the answer is `Break`, at most until `end`. `Continue` says what was seen instead;
/// `what` names what is waited for.
pub async fn until<T>(
    clock: &Clock,
    end: Timestamp,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<ControlFlow<T, String>, Trouble>,
) -> Result<T, Trouble> {
    let began = clock.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let last = match ask().await? {
            ControlFlow::Break(seen) => return Ok(seen),
            ControlFlow::Continue(last) => last,
        };
        if clock.now() >= end {
            return Err(Trouble::TooLate {
                what: what.to_owned(),
                seconds: end.duration_since(began).as_secs(),
                last,
            });
        }
        clock.sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// The moment `span` from now.
pub fn from_now(clock: &Clock, span: SignedDuration) -> Timestamp {
    clock.now().saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// How long it is since `moment`, in milliseconds.
pub fn millis_since(clock: &Clock, moment: Timestamp) -> i64 {
    clock.now().as_millisecond() - moment.as_millisecond()
}
