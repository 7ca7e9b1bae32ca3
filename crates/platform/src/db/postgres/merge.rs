//! Inserts that travel as one statement: each by itself would be bound, run and answered by itself, and to the server
//! that is most of what a row costs.

use tokio_postgres::Statement;

use super::connect::Connection;
use crate::db::error::DbError;
use crate::db::value::Param;

/// In one statement. There is a text for each power of two up to here, prepared once.
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

async fn end_run(
    connection: &Connection,
    run: &mut Vec<Queued>,
    merged: &mut Vec<Queued>,
) -> Result<(), DbError> {
    // The same ones beside each other, so that there are few texts.
    run.sort_by(|one, other| one.sql.cmp(&other.sql));
    while !run.is_empty() {
        let size = MOST.min(1 << run.len().ilog2());
        if size == 1 {
            merged.append(run);
            break;
        }
        let some = run.drain(..size).collect();
        merged.push(one(connection, some).await?);
    }
    Ok(())
}

async fn one(connection: &Connection, some: Vec<Queued>) -> Result<Queued, DbError> {
    let sql = text(
        some.iter()
            .map(|queued| (queued.sql.as_str(), queued.params.len())),
    );
    Ok(Queued {
        statement: connection.prepare(&sql).await?,
        sql,
        params: some.into_iter().flat_map(|queued| queued.params).collect(),
        inserts: true,
    })
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

/// `$1` becomes `$6` behind five others.
fn renumbered(insert: &str, before: usize) -> String {
    let mut parts = insert.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|sign: char| !sign.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        match number.parse::<usize>() {
            Ok(number) => text += &format!("${}{rest}", number + before),
            Err(_) => text += &format!("${part}"),
        }
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
        assert_eq!(renumbered("'$' || $12", 3), "'$' || $15");
    }
}
