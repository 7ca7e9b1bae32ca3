//! Statements of one text, with other parameters each, as one statement.
//!
//! To the server a statement by itself (bound, run, answered with a packet of its own, which wakes the client) is
//! most of what a row costs, and events of one type ask for the same all the time. It can be done where a
//! statement is about one row, and the row's key is its first column and its first parameter.

use std::collections::{HashMap, HashSet};
use std::pin::pin;

use futures_util::TryStreamExt;
use tokio::sync::oneshot;
use tokio_postgres::{Client, Row, Statement};

use super::connect::Connection;
use super::merge::group_size;
use super::text::{several_inserts, several_selects};
use crate::db::error::DbError;
use crate::db::value::{Column, Columns, Param};

/// What a body wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wants {
    /// How many rows the statement changed.
    Count,
    Rows,
}

/// A statement, and who waits for its answer.
pub(super) struct Asked {
    pub(super) sql: String,
    pub(super) params: Vec<Param<'static>>,
    pub(super) wants: Wants,
    pub(super) answer: oneshot::Sender<Result<Said, DbError>>,
}

impl Asked {
    pub(super) fn tell(self, answer: Result<Said, DbError>) {
        // A body that was given up has no ear.
        drop(self.answer.send(answer));
    }
}

/// Those that go as one.
pub(super) struct Group {
    statement: Statement,
    /// Their places among all that was asked.
    pub(super) members: Vec<usize>,
}

/// What the server said.
pub(super) struct Said {
    pub(super) rows: Vec<Row>,
    pub(super) changed: u64,
}

/// Puts together what is alike, in the order in which each text was first asked.
pub(super) async fn grouped(
    connection: &Connection,
    asked: &[Asked],
) -> Result<Vec<Group>, DbError> {
    let mut groups = Vec::new();
    for members in alike(asked) {
        let mut members = members.as_slice();
        while let Some(first) = members.first().and_then(|place| asked.get(*place)) {
            let several = match group_size(members.len()) {
                0 | 1 => None,
                size => several(first, size).map(|text| (size, text)),
            };
            let (size, text) = several.unwrap_or_else(|| (1, first.sql.clone()));
            let (some, rest) = members.split_at(size);
            members = rest;
            groups.push(Group {
                statement: connection.prepare(&text).await?,
                members: some.to_vec(),
            });
        }
    }
    Ok(groups)
}

fn several(one: &Asked, size: usize) -> Option<String> {
    match one.wants {
        Wants::Count => {
            let (inserts, key) = several_inserts(&one.sql, one.params.len(), size)?;
            Some(format!("{inserts} RETURNING {key}"))
        }
        Wants::Rows => several_selects(&one.sql, one.params.len(), size),
    }
}

/// The places of those of one text, no two of which have the same key.
fn alike(asked: &[Asked]) -> Vec<Vec<usize>> {
    let (mut all, mut open) = (Vec::<Vec<usize>>::new(), HashMap::new());
    for (place, asked) in asked.iter().enumerate() {
        let next = all.len();
        let key = asked.params.first().map(bytes_of);
        let (group, keys) = (open.entry((&asked.sql, asked.wants)))
            .or_insert_with(|| (next, HashSet::<Option<Vec<u8>>>::new()));
        if key.is_none() || keys.contains(&key) {
            keys.clear();
            *group = next;
        }
        keys.insert(key);
        match all.get_mut(*group) {
            Some(group) => group.push(place),
            None => all.push(vec![place]),
        }
    }
    all
}

/// Tells values of one column apart.
fn bytes_of(key: &Param<'_>) -> Vec<u8> {
    match key {
        Param::Null => Vec::new(),
        Param::Bool(value) => i64::from(*value).to_be_bytes().to_vec(),
        Param::Int(value) => value.to_be_bytes().to_vec(),
        Param::Time(time) => time.as_microsecond().to_be_bytes().to_vec(),
        Param::Text(text) => text.as_bytes().to_vec(),
        Param::Uuid(id) => id.as_bytes().to_vec(),
        Param::Bytes(bytes) => bytes.to_vec(),
    }
}

impl Group {
    pub(super) async fn send(
        &self,
        client: &Client,
        asked: &[Asked],
    ) -> Result<Said, tokio_postgres::Error> {
        let asked = self.members.iter().filter_map(|place| asked.get(*place));
        let params: Vec<&Param<'_>> = asked.flat_map(|asked| &asked.params).collect();
        let mut rows = pin!(client.query_raw(&self.statement, params).await?);
        Ok(Said {
            rows: rows.as_mut().try_collect().await?,
            changed: rows.rows_affected().unwrap_or_default(),
        })
    }

    /// To each member its own: the rows that begin with its key.
    pub(super) fn split(&self, asked: &[Option<Asked>], said: Said) -> Result<Vec<Said>, DbError> {
        if self.members.len() == 1 {
            return Ok(vec![said]);
        }
        let mut of_key: HashMap<Vec<u8>, Vec<Row>> = HashMap::new();
        for row in said.rows {
            let key = match row.column(0)? {
                Column::Int(number) => number.to_be_bytes().to_vec(),
                Column::Text(text) => text.as_bytes().to_vec(),
                Column::Bytes(bytes) => bytes.to_vec(),
                Column::Null | Column::Other => Vec::new(),
            };
            of_key.entry(key).or_default().push(row);
        }
        let members = self
            .members
            .iter()
            .filter_map(|place| asked.get(*place)?.as_ref());
        let each = members.map(|asked| {
            let key = asked.params.first().map(bytes_of).unwrap_or_default();
            let rows = of_key.remove(&key).unwrap_or_default();
            Said {
                changed: rows.len().try_into().unwrap_or(u64::MAX),
                rows,
            }
        });
        Ok(each.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str, key: i64) -> Asked {
        Asked {
            sql: sql.to_owned(),
            params: vec![key.into()],
            wants: Wants::Rows,
            answer: oneshot::channel().0,
        }
    }

    #[test]
    fn of_one_text_those_go_together_that_have_different_keys() {
        let all = [("a", 1), ("b", 1), ("a", 2), ("a", 1), ("a", 2), ("b", 2)];
        let asked = all.map(|(sql, key)| asked(sql, key));
        let groups: [&[usize]; 3] = [&[0, 2], &[1, 5], &[3, 4]];
        assert_eq!(alike(&asked), groups);
    }

    #[test]
    fn of_one_text_and_one_key_each_goes_alone() {
        let asked = [1, 1, 1, 2, 1].map(|key| asked("a", key));
        let groups: [&[usize]; 4] = [&[0], &[1], &[2, 3], &[4]];
        assert_eq!(alike(&asked), groups);
    }
}
