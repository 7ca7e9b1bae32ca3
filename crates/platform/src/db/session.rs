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
                // Others may still refer to the row.
                let sql = format!("{sql} FOR NO KEY UPDATE");
                Box::pin(session.query_opt(&sql, params)).await
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
