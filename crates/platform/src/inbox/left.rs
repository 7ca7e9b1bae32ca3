//! Events that reach a process which does not follow them.
//!
//! While a new version is rolled out, its processes and the old ones share one way in, so that what only the
//! new ones follow comes to the old ones, too. These put it into the inbox they share, as something that is to
//! be tried again: whoever follows it does so. That holds up no other event, and nothing of it is on the bus.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::ids::EventId;
use uuid::Uuid;

use super::SIGNAL;
use super::handle::storable;
use crate::db::{Db, DbError, Param, Tx};
use crate::params;

/// How long a version that follows it may take to come; then it is a dead letter, for an operator to retry.
const LEFT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// It is looked at again when it has waited for as long again: soon while versions change, and seldom after.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// So many of them in one statement.
const AT_ONCE: u32 = 1_000;

/// What stands in the row as its error.
pub(super) const WORDS: &str = "no version that has seen it follows it";

const LEAVE: &str =
    "INSERT INTO inbox (event_id, state, received_at, attempts, retry_at, payload, error)
    VALUES ($1, 'retry', $2, 0, $3, $4, $5) ON CONFLICT (event_id) DO NOTHING";
// In the order of what waits, which is an index of its own: to go by the ids is to read the whole inbox.
const LEFT: &str = "SELECT retry_at, event_id, received_at FROM inbox
    WHERE state = 'retry' AND (retry_at, event_id) > ($1, $2) AND error = $3
    ORDER BY retry_at, event_id LIMIT $4";
const SOONER: &str = "UPDATE inbox SET retry_at = $2
    WHERE event_id = $1 AND state = 'retry' AND retry_at > $2";

/// One of them.
#[derive(Clone, Debug)]
pub struct Unfollowed {
    /// The event.
    pub id: EventId,
    /// Its envelope.
    pub payload: Arc<str>,
}

/// Keeps `events` for a version that follows them.
pub(super) async fn leave(db: &Db, events: &[Unfollowed]) -> Result<(), DbError> {
    db.write_bulk(events.to_vec(), |tx, events| Box::pin(keep(tx, events)))
        .await
}

async fn keep(tx: &mut Tx, events: &[Unfollowed]) -> Result<(), DbError> {
    let now = tx.now();
    let soon = next_look(now, now).unwrap_or(now);
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            Vec::from(params![
                event.id,
                now,
                soon,
                storable(&event.payload),
                WORDS
            ])
        })
        .collect();
    tx.execute_many(LEAVE, &rows).await?;
    tx.wake(SIGNAL);
    Ok(())
}

/// When one that came at `received_at` is looked at again; `None` when it has been left for long enough.
pub(super) fn next_look(received_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.duration_since(received_at);
    let pause = age.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    (age < LEFT_FOR).then(|| now.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

/// When one that came at `received_at`, and is to be looked at again at `retry_at`, was looked at last.
fn last_look(received_at: Timestamp, retry_at: Timestamp) -> Timestamp {
    let pause = (retry_at.duration_since(received_at) / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    retry_at.saturating_sub(pause).unwrap_or(Timestamp::MIN)
}

/// How far it has looked through those that wait.
#[derive(Clone, Copy)]
pub(super) struct Place(Timestamp, Uuid);

impl Place {
    pub(super) const START: Place = Place(Timestamp::UNIX_EPOCH, Uuid::nil());
}

/// Lets some of those that wait be looked at now: this process, which started at `start`, may be of a version that
/// follows them. It goes through all of them once, from there on; answers where it has come to, until it is through.
///
/// What was looked at since the start was so in vain: it has a later moment now, where it would be met again and again.
pub(super) async fn look_sooner(
    db: &Db,
    now: Timestamp,
    start: Timestamp,
    after: Place,
) -> Result<Option<Place>, DbError> {
    let params = params![after.0, after.1, WORDS, AT_ONCE];
    let left: Vec<(Timestamp, Uuid, Timestamp)> = db.few(LEFT, &params).await?;
    let last = left.last().map(|(at, id, _)| Place(*at, *id));
    let rows: Vec<Vec<Param<'_>>> = left
        .iter()
        .filter(|(at, _, came)| *at > now && last_look(*came, *at) <= start)
        .map(|(_, id, _)| Vec::from(params![*id, now]))
        .collect();
    if !rows.is_empty() {
        db.write_bulk(rows, |tx, rows| {
            Box::pin(async move { tx.execute_many(SOONER, rows).await.map(drop) })
        })
        .await?;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;
    use crate::service::MIGRATIONS;

    fn open() -> (tempfile::TempDir, Db, Clock, Ids) {
        let folder = tempfile::tempdir().unwrap();
        let (clock, _) = Clock::manual(Timestamp::UNIX_EPOCH);
        let ids = Ids::seeded(7, clock.clone());
        let file = folder.path().join("things.db");
        let db = Db::open_sqlite(&file, "things", &MIGRATIONS, &clock, &ids).unwrap();
        (folder, db, clock, ids)
    }

    #[tokio::test]
    async fn a_start_looks_at_what_was_left_and_not_through_the_inbox() {
        let (_folder, db, _, _) = open();
        let plan = format!("EXPLAIN QUERY PLAN {LEFT}");
        let params = params![Timestamp::UNIX_EPOCH, Uuid::nil(), WORDS, AT_ONCE];
        let steps: Vec<(i64, i64, i64, String)> = db.list(&plan, &params).await.unwrap();
        let (_, _, _, first) = &steps[0];
        assert!(first.contains("USING INDEX inbox_retry"), "{steps:?}");
    }

    #[tokio::test]
    async fn it_goes_through_all_that_was_left_once_however_many_came_together() {
        let (_folder, db, clock, ids) = open();
        let came = clock.now();
        let events: Vec<Unfollowed> = (0..AT_ONCE + 500)
            .map(|_| Unfollowed {
                id: ids.next().into(),
                payload: Arc::from("{}"),
            })
            .collect();
        leave(&db, &events).await.unwrap();
        let (mut place, mut portions) = (Some(Place::START), 0);
        while let Some(after) = place {
            place = look_sooner(&db, came, came, after).await.unwrap();
            portions += 1;
        }
        // Two of them, and none.
        assert_eq!(portions, 3);
        let sql = "SELECT count(*) FROM inbox WHERE retry_at <= $1";
        let sooner: Option<(u32,)> = db.opt(sql, &params![came]).await.unwrap();
        assert_eq!(sooner, Some((AT_ONCE + 500,)));
    }

    /// What is due is looked at in vain; answers how much that was.
    async fn leave_again(db: &Db, came: Timestamp, now: Timestamp) -> u64 {
        let left = db.write_bulk(now, move |tx, now| {
            Box::pin(async move {
                let again = params![*now, next_look(came, *now)];
                let sql = "UPDATE inbox SET retry_at = $2 WHERE retry_at <= $1";
                tx.execute(sql, &again).await
            })
        });
        let left: Result<u64, DbError> = left.await;
        left.unwrap()
    }

    #[tokio::test]
    async fn a_process_that_does_not_follow_it_looks_once() {
        let (_folder, db, clock, ids) = open();
        let came = clock.now();
        let event = Unfollowed {
            id: ids.next().into(),
            payload: Arc::from("{}"),
        };
        leave(&db, &[event]).await.unwrap();
        let after = |seconds| came + SignedDuration::from_secs(seconds);
        // Another one looks at it after a minute, and leaves it for another.
        assert_eq!(leave_again(&db, came, after(60)).await, 1);
        let (start, mut now) = (after(90), after(91));
        let (mut place, mut looks) = (Some(Place::START), 0);
        while let Some(after) = place {
            place = look_sooner(&db, now, start, after).await.unwrap();
            looks += leave_again(&db, came, now).await;
            now += SignedDuration::from_millis(1);
            assert!(looks < 9, "it goes on for ever");
        }
        assert_eq!(looks, 1);
    }

    #[test]
    fn what_is_left_tells_when_it_was_looked_at() {
        let came: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        for age in [0, 1, 90, 3_600, 20_000] {
            let look = came + SignedDuration::from_secs(age);
            let next = next_look(came, look).unwrap();
            assert_eq!(last_look(came, next), look, "{age} s");
        }
    }

    #[test]
    fn it_is_looked_at_less_and_less_often_and_not_for_ever() {
        let came: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        let pause_at =
            |age| next_look(came, came + age).map(|next| next.duration_since(came + age));
        let (secs, hours) = (SignedDuration::from_secs, SignedDuration::from_hours);
        assert_eq!(pause_at(secs(0)), Some(secs(1)));
        assert_eq!(pause_at(secs(90)), Some(secs(90)));
        assert_eq!(pause_at(hours(5)), Some(hours(1)));
        assert_eq!(pause_at(hours(24)), None);
    }
}
