//! Inserts that travel as one statement: each by itself would be bound, run and answered by itself, and to the server
//! that is most of what a row costs.

use tokio_postgres::{Client, Statement};

use super::answer::Ahead;
use super::connect::Connection;
use super::text::{renumbered, several_inserts};
use crate::db::error::DbError;
use crate::db::value::Param;

/// In one statement. Each text is prepared once.
const MOST: usize = 16;

/// A statement that travels with the next one.
pub(super) struct Queued {
    pub(super) sql: String,
    pub(super) statement: Statement,
    pub(super) params: Vec<Param<'static>>,
    /// It inserts one row, and nobody asks for more than that it does.
    pub(super) inserts: bool,
}

/// The same statements, with those inserts as one between which nothing stands. Among themselves they have no order.
pub(super) async fn merged(
    connection: &Connection,
    queued: Vec<Queued>,
) -> Result<Vec<Queued>, DbError> {
    let (mut merged, mut run) = (Vec::with_capacity(queued.len()), Vec::new());
    for queued in queued {
        if queued.inserts {
            run.push(queued);
            continue;
        }
        end_run(connection, &mut run, &mut merged).await?;
        merged.push(queued);
    }
    end_run(connection, &mut run, &mut merged).await?;
    Ok(merged)
}

/// How many of so many go as one, at most: there is a text for each power of two.
pub(super) fn group_size(count: usize) -> usize {
    count
        .checked_ilog2()
        .map_or(0, |power| MOST.min(1 << power))
}

/// What is sent for each, behind the beginning of the transaction where it `begins`.
pub(super) fn sent<'s>(client: &'s Client, begins: bool, queued: &'s [Queued]) -> Vec<Ahead<'s>> {
    let begin = begins.then(|| -> Ahead<'s> { Box::pin(client.batch_execute("BEGIN")) });
    let each = queued.iter().map(|queued| -> Ahead<'s> {
        Box::pin(async move {
            let done = client.execute_raw(&queued.statement, &queued.params);
            done.await.map(drop)
        })
    });
    begin.into_iter().chain(each).collect()
}

async fn end_run(
    connection: &Connection,
    run: &mut Vec<Queued>,
    merged: &mut Vec<Queued>,
) -> Result<(), DbError> {
    // The same ones beside each other, so that they are rows of one statement.
    run.sort_by(|one, other| one.sql.cmp(&other.sql));
    let mut others = Vec::new();
    while let Some(first) = run.first() {
        let same = run.iter().take_while(|queued| queued.sql == first.sql);
        let size = group_size(same.count());
        let mut some: Vec<Queued> = run.drain(..size).collect();
        match size {
            1 => others.append(&mut some),
            _ => merged.push(one(connection, some).await?),
        }
    }
    while !others.is_empty() {
        let mut some: Vec<Queued> = others.drain(..group_size(others.len())).collect();
        match some.len() {
            1 => merged.append(&mut some),
            _ => merged.push(one(connection, some).await?),
        }
    }
    Ok(())
}

async fn one(connection: &Connection, some: Vec<Queued>) -> Result<Queued, DbError> {
    let sql = several_rows(&some).unwrap_or_else(|| {
        let each = some.iter();
        text(each.map(|queued| (queued.sql.as_str(), queued.params.len())))
    });
    Ok(Queued {
        statement: connection.prepare(&sql).await?,
        sql,
        params: some.into_iter().flat_map(|queued| queued.params).collect(),
        inserts: true,
    })
}

/// Rows of one table, if that is what they are.
fn several_rows(some: &[Queued]) -> Option<String> {
    let first = some.first()?;
    let is_one_text = some.iter().all(|queued| queued.sql == first.sql);
    let several = || several_inserts(&first.sql, first.params.len(), some.len());
    is_one_text.then(several)?.map(|(text, _)| text)
}

/// All of them, each with the number of its parameters, in one.
fn text<'a>(inserts: impl ExactSizeIterator<Item = (&'a str, usize)>) -> String {
    let last = inserts.len().saturating_sub(1);
    let (mut text, mut before) = (String::from("WITH "), 0);
    for (place, (insert, params)) in inserts.enumerate() {
        let insert = renumbered(insert, before);
        before += params;
        text += &match place {
            _ if place == last => format!(" {insert}"),
            0 => format!("i0 AS ({insert})"),
            _ => format!(", i{place} AS ({insert})"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_parameters() {
        let one = "INSERT INTO a VALUES ($1, $2)";
        let other = "INSERT INTO b (x) VALUES ($1)";
        assert_eq!(
            text([(one, 2), (other, 1), (one, 2)].into_iter()),
            "WITH i0 AS (INSERT INTO a VALUES ($1, $2)), i1 AS (INSERT INTO b (x) VALUES ($3)) \
             INSERT INTO a VALUES ($4, $5)"
        );
    }
}
