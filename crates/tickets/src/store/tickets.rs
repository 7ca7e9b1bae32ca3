//! The table `tickets`: the listings themselves.

use tessera_contracts::events::OrderState;
use tessera_contracts::{Currency, Money, OrderId, Price, TicketId, TicketStatus, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Param, Row, Tx};
use tessera_platform::{params, versions};

use crate::domain::{Country, Details, Label, State, Ticket, Title, Zone};

/// The columns of a [`Ticket`], in the order in which it reads them.
macro_rules! columns {
    () => {
        "t.id, t.version, t.edit_version, t.user_id, t.status, t.order_id, t.title, t.price, t.currency,
        t.category, t.venue, t.city, t.country, t.starts_at, t.time_zone, t.section, t.seat_row, t.seat,
        t.created_at, t.updated_at"
    };
}

pub const COLUMNS: &str = columns!();

const FIND: &str = concat!("SELECT ", columns!(), " FROM tickets t WHERE t.id = $1");
const OF_SELLER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tickets t WHERE t.user_id = $1 AND t.id > $2 ORDER BY t.id LIMIT $3"
);
const INSERT: &str = "INSERT INTO tickets (id, version, edit_version, user_id, status, order_id, title, price,
    currency, category, venue, city, country, starts_at, time_zone, section, seat_row, seat, created_at,
    updated_at, has_terms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, false)";
// No index looks at these columns, so a lock writes its row and nothing else.
const SAVE_STATE: &str =
    "UPDATE tickets SET version = $2, status = $3, order_id = $4, updated_at = $5
    WHERE id = $1 AND version = $6";
// One write of its row where lists are to come by it again, or no more: that moves it in most of the indexes.
const SAVE_FREE: &str =
    "UPDATE tickets SET version = $2, status = $3, order_id = $4, updated_at = $5, aside = false
    WHERE id = $1 AND version = $6";
const SAVE_TAKEN_OFF: &str =
    "UPDATE tickets SET version = $2, status = $3, order_id = $4, updated_at = $5, listed = false, has_terms = true,
    aside = false WHERE id = $1 AND version = $6 AND listed";
const STAND: &str = "SELECT 1 FROM tickets WHERE id = $1 AND version = $2";
const SAVE_EDIT: &str = "UPDATE tickets SET version = $2, edit_version = $3, title = $4, price = $5, currency = $6,
    category = $7, venue = $8, city = $9, country = $10, starts_at = $11, time_zone = $12, section = $13,
    seat_row = $14, seat = $15, updated_at = $16
    WHERE id = $1 AND version = $17 AND status = 'available'";

impl FromRow for Ticket {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, version, edit_version, user_id) =
            (row.next()?, row.next()?, row.next()?, row.next()?);
        let state = state(row.parse()?, row.next()?)?;
        let details = details(row)?;
        Ok(Ticket {
            id,
            version,
            edit_version,
            user_id,
            state,
            details,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

fn state(status: TicketStatus, order: Option<OrderId>) -> Result<State, DbError> {
    match (status, order) {
        (TicketStatus::Available, None) => Ok(State::Available),
        (TicketStatus::Reserved, Some(order)) => Ok(State::Reserved(order)),
        (TicketStatus::Sold, Some(order)) => Ok(State::Sold(order)),
        (TicketStatus::Withdrawn, None) => Ok(State::Withdrawn),
        (status, order) => Err(DbError::Corrupt(format!(
            "a ticket that is {status} with the order {order:?}"
        ))),
    }
}

fn details(row: &mut Row<'_>) -> Result<Details, DbError> {
    let (title, minor) = (row.next()?, row.next()?);
    let currency: Currency = row.parse()?;
    let price = Price::try_from(Money::new(minor, currency))
        .map_err(|error| DbError::Corrupt(format!("a price of {minor} {currency}: {error}")))?;
    Ok(Details {
        title: Title::stored(title),
        price,
        category: text(row, Label::stored)?,
        venue: text(row, Label::stored)?,
        city: text(row, Label::stored)?,
        country: text(row, Country::stored)?,
        starts_at: row.next()?,
        time_zone: text(row, Zone::stored)?,
        section: text(row, Label::stored)?,
        row: text(row, Label::stored)?,
        seat: text(row, Label::stored)?,
    })
}

fn text<T>(row: &mut Row<'_>, stored: fn(String) -> T) -> Result<Option<T>, DbError> {
    Ok(row.next::<Option<String>>()?.map(stored))
}

/// A ticket, to change it: nobody else does so until the transaction ends. It is also what to hold for a
/// decision by the ticket's state that is written elsewhere, such as who waits for it.
pub async fn hold(tx: &mut Tx, id: TicketId) -> Result<Option<Ticket>, DbError> {
    tx.hold(FIND, &params![id]).await
}

/// Whether this news of an order is the newest, and the ticket that it is about, held.
pub async fn hold_for(tx: &mut Tx, order: &OrderState) -> Result<(bool, Option<Ticket>), DbError> {
    let ticket = params![order.ticket.id];
    versions::advance_and_hold(tx, order.id.uuid(), order.version, (FIND, &ticket)).await
}

/// A ticket, to show it.
pub async fn show(db: &Db, id: TicketId) -> Result<Option<Ticket>, DbError> {
    db.opt(FIND, &params![id]).await
}

/// Listings of a seller after `after`, the oldest first, in any state. They are not held.
pub async fn of_seller(
    tx: &mut Tx,
    user: UserId,
    after: TicketId,
    limit: i64,
) -> Result<Vec<Ticket>, DbError> {
    tx.all(OF_SELLER, &params![user, after, limit]).await
}

/// Keeps a new listing.
pub async fn insert(tx: &mut Tx, ticket: &Ticket) -> Result<(), DbError> {
    let mut params = params![
        ticket.id,
        ticket.version,
        ticket.edit_version,
        ticket.user_id,
        ticket.state.status().as_str(),
        ticket.state.order_id(),
    ]
    .to_vec();
    params.extend(detail_params(&ticket.details));
    params.extend(params![ticket.created_at, ticket.updated_at]);
    tx.execute(INSERT, &params).await.map(drop)
}

/// Saves a change of state: `false` when the ticket is no longer of the version before it.
pub async fn save_state(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    save_state_by(tx, SAVE_STATE, ticket).await
}

/// The same for one that is free again, and is put back among the others that are listed, if it was set aside. (On SQLite that
/// writes indexes also where it was not; to ask first is one more wait on a server.)
pub async fn save_free(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    save_state_by(tx, SAVE_FREE, ticket).await
}

/// The same for one that leaves the market, and takes it out of the lists, if it is in them.
pub async fn save_gone(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    Ok(save_state_by(tx, SAVE_TAKEN_OFF, ticket).await? || save_state(tx, ticket).await?)
}

async fn save_state_by(tx: &mut Tx, sql: &str, ticket: &Ticket) -> Result<bool, DbError> {
    let params = params![
        ticket.id,
        ticket.version,
        ticket.state.status().as_str(),
        ticket.state.order_id(),
        ticket.updated_at,
        ticket.version - 1,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Keeps a ticket that was read without being held as it is until the end of the transaction: `false`
/// when it is no longer of this version.
pub async fn stand(tx: &mut Tx, id: TicketId, version: i64) -> Result<bool, DbError> {
    let found: Option<(i64,)> = tx.hold(STAND, &params![id, version]).await?;
    Ok(found.is_some())
}

/// Saves an edit: `false` when the ticket is no longer of the version before it, or not free.
pub async fn save_edit(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    let mut params = params![ticket.id, ticket.version, ticket.edit_version].to_vec();
    params.extend(detail_params(&ticket.details));
    params.extend(params![ticket.updated_at, ticket.version - 1]);
    Ok(tx.execute(SAVE_EDIT, &params).await? == 1)
}

/// In the order of the columns, from the title to the seat.
fn detail_params(details: &Details) -> [Param<'_>; 12] {
    params![
        details.title.as_str(),
        details.price.minor(),
        details.price.currency().as_str().to_owned(),
        details.category.as_ref().map(Label::as_str),
        details.venue.as_ref().map(Label::as_str),
        details.city.as_ref().map(Label::as_str),
        details.country.as_ref().map(Country::as_str),
        details.starts_at,
        details.time_zone.as_ref().map(Zone::as_str),
        details.section.as_ref().map(Label::as_str),
        details.row.as_ref().map(Label::as_str),
        details.seat.as_ref().map(Label::as_str),
    ]
}
