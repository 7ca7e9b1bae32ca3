//! A transaction, as its body sees it.

use futures_util::future::join_all;
use jiff::Timestamp;
use uuid::Uuid;

use super::error::DbError;
use super::session::Session;
use super::value::{FromRow, Param};
use super::{postgres, sqlite};
use crate::BoxFuture;
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
    is_rerun: bool,
    /// A row was written of which only the end of the transaction tells whether it may be there.
    hopes: bool,
    has_written: bool,
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
            is_rerun: false,
            hopes: false,
            has_written: false,
        }
    }

    /// Makes the transaction ready for the next body.
    pub(super) fn start(&mut self, trace: Option<TraceParent>) {
        self.now = self.seed.clock.now();
        self.failure = None;
        self.wakes.clear();
        self.witness = None;
        self.trace = trace;
        self.hopes = false;
        self.has_written = false;
    }

    /// Says that the body was given up before, and runs anew.
    pub(super) fn is_rerun(&mut self) {
        self.is_rerun = true;
    }

    /// Whether a constraint that refuses may only say that [`Tx::insert_or_nothing`] has to ask.
    pub(super) fn hopes(&self) -> bool {
        self.hopes
    }

    /// Whether it may have changed anything.
    pub(super) fn has_written(&self) -> bool {
        self.has_written
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

    /// What [`Tx::hold`] answers to the first statement, and [`Tx::opt`] to the second: they travel together, and
    /// the second sees what was waited for.
    pub async fn hold_and_opt<A: FromRow, B: FromRow>(
        &mut self,
        hold: (&str, &[Param<'_>]),
        opt: (&str, &[Param<'_>]),
    ) -> Result<(Option<A>, Option<B>), DbError> {
        self.ready()?;
        let answer = self.session.hold_and_opt(hold, opt).await;
        self.noted(answer)
    }

    /// What [`Tx::execute`] answers to the first statement, and [`Tx::hold`] to the second: they travel together, and
    /// must not touch the same rows.
    pub async fn execute_and_hold<R: FromRow>(
        &mut self,
        execute: (&str, &[Param<'_>]),
        hold: (&str, &[Param<'_>]),
    ) -> Result<(u64, Option<R>), DbError> {
        self.ready()?;
        self.has_written = true;
        let answer = self.session.execute_and_hold(execute, hold).await;
        self.noted(answer)
    }

    /// Inserts a row that a unique index may refuse: `false` when another row is in its way. `or_nothing` is `insert`
    /// with the `ON CONFLICT` clause that makes it do nothing then.
    ///
    /// On a server it answers `true` at once, and the row travels with the next statement or the commit. Should the
    /// index refuse it, all of the transaction is undone, and the body runs again and is told so.
    pub async fn insert_or_nothing(
        &mut self,
        insert: &str,
        or_nothing: &str,
        params: &[Param<'_>],
    ) -> Result<bool, DbError> {
        if self.may_hope() {
            self.hope(insert, params).await?;
            return Ok(true);
        }
        Ok(self.execute(or_nothing, params).await? == 1)
    }

    /// Inserts rows of which none may be there, where [`Tx::may_hope`]: if one is, all is undone, and the body runs
    /// again, which then has to ask.
    pub(crate) async fn hope(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        self.hopes = true;
        self.insert(sql, params).await
    }

    /// Whether [`Tx::insert_or_nothing`] answers before it has asked.
    pub(crate) fn may_hope(&self) -> bool {
        self.session.may_hope() && !self.is_rerun
    }

    /// Whether nobody comes between two statements of this body: what it has asked stays true to its end.
    pub(crate) fn is_alone(&self) -> bool {
        self.session.is_alone()
    }

    /// Runs `body` for each of `items`, which must not touch the same rows: on a server their statements travel
    /// side by side. The first failure counts.
    pub async fn side_by_side<I, E, F>(&mut self, items: &[I], body: F) -> Result<(), E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<(), E>>,
        E: From<DbError>,
    {
        let mut forks = self.fork(items.len())?;
        if forks.is_empty() {
            for item in items {
                body(self, item).await?;
            }
            return Ok(());
        }
        let bodies = forks.iter_mut().zip(items);
        let bodies = join_all(bodies.map(|(fork, item)| body(fork, item)));
        let outcomes = self.session.attend(bodies).await;
        let cause = forks.iter().position(Tx::is_a_cause);
        self.join(forks).await?;
        let (mut first, mut caused) = (None, None);
        for (place, outcome) in outcomes.into_iter().enumerate() {
            if let Err(error) = outcome {
                if cause == Some(place) {
                    caused = Some(error);
                } else if first.is_none() {
                    first = Some(error);
                }
            }
        }
        caused.or(first).map_or(Ok(()), Err)
    }

    /// One for each of so many bodies, in the same transaction; none where the engine runs them in turn.
    fn fork(&mut self, count: usize) -> Result<Vec<Tx>, DbError> {
        self.ready()?;
        let sessions = self.session.fork(count);
        let fork = |session| {
            let mut fork = Tx::new(session, self.seed.clone());
            fork.now = self.now;
            fork.is_rerun = self.is_rerun;
            fork.trace = self.trace;
            fork
        };
        Ok(sessions.into_iter().map(fork).collect())
    }

    /// Takes up what the forks have left behind.
    async fn join(&mut self, forks: Vec<Tx>) -> Result<(), DbError> {
        let cause = forks.iter().find(|fork| fork.is_a_cause());
        let failed = cause.or_else(|| forks.iter().find(|fork| fork.failure.is_some()));
        self.failure = failed.and_then(|fork| fork.failure.clone());
        for fork in forks {
            fork.wakes.iter().for_each(|signal| self.wake(signal));
            self.witness = fork.witness.or(self.witness);
            self.hopes |= fork.hopes;
            self.has_written |= fork.has_written;
            if self.failure.is_none() {
                let joined = self.session.join(fork.session).await;
                self.noted(joined)?;
            }
        }
        Ok(())
    }

    /// Whether a statement of it failed, and not only because one of another had.
    fn is_a_cause(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|failure| !matches!(failure, DbError::Failed))
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
        self.has_written = true;
        let answer = self.session.claim(select, change, params).await;
        self.noted(answer)
    }

    /// Runs a statement, and answers how many rows it changed. Look at the answer.
    pub async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, DbError> {
        self.ready()?;
        let answer = self.session.execute(sql, params).await;
        self.has_written |= !matches!(answer, Ok(0));
        self.noted(answer)
    }

    /// Runs a statement whose answer is not needed: it travels with the next one, or with the commit, and
    /// its failure is theirs.
    pub async fn later(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        self.ready()?;
        self.has_written = true;
        let answer = self.session.later(sql, params).await;
        self.noted(answer)
    }

    /// Inserts one row, whose answer is not needed, like [`Tx::later`]. On a server such rows go by one statement with
    /// others between which nothing stands, in no order among themselves.
    pub async fn insert(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        self.ready()?;
        self.has_written = true;
        let answer = self.session.insert(sql, params).await;
        self.noted(answer)
    }

    /// Runs a statement once for each row of parameters, and answers how many rows changed in all.
    pub async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Param<'_>>],
    ) -> Result<u64, DbError> {
        self.ready()?;
        self.has_written = true;
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
        self.has_written |= !sql.starts_with("SELECT");
        let answer = self.session.query_opt(sql, params).await;
        self.noted(answer)
    }

    /// The first row of an answer that always has one; none is [`DbError::Corrupt`].
    pub async fn one<R: FromRow>(&mut self, sql: &str, params: &[Param<'_>]) -> Result<R, DbError> {
        self.ready()?;
        self.has_written |= !sql.starts_with("SELECT");
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
        self.has_written |= !sql.starts_with("SELECT");
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
