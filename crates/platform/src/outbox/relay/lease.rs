//! Which of a service's processes publishes its outbox: the one whose name is in the row, until then.
//!
//! It saves work: a holder that comes back late publishes what is known already. So the processes' own clocks are good
//! enough. (That it does not mark what another one has found to be lost, it looks at its end for.)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use metrics::Gauge;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::db::{Db, DbError, Tx};
use crate::instruments;
use crate::params;

/// A process that died is missed for so long.
const LASTS: SignedDuration = SignedDuration::from_secs(5);
/// A holder renews its lease when so little is left.
const RENEWED_AT: SignedDuration = SignedDuration::from_secs(3);
/// How long it is taken for granted that another process still holds it: one that stops gives it back.
const GRANTED: SignedDuration = SignedDuration::from_millis(100);

const HELD: &str = "SELECT holder, held_until FROM relay WHERE id = 1";
const TAKE: &str = "INSERT INTO relay (id, holder, held_until) VALUES (1, $1, $2)
    ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
    WHERE relay.holder = excluded.holder OR relay.held_until <= $3";
const GIVE_BACK: &str = "UPDATE relay SET held_until = $2 WHERE id = 1 AND holder = $1";

/// One process's side of it.
pub(super) struct Lease {
    db: Db,
    me: Uuid,
    /// Who holds it until when, as was last seen, and when that was.
    seen: Mutex<Option<(Held, Timestamp)>>,
    leader: Gauge,
    leads: Arc<AtomicBool>,
}

/// A holder, and the end of its time.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) by: Uuid,
    pub(super) until: Timestamp,
}

impl Lease {
    pub(super) fn new(owner: &'static str, db: Db, me: Uuid) -> Lease {
        Lease {
            db,
            me,
            seen: Mutex::default(),
            leader: instruments::relay_leader(owner),
            leads: Arc::default(),
        }
    }

    /// Whether this process held it when it last looked.
    pub(super) fn leads(&self) -> Arc<AtomicBool> {
        self.leads.clone()
    }

    /// Whether this process holds it for a while yet, and need not ask.
    pub(super) fn is_mine(&self, now: Timestamp) -> bool {
        let seen = *self.seen.lock();
        seen.is_some_and(|(held, _)| {
            held.by == self.me && held.until.duration_since(now) > RENEWED_AT
        })
    }

    /// Whether this process still holds it.
    pub(super) fn is_held(&self, now: Timestamp) -> bool {
        let seen = *self.seen.lock();
        seen.is_some_and(|(held, _)| held.by == self.me && held.until > now)
    }

    /// Takes or renews it; answers who holds it where that is another process.
    pub(super) async fn take(&self, now: Timestamp) -> Result<(), TakenBy> {
        let seen = *self.seen.lock();
        if let Some((held, at)) = seen
            && held.by != self.me
            && held.until > now
        {
            if now.duration_since(at) < GRANTED {
                return Err(TakenBy::Other(held));
            }
            // Cheaper than to try.
            if let Some(held) = self.look(now).await?
                && held.until > now
            {
                return Err(TakenBy::Other(held));
            }
        }
        let until = now.saturating_add(LASTS).unwrap_or(Timestamp::MAX);
        let me = self.me;
        let taken = self
            .db
            .write_bulk((me, until), |tx, (me, until)| {
                Box::pin(take(tx, *me, *until))
            })
            .await?;
        self.leader.set(if taken { 1.0 } else { 0.0 });
        self.leads.store(taken, Ordering::Relaxed);
        if taken {
            *self.seen.lock() = Some((Held { by: me, until }, now));
            return Ok(());
        }
        let held = self.look(now).await?;
        Err(TakenBy::Other(held.unwrap_or(Held { by: me, until: now })))
    }

    /// Who holds it, where that is another process.
    async fn look(&self, now: Timestamp) -> Result<Option<Held>, DbError> {
        let row: Vec<(Uuid, Timestamp)> = self.db.few(HELD, &[]).await?;
        let held = row.first().map(|&(by, until)| Held { by, until });
        let held = held.filter(|held| held.by != self.me);
        *self.seen.lock() = held.map(|held| (held, now));
        Ok(held)
    }

    /// Lets another process have it at once.
    pub(super) async fn give_back(&self) -> Result<(), DbError> {
        let seen = self.seen.lock().take();
        if seen.is_none_or(|(held, _)| held.by != self.me) {
            return Ok(());
        }
        self.leader.set(0.0);
        let given = self.db.write_bulk(self.me, |tx, me| {
            Box::pin(async move {
                // Over by everybody's clock.
                tx.execute(GIVE_BACK, &params![*me, Timestamp::UNIX_EPOCH])
                    .await
            })
        });
        given.await.map(drop)
    }
}

/// It was not to be had.
pub(super) enum TakenBy {
    Other(Held),
    Failed(DbError),
}

impl From<DbError> for TakenBy {
    fn from(error: DbError) -> TakenBy {
        TakenBy::Failed(error)
    }
}

async fn take(tx: &mut Tx, me: Uuid, until: Timestamp) -> Result<bool, DbError> {
    let now = tx.now();
    Ok(tx.execute(TAKE, &params![me, until, now]).await? == 1)
}
