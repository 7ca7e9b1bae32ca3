//! Walks over an index of which much may be reserved, window by window.
//!
//! The first window is as long as the page: nearly always that is all. As long as too little of what was looked at is for sale, the
//! next one is longer. No statement takes long, and no walk takes many: one that comes to its end without a whole page has the
//! place where it ended, from which the next page goes on. What was passed over is told, so that the next walk need not.

use tessera_platform::db::{Db, DbError};

use super::{COLUMNS, Filter, Found, Place, Search, Statement};
use crate::domain::{State, Ticket};
use crate::store::Passed;

/// How long windows get, and how many one walk looks at.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) length: i64,
    pub(super) windows: usize,
}

/// A window takes some milliseconds, and a walk at most a tenth of a second or two.
pub(super) const BOUNDS: Bounds = Bounds {
    length: 1_000,
    windows: 32,
};

/// Fewer that were passed over are worth no write.
const MANY: usize = 500;

/// The listings for sale that a search finds.
pub(super) async fn walk(
    db: &Db,
    search: &Search,
    filters: &[Filter],
    passed: &Passed,
    bounds: Bounds,
) -> Result<Found, DbError> {
    let (mut search, mut tickets, mut reserved) = (search.clone(), Vec::new(), Vec::new());
    let wanted = len(search.limit);
    for _ in 0..bounds.windows {
        let Statement { sql, params } = window(&search, filters);
        let seen: Vec<Ticket> = db.list(&sql, &params).await?;
        let is_all = seen.len() < len(search.limit);
        search.after = seen.last().map(|last| place(&search, last));
        search.limit = search.limit.saturating_mul(4).min(bounds.length);
        for ticket in seen {
            match ticket.state {
                State::Available if is_new(&tickets, &ticket) => tickets.push(ticket),
                State::Reserved(_) => reserved.push(ticket.id),
                _ => {}
            }
        }
        if reserved.len() >= MANY {
            passed.add(db, reserved.drain(..));
        }
        if is_all || tickets.len() >= wanted {
            tickets.truncate(wanted);
            return Ok(Found::whole(tickets));
        }
    }
    Ok(Found {
        tickets,
        ended_at: search.after,
    })
}

/// All that there is in the window, reserved or not.
pub(super) fn window(search: &Search, filters: &[Filter]) -> Statement {
    let mut all = Statement::default();
    all.text("SELECT ").text(COLUMNS);
    all.text(" FROM tickets t WHERE ");
    all.conditions(search, filters);
    all.in_order(search.sort, search.limit);
    all
}

/// An edit between two windows may have moved it from the one into the other.
fn is_new(tickets: &[Ticket], ticket: &Ticket) -> bool {
    tickets.iter().all(|other| other.id != ticket.id)
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
