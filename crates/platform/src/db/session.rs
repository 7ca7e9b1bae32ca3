//! The connection that a transaction runs on, of whichever engine.

use super::error::DbError;
use super::value::{FromRow, Param};
use super::{postgres, sqlite};

/// SQLite's answers at once, so that its futures never pend; PostgreSQL's are large, and kept out of those of the
/// bodies that wait for them.
pub(super) enum Session {
    Sqlite(sqlite::Session),
    Postgres(Box<postgres::Session>),
}

impl Session {
    /// Whether a statement may fail later than where it is, and undo the transaction, without harm to others in it.
    pub(super) fn may_hope(&self) -> bool {
        matches!(self, Session::Postgres(_))
    }

    /// Whether bodies run one after the other, so that nobody comes between two statements of one.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Session::Sqlite(_))
    }

    /// Sessions of the same transaction whose statements travel together; none where statements do not travel.
    pub(super) fn fork(&mut self, count: usize) -> Vec<Session> {
        match self {
            Session::Sqlite(_) => Vec::new(),
            Session::Postgres(session) => {
                let forks = session.fork(count).into_iter();
                forks.map(Session::from).collect()
            }
        }
    }

    /// Waits for the bodies of such sessions, and answers what they ask.
    pub(super) async fn attend<T>(&mut self, bodies: impl Future<Output = T>) -> T {
        match self {
            Session::Sqlite(_) => bodies.await,
            Session::Postgres(session) => Box::pin(session.attend(bodies)).await,
        }
    }

    /// Takes up what such a session has left to travel.
    pub(super) async fn join(&mut self, fork: Session) -> Result<(), DbError> {
        match (self, fork) {
            (Session::Postgres(session), Session::Postgres(fork)) => {
                Box::pin(session.join(*fork)).await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn execute(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<u64, DbError> {
        match self {
            Session::Sqlite(session) => session.execute(sql, params),
            Session::Postgres(session) => Box::pin(session.execute(sql, params)).await,
        }
    }

    pub(super) async fn later(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        match self {
            Session::Sqlite(session) => session.execute(sql, params).map(drop),
            Session::Postgres(session) => Box::pin(session.later(sql, params)).await,
        }
    }

    pub(super) async fn insert(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), DbError> {
        match self {
            Session::Sqlite(session) => session.execute(sql, params).map(drop),
            Session::Postgres(session) => Box::pin(session.insert(sql, params)).await,
        }
    }

    pub(super) async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Param<'_>>],
    ) -> Result<u64, DbError> {
        match self {
            Session::Sqlite(session) => rows.iter().try_fold(0, |changed, params| {
                Ok(changed + session.execute(sql, params)?)
            }),
            Session::Postgres(session) => Box::pin(session.execute_many(sql, rows)).await,
        }
    }

    pub(super) async fn query_opt<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        match self {
            Session::Sqlite(session) => session.query_opt(sql, params),
            Session::Postgres(session) => Box::pin(session.query_opt(sql, params)).await,
        }
    }

    pub(super) async fn hold<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        match self {
            // Whoever writes has the whole database to itself.
            Session::Sqlite(session) => session.query_opt(sql, params),
            Session::Postgres(session) => {
                let sql = format!("{sql}{}", postgres::HOLD);
                Box::pin(session.query_opt(&sql, params)).await
            }
        }
    }

    /// What [`Session::hold`] and [`Session::query_opt`] answer, asked for together.
    pub(super) async fn hold_and_opt<A: FromRow, B: FromRow>(
        &mut self,
        hold: (&str, &[Param<'_>]),
        opt: (&str, &[Param<'_>]),
    ) -> Result<(Option<A>, Option<B>), DbError> {
        match self {
            Session::Sqlite(session) => {
                let held = session.query_opt(hold.0, hold.1)?;
                Ok((held, session.query_opt(opt.0, opt.1)?))
            }
            Session::Postgres(session) => {
                let sql = format!("{}{}", hold.0, postgres::HOLD);
                Box::pin(session.query_both((&sql, hold.1), opt)).await
            }
        }
    }

    /// What [`Session::execute`] and [`Session::hold`] answer, asked for together.
    pub(super) async fn execute_and_hold<R: FromRow>(
        &mut self,
        execute: (&str, &[Param<'_>]),
        hold: (&str, &[Param<'_>]),
    ) -> Result<(u64, Option<R>), DbError> {
        match self {
            Session::Sqlite(session) => {
                let changed = session.execute(execute.0, execute.1)?;
                Ok((changed, session.query_opt(hold.0, hold.1)?))
            }
            Session::Postgres(session) => {
                let sql = format!("{}{}", hold.0, postgres::HOLD);
                Box::pin(session.execute_and_query(execute, (&sql, hold.1))).await
            }
        }
    }

    pub(super) async fn claim<R: FromRow>(
        &mut self,
        select: &str,
        change: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        match self {
            Session::Sqlite(session) => {
                session.query_all(&format!("WITH claimed AS ({select}) {change}"), params)
            }
            Session::Postgres(session) => {
                // As a table of its own, it is looked at once: within a condition it might be so for each row,
                // and then take more than its limit.
                let sql =
                    format!("WITH claimed AS ({select} FOR NO KEY UPDATE SKIP LOCKED) {change}");
                Box::pin(session.query_all(&sql, params)).await
            }
        }
    }

    pub(super) async fn query_all<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        match self {
            Session::Sqlite(session) => session.query_all(sql, params),
            Session::Postgres(session) => Box::pin(session.query_all(sql, params)).await,
        }
    }
}

impl From<sqlite::Session> for Session {
    fn from(session: sqlite::Session) -> Session {
        Session::Sqlite(session)
    }
}

impl From<postgres::Session> for Session {
    fn from(session: postgres::Session) -> Session {
        Session::Postgres(Box::new(session))
    }
}
