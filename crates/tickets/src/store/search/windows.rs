//! Walks over an index of which much may be reserved, window by window.
//!
//! Most walks end within the first window, by one statement that looks no further. One that does not goes on in windows
//! whose end it knows, each a statement of its own, so that no statement takes long; and it tells which reserved
//! listings it had to pass over, so that they can be set aside.

use tessera_contracts::{TicketId, TicketStatus};
use tessera_platform::db::{Db, DbError, FromRow, Row};

use super::{COLUMNS, FREE, Filter, Found, Place, Search, Statement, key_column, statement};

/// So many listings are looked at in a millisecond or less.
pub(super) const LENGTH: i64 = 1_000;

/// A listing that was looked at.
struct Seen {
    place: Place,
    status: TicketStatus,
}

/// The listings for sale that a search finds.
pub(super) async fn walk(
    db: &Db,
    search: &Search,
    filters: &[Filter],
    length: i64,
) -> Result<Found, DbError> {
    let Statement { sql, params } = within_first(search, filters, length);
    let tickets = db.list(&sql, &params).await?;
    if len(&tickets) == search.limit {
        let passed = Vec::new();
        return Ok(Found { tickets, passed });
    }
    window_by_window(db, search.clone(), filters, length).await
}

async fn window_by_window(
    db: &Db,
    mut search: Search,
    filters: &[Filter],
    length: i64,
) -> Result<Found, DbError> {
    let mut found = Found::default();
    loop {
        // What is for sale is read after it is known where the window ends: whatever happens in between, none of it is missed.
        let Statement { sql, params } = window(&search, filters, length);
        let seen: Vec<Seen> = db.list(&sql, &params).await?;
        let end = seen.last().filter(|_| len(&seen) == length);
        let end = end.map(|last| last.place);
        let Statement { sql, params } = statement(&search, filters, None, end);
        let tickets = db.list(&sql, &params).await?;
        search.limit -= len(&tickets);
        search.after = end;
        found.tickets.extend(tickets);
        if end.is_some() {
            let reserved = seen.iter().filter(|seen| seen.is_reserved());
            found.passed.extend(reserved.map(|seen| seen.place.id));
        }
        if end.is_none() || search.limit == 0 {
            return Ok(found);
        }
    }
}

/// What is for sale in the first window. Both engines hand on the rows of an ordered inner statement as they come, and no
/// further than they are needed.
pub(super) fn within_first(search: &Search, filters: &[Filter], length: i64) -> Statement {
    let mut all = Statement::default();
    all.text("SELECT ").text(COLUMNS);
    all.text(" FROM (SELECT t.* FROM tickets t WHERE ");
    all.conditions(search, filters);
    all.in_order(search.sort, length);
    all.text(") t WHERE true").text(FREE);
    all.numbered(" LIMIT ?", &[search.limit.into()]);
    all
}

/// All that there is in the window.
pub(super) fn window(search: &Search, filters: &[Filter], length: i64) -> Statement {
    let mut all = Statement::default();
    all.text("SELECT t.id, ");
    // All are equal in an order that goes by the id alone.
    all.text(key_column(search.sort).unwrap_or("t.price_sort * 0"));
    all.text(", t.status FROM tickets t WHERE ");
    all.conditions(search, filters);
    all.in_order(search.sort, length);
    all
}

impl Seen {
    fn is_reserved(&self) -> bool {
        self.status == TicketStatus::Reserved
    }
}

impl FromRow for Seen {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, key): (TicketId, i64) = (row.next()?, row.next()?);
        let place = Place { key, id };
        let status = row.parse()?;
        Ok(Seen { place, status })
    }
}

fn len<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
