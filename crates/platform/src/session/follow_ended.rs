//! Follows the table of ended sessions: of the processes of one service, a `session:ended` reaches one.

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tessera_contracts::ids::SessionId;
use uuid::Uuid;

use super::{Sessions, ended};
use crate::BoxFuture;
use crate::clock::Clock;
use crate::db::Db;
use crate::worker::{Next, Worker, WorkerError};

/// A row is written a while before it can be read, and by another machine's clock.
const BEHIND: SignedDuration = SignedDuration::from_secs(60);

/// The worker that reads, every second, what another process has written.
pub struct FollowEnded {
    db: Db,
    clock: Clock,
    sessions: Sessions,
    /// When it looked last.
    looked: Mutex<Timestamp>,
}

impl FollowEnded {
    /// Follows the table in `db`, which `sessions` has read just now.
    pub fn new(db: Db, clock: Clock, sessions: Sessions) -> FollowEnded {
        let looked = Mutex::new(clock.now());
        FollowEnded {
            db,
            clock,
            sessions,
            looked,
        }
    }

    async fn look(&self) -> Result<Next, WorkerError> {
        let now = self.clock.now();
        let last = *self.looked.lock();
        let from = last.saturating_sub(BEHIND).unwrap_or(Timestamp::MIN);
        let mut place = (from, SessionId::from(Uuid::nil()));
        loop {
            let rows = ended::seen_after(&self.db, place.0, place.1).await?;
            for (_, sid, until) in &rows {
                self.sessions.ended().insert(*sid, *until);
            }
            match rows.last() {
                Some((moment, sid, _)) => place = (*moment, *sid),
                None => break,
            }
        }
        *self.looked.lock() = now;
        Ok(Next::Idle)
    }
}

impl Worker for FollowEnded {
    fn name(&self) -> &'static str {
        "follow-ended"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.look())
    }
}
