//! Read-only connections: each read sees the last commit, and never waits for the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

use super::session::Session;
use crate::db::Pace;
use crate::db::error::DbError;
use crate::db::value::{FromRow, Param};

/// Connections kept open while nobody reads. There are never more in use than threads that read.
const IDLE_BOUND: usize = 8;
/// Lists read at the same time.
const LISTS_AT_ONCE: usize = 4;
/// Lists that run or wait; one more is refused.
const LISTS_BOUND: usize = 256;
/// How long a list may take, waiting included.
const LIST_DEADLINE: Duration = Duration::from_secs(5);
/// SQLite's virtual machine looks at the deadline after so many of its instructions: some 0.1 ms.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 10_000;

pub(super) struct Readers {
    path: PathBuf,
    owner: &'static str,
    pace: Pace,
    idle: Mutex<Vec<Session>>,
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path, owner: &'static str, pace: Pace) -> Readers {
        Readers {
            path: path.to_owned(),
            owner,
            pace,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(LISTS_BOUND)),
            running: Arc::new(Semaphore::new(LISTS_AT_ONCE)),
        }
    }

    pub(super) fn point<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        self.with_session(|session| session.query_opt(sql, params))
    }

    pub(super) fn few<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        self.with_session(|session| session.query_all(sql, params))
    }

    pub(super) async fn list<R>(
        readers: &Arc<Readers>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError>
    where
        R: FromRow + Send + 'static,
    {
        if readers.pace == Pace::ByHand {
            return readers.few(sql, params);
        }
        let place = readers.places.clone().try_acquire_owned();
        let place = place.map_err(|_| DbError::Busy)?;
        let deadline = deadline();
        let permit = readers.running.clone().acquire_owned();
        let running = tokio::time::timeout_at(deadline.into(), permit)
            .await
            .map_err(|_| DbError::Deadline)?
            .map_err(|_| DbError::Closed)?;
        let readers = readers.clone();
        let sql = sql.to_owned();
        let params: Vec<Param<'static>> = params.iter().cloned().map(Param::into_owned).collect();
        let read = move || {
            // Held until it has ended: whoever asked may have hung up, and this runs on all the same.
            let _held = (place, running);
            readers.with_session(|session| {
                before(deadline, session, |session| {
                    session.query_all(&sql, &params)
                })
            })
        };
        let (reply, answer) = oneshot::channel();
        // Without its type: what runs it is compiled once, and not for each kind of row.
        let read: Box<dyn FnOnce() + Send> = Box::new(move || drop(reply.send(read())));
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| DbError::Engine(format!("a list ended early: {error}")))?;
        answer.await.map_err(|_| DbError::Closed)?
    }

    fn with_session<T>(
        &self,
        read: impl FnOnce(&mut Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let idle = self.idle.lock().pop();
        let mut session = match idle {
            Some(session) => session,
            None => {
                tracing::debug!(service = self.owner, "opening a reader");
                Session::open_reader(&self.path)?
            }
        };
        let answer = read(&mut session);
        let mut idle = self.idle.lock();
        if idle.len() < IDLE_BOUND {
            idle.push(session);
        }
        answer
    }
}

/// When a list that is asked for now is over.
fn deadline() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline of the machine's own time, which no test moves"
    )]
    let now = Instant::now();
    now + LIST_DEADLINE
}

fn before<T>(
    deadline: Instant,
    session: &mut Session,
    read: impl FnOnce(&mut Session) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let is_over = move || deadline.elapsed() > Duration::ZERO;
    session
        .connection()
        .progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, Some(is_over))?;
    let answer = read(session);
    session
        .connection()
        .progress_handler(0, None::<fn() -> bool>)?;
    answer
}
