//! Waits for what another service made a moment ago, and whose event is still on its way here.
//!
//! Who has just been answered "here it is" must not be told "there is no such thing" by the next
//! service. It only waits: what becomes of the request is decided afterwards, in its transaction.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Between two looks that nobody caused: another process may have taken the event in, or the worker that tries it again.
const FIRST_PAUSE: Duration = Duration::from_millis(8);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// What is not known here may be on its way for as long as this.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);

/// Requests that wait at the same time; one more goes on without: ids that look young are easily made
/// up, and whoever waits holds a place among the requests.
const MOST_WAITING: usize = 256;

/// Those who wait in one service. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// Of all services of the process.
    places: Arc<Semaphore>,
    awaited: Arc<Mutex<HashMap<Uuid, Awaited>>>,
}

/// Something that is waited for.
#[derive(Debug, Default)]
struct Awaited {
    bell: Arc<Notify>,
    by: usize,
}

impl Default for Arrivals {
    fn default() -> Arrivals {
        Arrivals {
            places: Arc::new(Semaphore::new(MOST_WAITING)),
            awaited: Arc::default(),
        }
    }
}

impl Arrivals {
    /// Those of another service, who share the places with these.
    #[must_use]
    pub fn beside(&self) -> Arrivals {
        Arrivals {
            places: self.places.clone(),
            awaited: Arc::default(),
        }
    }

    /// Whether anybody waits at all.
    pub fn is_awaited(&self) -> bool {
        !self.awaited.lock().is_empty()
    }

    /// Something became known of `id`: who waits for it looks at once.
    pub fn came(&self, id: Uuid) {
        if let Some(awaited) = self.awaited.lock().get(&id) {
            awaited.bell.notify_waiters();
        }
    }

    /// Asks again whenever something becomes known of `id`, and in pauses that grow, as long as the answer is that it
    /// is coming, for at most two seconds.
    pub async fn wait_while<E, F>(
        &self,
        id: Uuid,
        mut is_coming: impl FnMut() -> F,
    ) -> Result<(), E>
    where
        F: Future<Output = Result<bool, E>>,
    {
        if !is_coming().await? {
            return Ok(());
        }
        let Ok(_place) = self.places.try_acquire() else {
            return Ok(());
        };
        let waiting = Waiting::begin(self, id);
        let looks = async {
            let mut pause = FIRST_PAUSE;
            loop {
                // From before the look on: what comes during it counts.
                let rings = waiting.bell.notified();
                if !is_coming().await? {
                    return Ok(());
                }
                // Which of both it was is seen by the look.
                let _rang_or_not = timeout(pause, rings).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        // In vain: what becomes of the request is decided all the same.
        timeout(LONGEST_WAIT, looks).await.unwrap_or(Ok(()))
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a> {
    arrivals: &'a Arrivals,
    id: Uuid,
    bell: Arc<Notify>,
}

impl<'a> Waiting<'a> {
    fn begin(arrivals: &'a Arrivals, id: Uuid) -> Waiting<'a> {
        let mut awaited = arrivals.awaited.lock();
        let awaited = awaited.entry(id).or_default();
        awaited.by += 1;
        let bell = awaited.bell.clone();
        Waiting { arrivals, id, bell }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut awaited = self.arrivals.awaited.lock();
        if let Some(it) = awaited.get_mut(&self.id) {
            it.by -= 1;
            if it.by == 0 {
                awaited.remove(&self.id);
            }
        }
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the paused clock of the runtime")]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::future::ready;

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
        let waited = arrivals.wait_while(Uuid::nil(), || {
            asked += 1;
            ready(Ok::<_, Infallible>(asked < 4))
        });
        waited.await.unwrap();
        assert_eq!(asked, 4, "once before it takes a place");
        assert!(!arrivals.is_awaited());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_looks_when_it_comes() {
        let (arrivals, is_here) = (Arrivals::default(), Cell::new(false));
        let [id, other] = [7, 8].map(Uuid::from_u128);
        let began = tokio::time::Instant::now();
        let waits = async {
            let waited = arrivals.wait_while(id, || ready(Ok::<_, Infallible>(!is_here.get())));
            waited.await.unwrap();
            began.elapsed()
        };
        let comes = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            is_here.set(true);
            arrivals.beside().came(id);
            arrivals.came(other);
            tokio::time::sleep(Duration::from_millis(1)).await;
            arrivals.came(id);
        };
        let (waited, ()) = tokio::join!(waits, comes);
        assert_eq!(waited, Duration::from_millis(2));
    }

    /// What comes between the look and the wait is not missed.
    #[tokio::test(start_paused = true)]
    async fn what_comes_during_a_look_is_seen_by_the_next() {
        let (arrivals, id, mut looks) = (Arrivals::default(), Uuid::nil(), 0);
        let began = tokio::time::Instant::now();
        let waited = arrivals.wait_while(id, || {
            looks += 1;
            arrivals.came(id);
            ready(Ok::<_, Infallible>(looks < 5))
        });
        waited.await.unwrap();
        assert!(began.elapsed().is_zero());
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
        let waited = arrivals.wait_while(Uuid::nil(), || ready(Ok::<_, Infallible>(true)));
        waited.await.unwrap();
    }
}
