//! A transaction, as its body sees it.

use jiff::Timestamp;
use uuid::Uuid;

use super::error::DbError;
use super::session::Session;
use super::value::{FromRow, Param};
use super::{postgres, sqlite};
use crate::clock::Clock;
use crate::http::trace::TraceParent;
use crate::ids::Ids;

/// An open transaction. After an error it refuses further statements: what an error left behind
/// is not known, so the body can only give up.
pub struct Tx {
    session: Session,
    seed: Seed,
    now: Timestamp,
    failure: Option<DbError>,
    wakes: Vec<&'static str>,
    witness: Option<Witness>,
    trace: Option<TraceParent>,
}

/// A row that one run of one transaction alone writes: it stands if, and only if, that is committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    /// Finds the row by its id, `$1`.
    pub(super) sql: &'static str,
    pub(super) id: Uuid,
}

/// What a transaction draws from: the service's name, its clock, its ids.
#[derive(Clone)]
pub(super) struct Seed {
    pub(super) owner: &'static str,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
}

impl Seed {
    pub(super) fn new(owner: &'static str, clock: &Clock, ids: &Ids) -> Seed {
        Seed {
            owner,
            clock: clock.clone(),
            ids: ids.clone(),
        }
    }
}

impl Tx {
    pub(super) fn new(session: impl Into<Session>, seed: Seed) -> Tx {
        let now = seed.clock.now();
        Tx {
            session: session.into(),
            seed,
            now,
            failure: None,
            wakes: Vec::new(),
            witness: None,
            trace: None,
        }
    }

    /// Makes the transaction ready for the next body.
    pub(super) fn start(&mut self, trace: Option<TraceParent>) {
        self.now = self.seed.clock.now();
        self.failure = None;
        self.wakes.clear();
        self.witness = None;
        self.trace = trace;
    }

    /// The session, for the engine that made it.
    pub(super) fn sqlite(&mut self) -> &mut sqlite::Session {
        match &mut self.session {
            Session::Sqlite(session) => session,
            Session::Postgres(_) => unreachable!("SQLite's writer makes its own transactions"),
        }
    }

    /// The session, for the engine that made it.
    pub(super) fn into_postgres(self) -> postgres::Session {
        match self.session {
            Session::Postgres(session) => *session,
            Session::Sqlite(_) => unreachable!("PostgreSQL's engine makes its own transactions"),
        }
    }

    /// What a statement of this body failed with.
    pub(super) fn failure(&self) -> Option<&DbError> {
        self.failure.as_ref()
    }

    pub(super) fn wakes(&self) -> &[&'static str] {
        &self.wakes
    }

    pub(super) fn witness(&self) -> Option<Witness> {
        self.witness
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

    /// The step of a trace that this work is, where somebody asked for it.
    pub fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    /// The step in which `event` is written. One that nobody asked for begins a trace of its own.
    pub(crate) fn trace_of(&self, event: Uuid) -> TraceParent {
        self.trace
            .unwrap_or_else(|| TraceParent::begun_by(event, &self.seed.ids))
    }

    /// Makes what follows belong to another trace: that of the event being handled.
    pub fn set_traceparent(&mut self, traceparent: Option<String>) {
        self.trace = traceparent.as_deref().and_then(TraceParent::parse);
    }

    pub(crate) fn set_trace(&mut self, trace: Option<TraceParent>) {
        self.trace = trace;
    }

    /// Names a row that this body writes with an id of its own making, such as that of an event. Should the
    /// connection be lost while this transaction commits, it was committed if `sql` finds the row by that
    /// id, its `$1`. Without such a row [`DbError::InDoubt`] is all that can be said then.
    pub fn witness_by(&mut self, sql: &'static str, id: Uuid) {
        self.witness = Some(Witness { sql, id });
    }

    /// Gives this run up because another transaction was in its way: a guard found what it rests on changed
    /// since this one read it. The engine runs the body again, which then sees the change.
    ///
    /// On SQLite, where bodies run one after another, it cannot come to this.
    pub fn conflict(&mut self) -> DbError {
        let error = DbError::Conflict("a row was changed meanwhile".to_owned());
        self.failure = Some(error.clone());
        error
    }

    /// The first row of the answer to a `SELECT` over one table, if there is one, held until the transaction
    /// ends: nobody changes it meanwhile, and what was changed a moment ago is waited for and seen.
    pub async fn hold<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        self.ready()?;
        let answer = self.session.hold(sql, params).await;
        self.noted(answer)
    }

    /// Takes rows that nobody else is about to take: `select` finds them, and `change` changes those in
    /// `claimed`, which has the columns of `select`. Both share the parameters; the answer is `change`'s.
    ///
    /// What another transaction holds is passed over, not waited for: several processes share the work.
    pub async fn claim<R: FromRow>(
        &mut self,
        select: &str,
        change: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        self.ready()?;
        let answer = self.session.claim(select, change, params).await;
        self.noted(answer)
    }

    /// Runs a statement, and answers how many rows it changed. Look at the answer.
    pub async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, DbError> {
        self.ready()?;
        let answer = self.session.execute(sql, params).await;
        self.noted(answer)
    }

    /// Runs a statement whose answer is not needed: it travels with the next one, or with the commit, and
    /// its failure is theirs.
    pub async fn later(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        self.ready()?;
        let answer = self.session.later(sql, params).await;
        self.noted(answer)
    }

    /// Runs a statement once for each row of parameters, and answers how many rows changed in all.
    pub async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Param<'_>>],
    ) -> Result<u64, DbError> {
        self.ready()?;
        let answer = self.session.execute_many(sql, rows).await;
        self.noted(answer)
    }

    /// The first row of the answer, if there is one.
    pub async fn opt<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        self.ready()?;
        let answer = self.session.query_opt(sql, params).await;
        self.noted(answer)
    }

    /// The first row of an answer that always has one; none is [`DbError::Corrupt`].
    pub async fn one<R: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<R, DbError> {
        self.ready()?;
        let answer = self.session.query_opt(sql, params).await;
        let row = answer.and_then(|row| {
            row.ok_or_else(|| DbError::Corrupt(format!("no row answered to: {sql}")))
        });
        self.noted(row)
    }

    /// All rows of the answer. The statement bounds them.
    pub async fn all<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        self.ready()?;
        let answer = self.session.query_all(sql, params).await;
        self.noted(answer)
    }

    /// Wakes the workers that wait on `signal`, once this transaction has committed.
    pub fn wake(&mut self, signal: &'static str) {
        if !self.wakes.contains(&signal) {
            self.wakes.push(signal);
        }
    }

    fn ready(&self) -> Result<(), DbError> {
        match self.failure {
            Some(_) => Err(DbError::Failed),
            None => Ok(()),
        }
    }

    fn noted<T>(&mut self, answer: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &answer {
            self.failure = Some(error.clone());
        }
        answer
    }
}
