//! Payments owns the money: one payment per order, from the card's authorization to its capture or
//! its release.
//!
//! The unique index over live payments decides whether an order may be tried to be paid. What is to be
//! asked of the card gateway is recorded before it is asked, and asked until it is answered, each thing
//! under a key of its own: so a crash at any point neither loses money nor takes it twice. Payments
//! never decides whether an order is paid (orders does), never charges before the order is complete,
//! and never calls the gateway inside a transaction.

mod attempt;
mod consumers;
mod domain;
pub mod gateway;
mod http;
mod instruments;
mod operations;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod workers;

use std::sync::Arc;

use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};

use gateway::test_gateway::TestGateway;
use gateway::{Calls, Gateway};

/// The service, for the binary's table.
pub const DEFINITION: Definition = Definition {
    name: "payments",
    migrations: MIGRATIONS,
    signs_sessions: false,
    beside: &[gateway::test_gateway::BOOK],
    build: |ctx| Box::pin(build(ctx)),
};

/// What pages and logs say as long as no real gateway is set up.
pub const TEST_GATEWAY_NOTICE: &str =
    "Payments use the built-in test gateway: no real card is charged. Pay with tok_visa.";

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "payments/0001_payments",
        sql: include_str!("migrations/0001_payments.sql"),
    },
    Migration {
        name: "payments/0002_trace",
        sql: include_str!("migrations/0002_trace.sql"),
    },
];

/// What requests and the worker work with. Cheap to clone.
#[derive(Clone)]
struct App {
    ctx: Ctx,
    gateway: Calls,
}

async fn build(ctx: Ctx) -> Result<Service, StartError> {
    let gateway = open_test_gateway(&ctx).await?;
    Ok(service(ctx, Arc::new(gateway)))
}

async fn open_test_gateway(ctx: &Ctx) -> Result<TestGateway, StartError> {
    let opened = TestGateway::open(&ctx.settings.place(), &ctx.clock, &ctx.ids).await;
    opened.map_err(|error| StartError::Database {
        setting: ctx.settings.place_setting(),
        service: "the test gateway",
        error,
    })
}

/// The service over any gateway.
fn service(ctx: Ctx, gateway: Arc<dyn Gateway>) -> Service {
    let gateway = Calls::new(gateway, ctx.tracer.clone());
    let app = App { ctx, gateway };
    Service {
        consumer: Some(Arc::new(consumers::Payments)),
        workers: vec![Arc::new(workers::Intents::new(app.clone()))],
        routes: http::routes(app),
    }
}
