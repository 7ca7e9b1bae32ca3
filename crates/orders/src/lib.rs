//! Orders owns the lock: one live order per ticket, from its reservation to its end.
//!
//! The unique index over live orders decides who has a ticket; payment opens once tickets has
//! confirmed the lock; and the step from `awaiting:payment` to `complete` is the one point where
//! paying and expiring race. Orders never refuses on what its copy of a ticket says of reservations,
//! never looks at a card, and never ends an order by a clock other than its own.

mod consumers;
mod domain;
mod http;
mod operations;
mod store;

use std::sync::Arc;

use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};

/// The service, for the binary's table.
pub const DEFINITION: Definition = Definition {
    name: "orders",
    migrations: MIGRATIONS,
    signs_sessions: false,
    beside: &[],
    build: |ctx| Box::pin(async move { build(ctx) }),
};

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "orders/0001_orders",
        sql: include_str!("migrations/0001_orders.sql"),
    },
    Migration {
        name: "orders/0002_buyers",
        sql: include_str!("migrations/0002_buyers.sql"),
    },
    Migration {
        name: "orders/0003_seller_fee",
        sql: include_str!("migrations/0003_seller_fee.sql"),
    },
];

fn build(ctx: Ctx) -> Result<Service, StartError> {
    Ok(Service {
        consumer: Some(Arc::new(consumers::Orders)),
        workers: Vec::new(),
        routes: http::routes(ctx),
    })
}
