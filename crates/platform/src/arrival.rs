//! Waits for what another service made a moment ago, and whose event is still on its way here.
//!
//! Who has just been answered "here it is" must not be told "there is no such thing" by the next
//! service. It only waits: what becomes of the request is decided afterwards, in its transaction.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use uuid::Uuid;

const LONGEST_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What is not known here may be on its way for as long as this.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);

/// Requests that wait at the same time; one more goes on without: ids that look young are easily made
/// up, and whoever waits holds a place among the requests.
const MOST_WAITING: usize = 256;

/// Those who wait, in all services of the process. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Arrivals(Arc<Semaphore>);

impl Default for Arrivals {
    fn default() -> Arrivals {
        Arrivals(Arc::new(Semaphore::new(MOST_WAITING)))
    }
}

impl Arrivals {
    /// Asks again, in pauses that grow, as long as the answer is that it is coming, for at most two
    /// seconds.
    pub async fn wait_while<E, F>(&self, mut is_coming: impl FnMut() -> F) -> Result<(), E>
    where
        F: Future<Output = Result<bool, E>>,
    {
        if !is_coming().await? {
            return Ok(());
        }
        let Ok(_place) = self.0.try_acquire() else {
            return Ok(());
        };
        let (mut left, mut pause) = (LONGEST_WAIT, FIRST_PAUSE);
        while is_coming().await? && !left.is_zero() {
            let span = pause.min(left);
            rest(span).await;
            left -= span;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }
}

/// Whether an id was drawn just now, by the time that is in it (UUIDv7): only then can the thing be
/// on its way.
pub fn is_young(id: Uuid, now: Timestamp) -> bool {
    let Some((seconds, nanos)) = id.get_timestamp().map(|drawn| drawn.to_unix()) else {
        return false;
    };
    let nanos = i32::try_from(nanos).unwrap_or(0);
    let drawn = i64::try_from(seconds).map(|seconds| Timestamp::new(seconds, nanos));
    matches!(drawn, Ok(Ok(drawn)) if drawn.duration_since(now).abs() <= YOUNG)
}

#[expect(
    clippy::disallowed_methods,
    reason = "events travel in real time, also where a test's clock stands still"
)]
async fn rest(span: Duration) {
    tokio::time::sleep(span).await;
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the paused clock of the runtime")]
mod tests {
    use std::convert::Infallible;

    use futures_util::future::join_all;
    use uuid::Builder;

    use super::*;

    #[test]
    fn an_id_is_young_for_half_a_minute_and_tells_no_other_time() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let drawn_at = |moment: Timestamp| {
            let millis = u64::try_from(moment.as_millisecond()).unwrap();
            Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid()
        };
        assert!(is_young(drawn_at(now), now));
        assert!(is_young(drawn_at(now - YOUNG), now));
        assert!(!is_young(
            drawn_at(now - SignedDuration::from_secs(31)),
            now
        ));
        assert!(!is_young(
            drawn_at(now + SignedDuration::from_secs(31)),
            now
        ));
        assert!(!is_young(Uuid::from_u128(5), now));
    }

    #[tokio::test]
    async fn it_waits_until_it_is_here() {
        let mut asked = 0;
        let arrivals = Arrivals::default();
        let waited = arrivals.wait_while(|| {
            asked += 1;
            std::future::ready(Ok::<_, Infallible>(asked < 4))
        });
        waited.await.unwrap();
        assert_eq!(asked, 4, "once before it takes a place");
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_two_seconds_at_most() {
        let began = tokio::time::Instant::now();
        wait_in_vain(&Arrivals::default()).await;
        assert_eq!(began.elapsed(), LONGEST_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_too_many_waiting_does_not_wait() {
        let arrivals = Arrivals::default();
        let began = tokio::time::Instant::now();
        let waiting = (0..MOST_WAITING).map(|_| wait_in_vain(&arrivals));
        let one_more = async {
            tokio::task::yield_now().await;
            wait_in_vain(&arrivals).await;
            began.elapsed()
        };
        let (_, waited) = tokio::join!(join_all(waiting), one_more);
        assert!(waited.is_zero());
        assert_eq!(began.elapsed(), LONGEST_WAIT);
    }

    async fn wait_in_vain(arrivals: &Arrivals) {
        let waited = arrivals.wait_while(|| std::future::ready(Ok::<_, Infallible>(true)));
        waited.await.unwrap();
    }
}
