//! Expiration owns deadlines: one row per order, and one nudge when its lock is over.
//!
//! A row waits until its moment has come, then it is told, once, however long nobody was there to
//! tell it; or its order ends before. The nudge decides nothing: orders does, by its own clock.
//! There is no state here that is not a row, no endpoint, and no rule beyond the statements of
//! the store.

mod consumers;
mod instruments;
mod store;
mod workers;

use std::sync::Arc;

use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use utoipa_axum::router::OpenApiRouter;

use consumers::Expiration;
use workers::{Deadlines, prune_deadlines};

/// The service, for the binary's table.
pub const DEFINITION: Definition = Definition {
    name: "expiration",
    migrations: MIGRATIONS,
    signs_sessions: false,
    beside: &[],
    build: |ctx| Box::pin(async move { build(ctx) }),
};

const MIGRATIONS: &[Migration] = &[Migration {
    name: "expiration/0001_deadlines",
    sql: include_str!("migrations/0001_deadlines.sql"),
}];

fn build(ctx: Ctx) -> Result<Service, StartError> {
    let deadlines = Deadlines::new(ctx.db.clone(), ctx.clock.clone());
    let prune = prune_deadlines(ctx.db.clone(), ctx.clock.clone());
    Ok(Service {
        routes: OpenApiRouter::new(),
        consumer: Some(Arc::new(Expiration)),
        workers: vec![Arc::new(deadlines), Arc::new(prune)],
    })
}
