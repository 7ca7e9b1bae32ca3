//! Lists and searches of listings, each on an index, however many listings there are.
//!
//! Without filters, a list walks the index of its order. With filters there are two ways, and each
//! is slow where the other is fast: walk that index and look at each listing (good when many meet
//! the filter), or fetch those that meet it and sort them (good when few do). Which one it is, is
//! counted beforehand, up to [`FEW`]. A condition on a column that some other index begins with has
//! `+ 0` behind the column, so that the database takes no third way.
//!
//! What is reserved stays in the indexes, and is passed over: [`windows`] sees to it that this is never much.

use std::fmt::Write;
use std::ops::RangeInclusive;

use tessera_platform::db::{Db, DbError, Param};

use super::Passed;
use super::tickets::COLUMNS;
use crate::domain::{Place, Search, Sort, Ticket, Wanted};

/// As many are fetched and sorted in some milliseconds.
const FEW: i64 = 1_000;
const FREE: &str = " AND t.status = 'available'";

mod windows;

/// What a search found.
#[derive(Debug)]
pub struct Found {
    pub tickets: Vec<Ticket>,
    /// Where it ended before it had as many as it was to find, although there may be more.
    pub ended_at: Option<Place>,
}

impl Found {
    fn whole(tickets: Vec<Ticket>) -> Found {
        let ended_at = None;
        Found { tickets, ended_at }
    }
}

/// The listings that a search finds. Reserved ones that were in its way go to `passed`.
pub async fn find(db: &Db, search: &Search, passed: &Passed) -> Result<Found, DbError> {
    let filters = filters(search);
    let few = match search.seller {
        // One's own listings have an index of their own.
        Some(_) => None,
        None => fewest(db, &filters).await?,
    };
    if few.is_none() && search.is_for_sale_only() {
        return windows::walk(db, search, &filters, passed, windows::BOUNDS).await;
    }
    let Statement { sql, params } = statement(search, &filters, few);
    Ok(Found::whole(db.list(&sql, &params).await?))
}

/// A statement, or the beginning of one. Parameters are numbered as they come.
#[derive(Default)]
struct Statement {
    sql: String,
    params: Vec<Param<'static>>,
}

/// A part of a statement, with a `?` for each parameter.
#[derive(Clone)]
struct Part {
    sql: &'static str,
    params: Vec<Param<'static>>,
}

/// A condition on listings, in three forms.
struct Filter {
    /// Selects the ids of the listings that meet it, from an index.
    ids: Part,
    /// Selects as many, or more: to leave out those that come twice, all of them would have to be read.
    counted: Part,
    /// Whether a listing meets it.
    holds: Part,
}

/// A column that an order goes by, and the conditions on it.
struct Column {
    ids: &'static str,
    /// While its own index is walked.
    walked: &'static str,
    /// While another one is.
    aside: &'static str,
}

const PRICE: Column = Column {
    ids: "SELECT id FROM tickets WHERE listed AND price_sort BETWEEN ? AND ?",
    walked: "t.price_sort BETWEEN ? AND ?",
    aside: "t.price_sort + 0 BETWEEN ? AND ?",
};
const START: Column = Column {
    ids: "SELECT id FROM tickets WHERE listed AND starts_sort BETWEEN ? AND ?",
    walked: "t.starts_sort BETWEEN ? AND ?",
    aside: "t.starts_sort + 0 BETWEEN ? AND ?",
};

impl Part {
    fn new<const N: usize>(sql: &'static str, params: [Param<'static>; N]) -> Part {
        Part {
            sql,
            params: params.into(),
        }
    }
}

impl Statement {
    fn text(&mut self, sql: &str) -> &mut Statement {
        self.sql.push_str(sql);
        self
    }

    fn part(&mut self, part: &Part) -> &mut Statement {
        self.numbered(part.sql, &part.params)
    }

    fn numbered(&mut self, sql: &str, params: &[Param<'static>]) -> &mut Statement {
        let mut pieces = sql.split('?');
        self.sql.extend(pieces.next());
        for (piece, param) in pieces.zip(params) {
            self.params.push(param.clone());
            // Writing to a text cannot fail.
            let _ = write!(self.sql, "${}{piece}", self.params.len());
        }
        self
    }
}

fn filters(search: &Search) -> Vec<Filter> {
    let sort = search.sort;
    let by_price = matches!(sort, Sort::Price | Sort::PriceDown);
    let by_start = matches!(sort, Sort::Date | Sort::DateDown);
    let mut filters: Vec<Filter> = search.wanted.iter().map(term).collect();
    filters.extend(
        search
            .price
            .iter()
            .map(|range| within(range, PRICE, by_price)),
    );
    filters.extend(
        search
            .starts
            .iter()
            .map(|range| within(range, START, by_start)),
    );
    filters
}

fn term(wanted: &Wanted) -> Filter {
    const HOLDS: &str = "t.terms LIKE ?";
    match wanted {
        Wanted::Exactly(term) => {
            let ids = Part::new(
                "SELECT ticket_id AS id FROM ticket_terms WHERE term = ?",
                [term.clone().into_bytes().into()],
            );
            Filter {
                counted: ids.clone(),
                ids,
                holds: Part::new(HOLDS, [format!("% {term} %").into()]),
            }
        }
        Wanted::Prefix(start) => {
            let range = || [start.clone().into_bytes().into(), behind(start).into()];
            Filter {
                ids: Part::new(
                    "SELECT DISTINCT ticket_id AS id FROM ticket_terms WHERE term >= ? AND term < ?",
                    range(),
                ),
                counted: Part::new(
                    "SELECT ticket_id AS id FROM ticket_terms WHERE term >= ? AND term < ?",
                    range(),
                ),
                holds: Part::new(HOLDS, [format!("% {start}%").into()]),
            }
        }
    }
}

/// The least bytes that come after everything that begins with `prefix`.
fn behind(prefix: &str) -> Vec<u8> {
    let mut bytes = prefix.as_bytes().to_vec();
    // No byte of UTF-8 is 255.
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes
}

fn within(range: &RangeInclusive<i64>, column: Column, walked: bool) -> Filter {
    let bounds = || [(*range.start()).into(), (*range.end()).into()];
    let holds = if walked { column.walked } else { column.aside };
    let ids = Part::new(column.ids, bounds());
    Filter {
        counted: ids.clone(),
        ids,
        holds: Part::new(holds, bounds()),
    }
}

/// The filter that the fewest listings meet, if they are few.
async fn fewest<'a>(db: &Db, filters: &'a [Filter]) -> Result<Option<&'a Filter>, DbError> {
    if filters.is_empty() {
        return Ok(None);
    }
    let Statement { sql, params } = counts(filters);
    let counts: Vec<(i64, u32)> = db.list(&sql, &params).await?;
    let few = counts.into_iter().filter(|(count, _)| *count <= FEW).min();
    Ok(few.and_then(|(_, place)| filters.get(place as usize)))
}

/// Counts the listings that meet each filter, as far as it matters.
fn counts(filters: &[Filter]) -> Statement {
    let mut all = Statement::default();
    for (place, filter) in filters.iter().enumerate() {
        let beginning = if place == 0 {
            "SELECT"
        } else {
            " UNION ALL SELECT"
        };
        all.text(beginning)
            .text(&format!(" count(*), {place} FROM ("));
        all.part(&filter.counted);
        all.part(&Part::new(" LIMIT ?) AS met", [(FEW + 1).into()]));
    }
    all
}

/// All that is shown, by one statement.
fn statement(search: &Search, filters: &[Filter], few: Option<&Filter>) -> Statement {
    let mut all = Statement::default();
    all.text("SELECT ").text(COLUMNS);
    match few {
        // A cross join is made in the order in which it is written.
        Some(few) => all
            .text(" FROM (")
            .part(&few.ids)
            .text(") AS few CROSS JOIN tickets t WHERE t.id = few.id AND "),
        None => all.text(" FROM tickets t WHERE "),
    };
    all.conditions(search, filters);
    if search.is_for_sale_only() {
        all.text(FREE);
    }
    all.in_order(search.sort, search.limit);
    all
}

impl Statement {
    /// Which listings are looked at.
    fn conditions(&mut self, search: &Search, filters: &[Filter]) {
        self.part(&offered(search));
        for filter in filters {
            self.text(" AND ").part(&filter.holds);
        }
        if let Some(after) = search.after {
            self.behind(search.sort, after);
        }
    }

    fn behind(&mut self, sort: Sort, Place { key, id }: Place) {
        let is_down = matches!(sort, Sort::Newest | Sort::PriceDown | Sort::DateDown);
        let than = if is_down { "<" } else { ">" };
        match key_column(sort) {
            None => self.numbered(&format!(" AND t.id {than} ?"), &[id.into()]),
            Some(column) => self.numbered(
                &format!(" AND ({column}, t.id) {than} (?, ?)"),
                &[key.into(), id.into()],
            ),
        };
    }

    fn in_order(&mut self, sort: Sort, limit: i64) {
        let limit = Part::new(" LIMIT ?", [limit.into()]);
        self.text(order(sort)).part(&limit);
    }
}

/// What is looked at: one's own listings, or those on the market.
fn offered(search: &Search) -> Part {
    if let Some(seller) = search.seller {
        return Part::new("t.user_id = ?", [seller.into()]);
    }
    let now = search.now.as_millisecond().into();
    let by_start = matches!(search.sort, Sort::Date | Sort::DateDown);
    let sql = match (search.with_reserved, by_start) {
        (false, true) => "t.listed AND NOT t.aside AND t.starts_sort > ?",
        (false, false) => "t.listed AND NOT t.aside AND t.starts_sort + 0 > ?",
        (true, true) => "t.listed AND t.starts_sort > ?",
        (true, false) => "t.listed AND t.starts_sort + 0 > ?",
    };
    Part::new(sql, [now])
}

/// What an order goes by before the id.
fn key_column(sort: Sort) -> Option<&'static str> {
    match sort {
        Sort::Newest | Sort::Oldest => None,
        Sort::Price | Sort::PriceDown => Some("t.price_sort"),
        Sort::Date | Sort::DateDown => Some("t.starts_sort"),
    }
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => " ORDER BY t.id DESC",
        Sort::Oldest => " ORDER BY t.id",
        Sort::Price => " ORDER BY t.price_sort, t.id",
        Sort::PriceDown => " ORDER BY t.price_sort DESC, t.id DESC",
        Sort::Date => " ORDER BY t.starts_sort, t.id",
        Sort::DateDown => " ORDER BY t.starts_sort DESC, t.id DESC",
    }
}

#[cfg(test)]
mod tests;
