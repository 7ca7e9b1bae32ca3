//! Walks over an index of which much may be reserved, window by window.
//!
//! The first window is as long as the page: nearly always that is all. As long as too little of what was looked at is for sale, the
//! next one is longer, and no more is read of it than which of its listings are free; those are read then. No statement takes
//! long, and no walk takes many: one that comes to its end without a whole page has the place where it ended, from which the
//! next page goes on. What was passed over is told, so that the next walk need not.

use std::collections::HashMap;
use std::sync::LazyLock;

use tessera_contracts::{TicketId, TicketStatus};
use tessera_platform::db::{Db, DbError, FromRow, Param, Row};

use super::{COLUMNS, Filter, Found, Place, Search, Statement, key_column};
use crate::domain::{State, Ticket};
use crate::store::Passed;

/// How long windows get, and how many one walk looks at.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) length: i64,
    pub(super) windows: usize,
}

/// The longest takes some milliseconds, and a walk a hundredth of a second or two. Few are better than many: on a server that is busy,
/// each waits for its turn.
pub(super) const BOUNDS: Bounds = Bounds {
    length: 4_000,
    windows: 6,
};

/// Fewer that were passed over are worth no write.
const MANY: usize = 500;

/// So many of those that are free are read at once.
const READ: usize = 50;

static FREE_ONES: LazyLock<String> = LazyLock::new(|| {
    let ids: Vec<String> = (1..=READ).map(|number| format!("${number}")).collect();
    let ids = ids.join(", ");
    format!("SELECT {COLUMNS} FROM tickets t WHERE t.id IN ({ids})")
});

/// All that is read of most listings of a long window.
struct Glimpse {
    place: Place,
    is_free: bool,
}

impl FromRow for Glimpse {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let place = Place {
            key: row.next()?,
            id: row.next()?,
        };
        let status: String = row.next()?;
        let is_free = status == TicketStatus::Available.as_str();
        Ok(Glimpse { place, is_free })
    }
}

/// The listings for sale that a search finds.
pub(super) async fn walk(
    db: &Db,
    search: &Search,
    filters: &[Filter],
    passed: &Passed,
    bounds: Bounds,
) -> Result<Found, DbError> {
    let Statement { sql, params } = window(search, filters);
    let seen: Vec<Ticket> = db.list(&sql, &params).await?;
    let wanted = len(search.limit);
    let mut is_all = seen.len() < wanted;
    let mut search = search.clone();
    search.after = seen.last().map(|last| place(&search, last));
    let (mut tickets, taken) = apart(seen);
    let mut reserved: Vec<TicketId> = taken.iter().map(|ticket| ticket.id).collect();
    for _ in 1..bounds.windows {
        if is_all || tickets.len() >= wanted {
            break;
        }
        search.limit = search.limit.saturating_mul(4).min(bounds.length);
        let Statement { sql, params } = glimpses(&search, filters);
        let seen: Vec<Glimpse> = db.list(&sql, &params).await?;
        is_all = seen.len() < len(search.limit);
        search.after = seen.last().map(|last| last.place);
        let (free, taken): (Vec<_>, Vec<_>) = seen.iter().partition(|one| one.is_free);
        reserved.extend(taken.iter().map(|one| one.place.id));
        if reserved.len() >= MANY {
            passed.add(db, reserved.drain(..));
        }
        for some in free.chunks(READ) {
            if tickets.len() < wanted {
                read(db, &search, some, &mut tickets).await?;
            }
        }
    }
    if is_all || tickets.len() >= wanted {
        tickets.truncate(wanted);
        return Ok(Found::whole(tickets));
    }
    Ok(Found {
        tickets,
        ended_at: search.after,
    })
}

/// Adds those that are still free, in their order, as they are now: one that is edited in this moment may be shown by a search
/// that it meets no more. One that an edit moved is not: the next page would begin where it is now.
async fn read(
    db: &Db,
    search: &Search,
    free: &[&Glimpse],
    tickets: &mut Vec<Ticket>,
) -> Result<(), DbError> {
    let ids = free.iter().map(|one| one.place.id);
    // One statement for any number of them.
    let params: Vec<Param<'_>> = ids.cycle().take(READ).map(Param::from).collect();
    let seen: Vec<Ticket> = db.list(&FREE_ONES, &params).await?;
    let (seen, _) = apart(seen);
    let mut seen: HashMap<TicketId, Ticket> =
        seen.into_iter().map(|ticket| (ticket.id, ticket)).collect();
    // An edit between two windows may have moved one from the one into the other.
    for ticket in tickets.iter() {
        seen.remove(&ticket.id);
    }
    tickets.extend(free.iter().filter_map(|one| {
        seen.remove(&one.place.id)
            .filter(|ticket| place(search, ticket) == one.place)
    }));
    Ok(())
}

/// Those that are free, and those that are reserved.
fn apart(seen: Vec<Ticket>) -> (Vec<Ticket>, Vec<Ticket>) {
    let on_the_market = seen
        .into_iter()
        .filter(|ticket| matches!(ticket.state, State::Available | State::Reserved(_)));
    on_the_market.partition(|ticket| matches!(ticket.state, State::Available))
}

/// All that there is in the window, reserved or not.
pub(super) fn window(search: &Search, filters: &[Filter]) -> Statement {
    looked_at(COLUMNS, search, filters)
}

/// Which they are.
pub(super) fn glimpses(search: &Search, filters: &[Filter]) -> Statement {
    let key = key_column(search.sort).unwrap_or("CAST(0 AS bigint)");
    looked_at(&format!("{key}, t.id, t.status"), search, filters)
}

fn looked_at(columns: &str, search: &Search, filters: &[Filter]) -> Statement {
    let mut all = Statement::default();
    all.text("SELECT ").text(columns);
    all.text(" FROM tickets t WHERE ");
    all.conditions(search, filters);
    all.in_order(search.sort, search.limit);
    all
}

fn place(search: &Search, ticket: &Ticket) -> Place {
    Place {
        key: search.sort.key(ticket),
        id: ticket.id,
    }
}

fn len(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}
