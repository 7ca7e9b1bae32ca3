//! What is under way: events that a follower still has to handle.
//!
//! Dead letters count too: an event that was given up on has had no effect yet, and what it left
//! undone is not broken a second time.

use rusqlite::Connection;

use super::fault::Fault;
use super::follows::{Lacking, SERVICES, follower_lacking};

/// Every id that such an event names: of what it is about, of the order, and of the order's ticket.
pub(super) const TABLE: &str = "CREATE TEMP TABLE under_way (id blob PRIMARY KEY) WITHOUT ROWID";

const NAMED: &str = "SELECT 1 FROM temp.under_way WHERE id = ?1";

/// Fills the table, as of the snapshots of the reading. What was published since `arrived` (microseconds
/// since 1970) may still be on its way, and whatever the bus still has is; without such a moment, what is
/// published has arrived.
///
/// An event that is published again from its outbox (`events replay`) is under way only where it
/// has not been done before.
pub(super) fn fill(connection: &Connection, arrived: Option<i64>) -> Result<(), Fault> {
    let lacking = follower_lacking(Lacking::Effect);
    for (service, _) in SERVICES {
        let lacked = |published: &str| {
            format!(
                "SELECT e.payload FROM {service}.outbox AS e WHERE e.published_at {published} AND {lacking} IS NOT NULL"
            )
        };
        let received =
            |state: &str| format!("SELECT payload FROM {service}.inbox WHERE state = '{state}'");
        // One statement each: there is an index for what is not published, and none for what is.
        let mut all = vec![lacked("IS NULL"), received("retry"), received("dead")];
        if let Some(moment) = arrived {
            all.push(lacked(&format!(">= {moment}")));
            let on_bus = "IS NOT NULL AND e.id IN (SELECT event_id FROM temp.on_bus)";
            all.push(lacked(on_bus));
        }
        for payloads in all {
            connection.execute(&ids_named_in(&payloads), [])?;
        }
    }
    Ok(())
}

fn ids_named_in(payloads: &str) -> String {
    format!(
        "INSERT OR IGNORE INTO temp.under_way
         SELECT unhex(named.value, '-')
         FROM ({payloads}) AS event, json_each(
             CASE WHEN json_valid(event.payload) THEN json_array(
                 event.payload ->> '$.subject', event.payload ->> '$.data.id',
                 event.payload ->> '$.data.orderId', event.payload ->> '$.data.ticket.id')
             ELSE '[]' END) AS named
         WHERE unhex(named.value, '-') IS NOT NULL"
    )
}

/// Whether an event that is under way names this id.
pub(super) fn names(connection: &Connection, id: &[u8]) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(NAMED)?.exists([id])?)
}
