//! A transaction on one connection: its statements, those that wait to travel, and its end.

use std::pin::pin;
use std::sync::Arc;

use deadpool::managed::Object;
use futures_util::TryStreamExt;
use futures_util::future::join;
use tokio_postgres::Row as PgRow;

use super::answer::{Ahead, begin, together};
use super::connect::Backend;
use super::merge::{Queued, merged, sent};
use super::pool::Pooled;
use super::wave::{Before, Wave};
use crate::db::error::DbError;
use crate::db::value::{FromRow, Param, Row};

/// Statements that may travel without an answer before one is waited for: more would fill the buffers of both
/// sides, and each of them then wait for the other.
const UNANSWERED: usize = 256;

/// A connection, and the transaction that is open on it from its first statement on.
pub(in crate::db) struct Session {
    connection: Arc<Pooled>,
    open: bool,
    queued: Vec<Queued>,
    /// Where it asks, if it is one of those that run side by side.
    wave: Option<Arc<Wave>>,
    /// Where its forks ask.
    forks: Option<Arc<Wave>>,
}

impl Session {
    pub(super) fn new(connection: Pooled) -> Session {
        Session {
            connection: Arc::new(connection),
            open: false,
            queued: Vec::new(),
            wave: None,
            forks: None,
        }
    }

    /// So many sessions in the same transaction, whose statements travel together while [`Session::attend`] waits for
    /// the bodies that use them. They end before it does, and [`Session::join`] takes up what they have queued.
    pub(in crate::db) fn fork(&mut self, count: usize) -> Vec<Session> {
        // Those of one that runs beside others run in turn.
        if count == 0 || self.wave.is_some() {
            return Vec::new();
        }
        let wave = Arc::new(Wave::new(Before {
            begins: !std::mem::replace(&mut self.open, true),
            queued: std::mem::take(&mut self.queued),
        }));
        let fork = || Session {
            connection: self.connection.clone(),
            open: true,
            queued: Vec::new(),
            wave: Some(wave.clone()),
            forks: None,
        };
        let forks = std::iter::repeat_with(fork).take(count).collect();
        self.forks = Some(wave);
        forks
    }

    /// Waits for the bodies of the forks, and answers what they ask.
    pub(in crate::db) async fn attend<T>(&mut self, bodies: impl Future<Output = T>) -> T {
        let Some(wave) = self.forks.take() else {
            return bodies.await;
        };
        let outcome = wave.attend(&self.connection, bodies).await;
        let left = wave.left();
        self.open = !left.begins;
        self.queued = left.queued;
        outcome
    }

    /// Takes up what a session of the same transaction has left to travel.
    pub(in crate::db) async fn join(&mut self, fork: Session) -> Result<(), DbError> {
        self.queued.extend(fork.queued);
        if self.queued.len() >= UNANSWERED {
            self.flush().await?;
        }
        Ok(())
    }

    pub(in crate::db) async fn execute(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<u64, DbError> {
        if let Some(wave) = self.wave.clone() {
            let ahead = std::mem::take(&mut self.queued);
            return wave.count(ahead, sql, params).await;
        }
        let statement = self.connection.prepare(sql).await?;
        let queued = self.take_queued().await?;
        let (client, ahead) = self.ahead(&queued);
        together(ahead, client.execute_raw(&statement, params)).await
    }

    pub(in crate::db) async fn later(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<(), DbError> {
        self.queue(sql, params, false).await
    }

    pub(in crate::db) async fn insert(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<(), DbError> {
        self.queue(sql, params, true).await
    }

    async fn queue(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        inserts: bool,
    ) -> Result<(), DbError> {
        let statement = self.connection.prepare(sql).await?;
        self.queued.push(Queued {
            sql: sql.to_owned(),
            statement,
            params: params.iter().cloned().map(Param::into_owned).collect(),
            inserts,
        });
        if self.queued.len() >= UNANSWERED {
            self.flush().await?;
        }
        Ok(())
    }

    pub(in crate::db) async fn execute_many(
        &mut self,
        sql: &str,
        rows: &[Vec<Param<'_>>],
    ) -> Result<u64, DbError> {
        if self.wave.is_some() {
            let mut changed = 0;
            for params in rows {
                changed += self.execute(sql, params).await?;
            }
            return Ok(changed);
        }
        let statement = self.connection.prepare(sql).await?;
        let mut changed = 0;
        for rows in rows.chunks(UNANSWERED) {
            let queued = self.take_queued().await?;
            let (client, ahead) = self.ahead(&queued);
            let all = async {
                let each = rows
                    .iter()
                    .map(|params| client.execute_raw(&statement, params));
                let counts = futures_util::future::try_join_all(each).await?;
                Ok(counts.iter().sum::<u64>())
            };
            changed += together(ahead, all).await?;
        }
        Ok(changed)
    }

    pub(in crate::db) async fn query_opt<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        let rows = self.query(sql, params).await?;
        let first = rows.first().map(|row| R::from_row(&mut Row::new(row)));
        first.transpose()
    }

    pub(in crate::db) async fn query_all<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        let rows = self.query(sql, params).await?;
        rows.iter()
            .map(|row| R::from_row(&mut Row::new(row)))
            .collect()
    }

    /// Two queries that travel together.
    pub(in crate::db) async fn query_both<A: FromRow, B: FromRow>(
        &mut self,
        (first, first_params): (&str, &[Param<'_>]),
        (second, second_params): (&str, &[Param<'_>]),
    ) -> Result<(Option<A>, Option<B>), DbError> {
        if self.wave.is_some() {
            // In turn: what is alike goes together, and the second has to see what the first waited for.
            let first = self.query_opt(first, first_params).await?;
            return Ok((first, self.query_opt(second, second_params).await?));
        }
        let first = self.connection.prepare(first).await?;
        let second = self.connection.prepare(second).await?;
        let queued = self.take_queued().await?;
        let (client, ahead) = self.ahead(&queued);
        let rows = async |statement, params: &[Param<'_>]| {
            let rows = client.query_raw(statement, params).await?;
            rows.try_collect::<Vec<PgRow>>().await
        };
        let both =
            async { in_turn(join(rows(&first, first_params), rows(&second, second_params)).await) };
        let (held, found) = together(ahead, both).await?;
        let held = held.first().map(|row| A::from_row(&mut Row::new(row)));
        let found = found.first().map(|row| B::from_row(&mut Row::new(row)));
        Ok((held.transpose()?, found.transpose()?))
    }

    /// A statement and a query that travel together.
    pub(in crate::db) async fn execute_and_query<R: FromRow>(
        &mut self,
        (execute, execute_params): (&str, &[Param<'_>]),
        (query, query_params): (&str, &[Param<'_>]),
    ) -> Result<(u64, Option<R>), DbError> {
        let (changed, rows) = if let Some(wave) = self.wave.clone() {
            let ahead = std::mem::take(&mut self.queued);
            let changed = wave.count(ahead, execute, execute_params);
            in_turn(join(changed, wave.rows(Vec::new(), query, query_params)).await)?
        } else {
            let execute = self.connection.prepare(execute).await?;
            let query = self.connection.prepare(query).await?;
            let queued = self.take_queued().await?;
            let (client, ahead) = self.ahead(&queued);
            let changed = client.execute_raw(&execute, execute_params);
            let rows = async {
                client
                    .query_raw(&query, query_params)
                    .await?
                    .try_collect()
                    .await
            };
            together(ahead, async { in_turn(join(changed, rows).await) }).await?
        };
        let rows: Vec<PgRow> = rows;
        let first = rows.first().map(|row| R::from_row(&mut Row::new(row)));
        Ok((changed, first.transpose()?))
    }

    async fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<PgRow>, DbError> {
        if let Some(wave) = self.wave.clone() {
            let ahead = std::mem::take(&mut self.queued);
            return wave.rows(ahead, sql, params).await;
        }
        let statement = self.connection.prepare(sql).await?;
        let queued = self.take_queued().await?;
        let (client, ahead) = self.ahead(&queued);
        let rows = async {
            client
                .query_raw(&statement, params)
                .await?
                .try_collect()
                .await
        };
        together(ahead, rows).await
    }

    /// Sends what waits, and hears that it was done.
    async fn flush(&mut self) -> Result<(), DbError> {
        if let Some(wave) = &self.wave {
            wave.leave(std::mem::take(&mut self.queued));
            return Ok(());
        }
        if self.open && self.queued.is_empty() {
            return Ok(());
        }
        let queued = self.take_queued().await?;
        let (_, ahead) = self.ahead(&queued);
        together(ahead, async { Ok(()) }).await
    }

    /// Ends the transaction, with what waits. [`DbError::Unavailable`] leaves open how it ended.
    pub(super) async fn commit(&mut self) -> Result<(), DbError> {
        if !self.open && self.queued.is_empty() {
            return Ok(());
        }
        let queued = self.take_queued().await?;
        let (client, ahead) = self.ahead(&queued);
        let commit = client.batch_execute("COMMIT");
        let done = together(ahead, commit).await;
        // After an error the server has rolled back: it takes a COMMIT for a ROLLBACK then.
        self.open = false;
        done
    }

    /// Takes everything back. The answer is of no interest: whoever uses the connection next waits behind it.
    pub(super) async fn roll_back(mut self) {
        self.queued.clear();
        if self.open && !self.connection.client.is_closed() {
            let sent = pin!(self.connection.client.batch_execute("ROLLBACK"));
            drop(begin(sent).await);
        }
    }

    /// Gives up the connection itself: what its transaction is doing is not known.
    pub(super) fn discard(self) {
        if let Ok(connection) = Arc::try_unwrap(self.connection) {
            drop(Object::take(connection));
        }
    }

    /// Who works on it on the other side.
    pub(super) fn backend(&self) -> Backend {
        self.connection.backend.clone()
    }

    async fn take_queued(&mut self) -> Result<Vec<Queued>, DbError> {
        let queued = std::mem::take(&mut self.queued);
        if queued.len() < 2 {
            return Ok(queued);
        }
        merged(&self.connection, queued).await
    }

    /// What is sent before the next statement: the beginning of the transaction, and what waits.
    fn ahead<'s>(
        &'s mut self,
        queued: &'s [Queued],
    ) -> (&'s tokio_postgres::Client, Vec<Ahead<'s>>) {
        let begins = !self.open;
        self.open = true;
        let client: &tokio_postgres::Client = &self.connection.client;
        let ahead = sent(client, begins, queued);
        (client, ahead)
    }
}

/// Both answers, or the first failure: the second only follows from it, where there are two.
fn in_turn<A, B, E>(answers: (Result<A, E>, Result<B, E>)) -> Result<(A, B), E> {
    let (first, second) = answers;
    Ok((first?, second?))
}
