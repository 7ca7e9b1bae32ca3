//! What lists and searches look at: the last columns of `tickets`, and the table `ticket_terms`.
//!
//! It follows the listings, and decides nothing. A lock does not touch it: a listing that is held
//! stays here, and lists pass it over by its status, or set it aside until it is free again. What leaves the market
//! leaves its terms behind for a while: those of many listings share pages, and go together.

use std::sync::LazyLock;

use tessera_contracts::{TicketId, TicketStatus};
use tessera_platform::db::{Db, DbError, Param, Tx};
use tessera_platform::params;

use crate::domain::{Ticket, price_key, start_key, terms};

const ARRANGE: &str = "UPDATE tickets
    SET listed = $2, price_sort = $3, starts_sort = $4, terms = $5, aside = false, has_terms = $2
    WHERE id = $1";
const SET_ASIDE: &str =
    "UPDATE tickets SET aside = true WHERE id IN (SELECT id FROM claimed) RETURNING id";
const ASIDE: &str = "SELECT id, status FROM tickets WHERE aside AND id > $1 ORDER BY id LIMIT $2";
const PUT_BACK: &str =
    "UPDATE tickets SET aside = false WHERE id = $1 AND aside AND status <> 'reserved'";
const TERMS: &str = "SELECT terms FROM tickets WHERE id = $1 AND (has_terms OR listed)";
const LEFT: &str = "SELECT id FROM tickets WHERE has_terms AND NOT listed ORDER BY id LIMIT $1";
const FORGET_TERMS: &str = "UPDATE tickets SET has_terms = false
    WHERE id = $1 AND has_terms AND NOT listed RETURNING terms";
const ADD_TERM: &str = "INSERT INTO ticket_terms (term, ticket_id) VALUES ($1, $2)
    ON CONFLICT (term, ticket_id) DO NOTHING";
const DELETE_TERM: &str = "DELETE FROM ticket_terms WHERE term = $1 AND ticket_id = $2";
const OVER: &str =
    "SELECT id FROM tickets WHERE listed AND starts_sort <= $1 ORDER BY starts_sort, id LIMIT $2";
const TAKE_OFF_OVER: &str = "UPDATE tickets SET listed = false, has_terms = true, aside = false
    WHERE id = $1 AND listed AND starts_sort <= $2";

/// Makes it agree with a listing that is new, was edited, or came back.
pub async fn arrange(tx: &mut Tx, ticket: &Ticket) -> Result<(), DbError> {
    let before: Option<(String,)> = tx.opt(TERMS, &params![ticket.id]).await?;
    let before = before.iter().flat_map(|(terms,)| rows(terms, ticket.id));
    delete_terms(tx, before.collect()).await?;
    let (listed, terms) = (ticket.is_listed(tx.now()), terms(&ticket.details));
    let words: String = terms.iter().map(|term| format!("{term} ")).collect();
    let details = &ticket.details;
    let (price, start) = (price_key(details.price), start_key(details.starts_at));
    let params = params![ticket.id, listed, price, start, format!(" {words}")];
    tx.later(ARRANGE, &params).await?;
    if listed {
        for term in &terms {
            tx.insert(ADD_TERM, &params![term.as_bytes(), ticket.id])
                .await?;
        }
    }
    Ok(())
}

/// Finds those of [`PORTION`] listings that are reserved, and not aside.
static RESERVED: LazyLock<String> = LazyLock::new(|| {
    let ids: Vec<String> = (1..=PORTION).map(|number| format!("${number}")).collect();
    let ids = ids.join(", ");
    format!("SELECT id FROM tickets WHERE id IN ({ids}) AND status = 'reserved' AND NOT aside")
});

/// So many are set aside at once.
pub const PORTION: usize = 100;

/// Sets those of the listings aside, [`PORTION`] at most, that are still reserved. What another transaction holds at this moment is
/// about to change, and left as it is: nobody waits.
pub async fn set_aside(tx: &mut Tx, ids: &[TicketId]) -> Result<(), DbError> {
    let Some(last) = ids.last() else {
        return Ok(());
    };
    // One statement for any number of them.
    let ids = ids.iter().chain(std::iter::repeat(last)).take(PORTION);
    let params: Vec<Param<'_>> = ids.map(|id| Param::from(*id)).collect();
    let aside = tx.claim::<(TicketId,)>(&RESERVED, SET_ASIDE, &params);
    aside.await.map(drop)
}

/// Up to `limit` listings that are aside, after `after`: which, and whether they are still reserved. They are not held.
pub async fn aside(db: &Db, after: TicketId, limit: i64) -> Result<Vec<(TicketId, bool)>, DbError> {
    let rows: Vec<(TicketId, String)> = db.list(ASIDE, &params![after, limit]).await?;
    let is_reserved = |status: &str| status == TicketStatus::Reserved.as_str();
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, status)| (id, is_reserved(&status)))
        .collect())
}

/// Puts those back that are not reserved: an older program does not do it when it frees or sells them.
pub async fn put_back(tx: &mut Tx, ids: &[TicketId]) -> Result<(), DbError> {
    for id in ids {
        tx.later(PUT_BACK, &params![*id]).await?;
    }
    Ok(())
}

/// Takes out up to `limit` listings whose event has begun; answers whether there were any.
pub async fn take_off_over(tx: &mut Tx, limit: i64) -> Result<bool, DbError> {
    let now = tx.now().as_millisecond();
    let over: Vec<(TicketId,)> = tx.all(OVER, &params![now, limit]).await?;
    for (id,) in &over {
        tx.later(TAKE_OFF_OVER, &params![*id, now]).await?;
    }
    Ok(!over.is_empty())
}

/// Up to `limit` listings that left, and whose terms are still there. They are not held.
pub async fn left(tx: &mut Tx, limit: i64) -> Result<Vec<(TicketId,)>, DbError> {
    tx.all(LEFT, &params![limit]).await
}

/// Takes out the terms of listings that left, and are not back yet.
pub async fn forget_terms(tx: &mut Tx, left: &[(TicketId,)]) -> Result<(), DbError> {
    let mut gone: Vec<(String, TicketId)> = Vec::new();
    for (id,) in left {
        if let Some((terms,)) = tx.opt(FORGET_TERMS, &params![*id]).await? {
            gone.push((terms, *id));
        }
    }
    let mut rows: Vec<_> = gone
        .iter()
        .flat_map(|(terms, id)| rows(terms, *id))
        .collect();
    // In the order in which they are stored: neighbours are written once.
    rows.sort_unstable();
    delete_terms(tx, rows).await
}

/// The rows of `ticket_terms` that a listing with these terms has.
fn rows(terms: &str, id: TicketId) -> impl Iterator<Item = (&[u8], TicketId)> {
    terms
        .split_whitespace()
        .map(move |term| (term.as_bytes(), id))
}

async fn delete_terms(tx: &mut Tx, rows: Vec<(&[u8], TicketId)>) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let row = |(term, id)| vec![Param::from(term), Param::from(id)];
    let rows: Vec<Vec<Param<'_>>> = rows.into_iter().map(row).collect();
    tx.execute_many(DELETE_TERM, &rows).await.map(drop)
}
