//! A transaction, as its body sees it.

use jiff::Timestamp;
use uuid::Uuid;

use super::error::DbError;
use super::sqlite::Session;
use super::value::{FromRow, Param};
use crate::clock::Clock;
use crate::http::trace::TraceParent;
use crate::ids::Ids;

/// An open transaction. After an error it refuses further statements: what an error left behind
/// is not known, so the body can only give up.
pub struct Tx {
    session: Session,
    seed: Seed,
    now: Timestamp,
    failed: bool,
    wakes: Vec<&'static str>,
    traceparent: Option<String>,
}

/// What a transaction draws from: the service's name, its clock, its ids.
#[derive(Clone)]
pub(super) struct Seed {
    pub(super) owner: &'static str,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
}

impl Tx {
    pub(super) fn new(session: Session, seed: Seed) -> Tx {
        let now = seed.clock.now();
        Tx {
            session,
            seed,
            now,
            failed: false,
            wakes: Vec::new(),
            traceparent: None,
        }
    }

    /// Makes the transaction ready for the next body.
    pub(super) fn start(&mut self, traceparent: Option<String>) {
        self.now = self.seed.clock.now();
        self.failed = false;
        self.wakes.clear();
        self.traceparent = traceparent;
    }

    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Whether a statement of this body failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    pub(super) fn wakes(&self) -> &[&'static str] {
        &self.wakes
    }

    /// The moment at which this body began: the same for all of it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id. Drawn anew when the body runs again, so only for what the body itself makes up
    /// on the way (events); the id of the thing that it creates is part of its input.
    pub fn new_id(&mut self) -> Uuid {
        self.seed.ids.next()
    }

    /// The service whose database this is.
    pub fn owner(&self) -> &'static str {
        self.seed.owner
    }

    /// The trace that this work belongs to, as a W3C `traceparent`. Work that nobody asked for begins one.
    pub fn traceparent(&mut self) -> &str {
        let ids = &self.seed.ids;
        self.traceparent
            .get_or_insert_with(|| TraceParent::next(None, ids).to_string())
    }

    /// Makes what follows belong to another trace: that of the event being handled.
    pub fn set_traceparent(&mut self, traceparent: Option<String>) {
        self.traceparent = traceparent;
    }

    /// Runs a statement, and answers how many rows it changed. Look at the answer.
    pub async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, DbError> {
        self.run(|session| session.execute(sql, params))
    }

    /// Runs a statement whose answer is not needed: it travels with the next one.
    pub async fn later(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        self.run(|session| session.execute(sql, params)).map(drop)
    }

    /// Runs a statement once for each row of parameters, and answers how many rows changed in all.
    pub async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Param<'_>>],
    ) -> Result<u64, DbError> {
        self.run(|session| {
            rows.iter().try_fold(0, |changed, params| {
                Ok(changed + session.execute(sql, params)?)
            })
        })
    }

    /// The first row of the answer, if there is one.
    pub async fn opt<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        self.run(|session| session.query_opt(sql, params))
    }

    /// The first row of an answer that always has one; none is [`DbError::Corrupt`].
    pub async fn one<R: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<R, DbError> {
        self.run(|session| {
            let row = session.query_opt(sql, params)?;
            row.ok_or_else(|| DbError::Corrupt(format!("no row answered to: {sql}")))
        })
    }

    /// All rows of the answer. The statement bounds them.
    pub async fn all<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        self.run(|session| session.query_all(sql, params))
    }

    /// Wakes the workers that wait on `signal`, once this transaction has committed.
    pub fn wake(&mut self, signal: &'static str) {
        if !self.wakes.contains(&signal) {
            self.wakes.push(signal);
        }
    }

    fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if self.failed {
            return Err(DbError::Failed);
        }
        let answer = statement(&mut self.session);
        self.failed = answer.is_err();
        answer
    }
}
