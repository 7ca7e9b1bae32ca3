//! Tickets owns the listings, and decides whether one may be edited.
//!
//! A listing is free, held by one order, sold to it, or withdrawn. While an order holds it nothing
//! of it changes, so a buyer never pays a price that they did not see; and a holder is never
//! displaced: other orders wait behind it. Tickets never judges an order by the time, knows nothing
//! of payments, and never refuses an order without telling it so by an event.

mod consumers;
mod domain;
mod http;
mod operations;
mod store;
mod workers;

use std::sync::Arc;

use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};

/// The service, for the binary's table.
pub const DEFINITION: Definition = Definition {
    name: "tickets",
    migrations: MIGRATIONS,
    signs_sessions: false,
    beside: &[],
    build: |ctx| Box::pin(async move { build(ctx) }),
};

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "tickets/0001_tickets",
        sql: include_str!("migrations/0001_tickets.sql"),
    },
    Migration {
        name: "tickets/0002_sellers",
        sql: include_str!("migrations/0002_sellers.sql"),
    },
    Migration {
        name: "tickets/0003_aside",
        sql: include_str!("migrations/0003_aside.sql"),
    },
];

fn build(ctx: Ctx) -> Result<Service, StartError> {
    let passed = store::Passed::default();
    Ok(Service {
        consumer: Some(Arc::new(consumers::Tickets)),
        workers: workers::all(&ctx, &passed),
        routes: http::routes(ctx, passed),
    })
}
