//! Group commit: while others are under way, the transactions that wait become one.
//!
//! Their bodies run side by side in it, so that what is alike goes by one statement, and all of them by one commit.
//! Should two of them be in each other's way, or one have changed something before it refused, all is taken back, and
//! each runs in a transaction of its own. All answers, refusals too, wait for the commit: what a body saw may be
//! another body's change.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use uuid::Uuid;

use super::Engine;
use super::job::{Job, Work};
use super::session::Session;
use super::write::{Run, end};
use crate::BoxFuture;
use crate::db::error::DbError;
use crate::db::tx::Tx;
use crate::db::{Lane, Turn};

/// Bodies that may wait, or be under way.
const BOUND: usize = 4_096;

/// Bodies in one transaction. More would delay the first answer without saving much.
const GROUP_BOUND: usize = 64;

/// The next one waits no longer for one that is stuck.
const STUCK_AFTER: Duration = Duration::from_millis(100);

/// A group waits no longer than this for what somebody else holds: that would hold up all of it.
const IMPATIENT: &str = "SET LOCAL lock_timeout = '100ms'";

type Jobs = Vec<Box<dyn Job>>;

/// What waits, and what is under way.
#[derive(Default)]
pub(super) struct Groups(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    /// Whose are under way.
    busy: HashSet<Uuid>,
    /// Somebody works for it.
    is_worked_for: bool,
}

/// What became of a group.
enum Together {
    Kept,
    /// Nothing of it is left.
    Lost,
    Unknown,
}

impl Groups {
    /// Answers whether somebody has to be found who works for it.
    fn push(&self, job: Box<dyn Job>) -> Result<bool, DbError> {
        let mut state = self.0.lock();
        if state.waiting.len() + state.busy.len() >= BOUND {
            return Err(DbError::Busy);
        }
        state.waiting.push_back(job);
        Ok(!std::mem::replace(&mut state.is_worked_for, true))
    }

    /// The first ones, at most one of each owner, who has none under way. None ends the work of whoever asks.
    fn take(&self) -> Jobs {
        let mut state = self.0.lock();
        let waiting = std::mem::take(&mut state.waiting);
        let mut jobs = Vec::new();
        // Who hung up before the beginning gets nothing done.
        for job in waiting.into_iter().filter(|job| job.is_wanted()) {
            if jobs.len() < GROUP_BOUND && state.busy.insert(job.turn().of) {
                jobs.push(job);
            } else {
                state.waiting.push_back(job);
            }
        }
        state.is_worked_for = !jobs.is_empty();
        // All groups in the same order, so that no two wait for each other.
        jobs.sort_by_key(|job| job.turn().at);
        jobs
    }

    /// Answers whether somebody has to be found who works for those that waited for one of this owner.
    fn is_over(&self, owner: Uuid) -> bool {
        let mut state = self.0.lock();
        state.busy.remove(&owner);
        let is_wanted = !state.waiting.is_empty() && !state.is_worked_for;
        state.is_worked_for |= is_wanted;
        is_wanted
    }
}

/// What an owner has under way, whatever becomes of it.
struct Place {
    engine: Arc<Engine>,
    owner: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.engine.groups.is_over(self.owner) {
            tokio::spawn(self.engine.clone().work_off());
        }
    }
}

impl Engine {
    /// Runs the body alone, or together with others if it has to wait anyway.
    pub(in crate::db) async fn write_grouped<I, T, E, F>(
        self: &Arc<Self>,
        turn: Turn,
        input: I,
        body: F,
    ) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = Work::new(turn, input, body);
        if self.groups.push(Box::new(work))? {
            tokio::spawn(self.clone().work_off());
        }
        // Nobody tells it any more when the process ends under it.
        answer.await.unwrap_or(Err(DbError::InDoubt.into()))
    }

    fn work_off(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                let jobs = self.groups.take();
                if jobs.is_empty() {
                    return;
                }
                let group = tokio::spawn(self.clone().run_group(jobs));
                drop(tokio::time::timeout(STUCK_AFTER, group).await);
            }
        })
    }

    async fn run_group(self: Arc<Self>, jobs: Jobs) {
        let places: Vec<Place> = jobs.iter().map(|job| self.place(job.turn().of)).collect();
        let together = match jobs.len() {
            1 => Together::Lost,
            _ => self.run_together(&jobs).await,
        };
        match together {
            Together::Kept => jobs.into_iter().for_each(|job| job.answer()),
            Together::Unknown => jobs.into_iter().for_each(|job| job.fail(DbError::InDoubt)),
            Together::Lost => {
                let each = jobs.into_iter().zip(places).map(async |(job, place)| {
                    job.run_alone(&self).await;
                    drop(place);
                });
                join_all(each).await;
            }
        }
    }

    fn place(self: &Arc<Self>, owner: Uuid) -> Place {
        let engine = self.clone();
        Place { engine, owner }
    }

    async fn run_together(&self, jobs: &Jobs) -> Together {
        let Ok(connection) = self.pool.connection(Lane::Interactive).await else {
            return Together::Lost;
        };
        let mut session = Session::new(connection);
        if session.later(IMPATIENT, &[]).await.is_err() {
            return Together::Lost;
        }
        let mut tx = Tx::new(session, self.seed.clone());
        tx.start(None);
        if let Err(error) = tx.side_by_side(jobs, |tx, job| job.run(tx)).await {
            let failure = tx.failure().cloned().unwrap_or(error);
            end(tx, &failure).await;
            return Together::Lost;
        }
        if !tx.has_written() {
            // All of them were refused, by what was committed before.
            tx.into_postgres().roll_back().await;
            return Together::Kept;
        }
        match self.commit(tx).await {
            Run::Over(Ok(())) => Together::Kept,
            Run::Over(Err(DbError::InDoubt)) => Together::Unknown,
            Run::Over(Err(_)) | Run::Again(_) => Together::Lost,
        }
    }
}
