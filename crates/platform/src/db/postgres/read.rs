//! Reads outside of a transaction. What failed with its connection is asked again on another one.

use futures_util::TryStreamExt;
use tokio_postgres::Row as PgRow;

use super::Engine;
use super::answer::together;
use super::pool::Pooled;
use super::write::Patience;
use crate::db::Lane;
use crate::db::error::DbError;
use crate::db::value::{FromRow, Param, Row};

/// Who reads.
#[derive(Clone, Copy)]
enum Reader {
    Of(Lane),
    List,
}

impl Engine {
    pub(in crate::db) async fn read_point<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        let rows = self
            .read(sql, params, Reader::Of(Lane::Interactive))
            .await?;
        let first = rows.first().map(|row| R::from_row(&mut Row::new(row)));
        first.transpose()
    }

    pub(in crate::db) async fn read_few<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        all(&self.read(sql, params, Reader::Of(Lane::Bulk)).await?)
    }

    pub(in crate::db) async fn read_list<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        all(&self.read(sql, params, Reader::List).await?)
    }

    async fn read(
        &self,
        sql: &str,
        params: &[Param<'_>],
        reader: Reader,
    ) -> Result<Vec<PgRow>, DbError> {
        let lane = match reader {
            Reader::Of(lane) => lane,
            Reader::List => Lane::Interactive,
        };
        let _place = self.pool.place(lane).await?;
        let mut patience = Patience::new();
        loop {
            let connection = match reader {
                Reader::Of(lane) => self.pool.connection(lane).await,
                Reader::List => self.pool.lists().await,
            };
            let answer = match connection {
                Ok(connection) => query(connection, sql, params).await,
                Err(error) => Err(error),
            };
            match answer {
                Err(error) if error.is_of_the_moment() && patience.waits().await => {}
                answer => return answer,
            }
        }
    }
}

async fn query(connection: Pooled, sql: &str, params: &[Param<'_>]) -> Result<Vec<PgRow>, DbError> {
    let statement = connection.prepare(sql).await?;
    let rows = async {
        let rows = connection.client.query_raw(&statement, params).await?;
        rows.try_collect().await
    };
    let answer = together(Vec::new(), rows).await;
    if matches!(answer, Err(DbError::Unavailable(_))) {
        // It may be busy with this for longer.
        drop(Pooled::take(connection));
    }
    answer
}

fn all<R: FromRow>(rows: &[PgRow]) -> Result<Vec<R>, DbError> {
    rows.iter()
        .map(|row| R::from_row(&mut Row::new(row)))
        .collect()
}
