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
pub mod operator;
mod reconcile;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod workers;

use std::sync::Arc;

use tessera_platform::config::Settings;
use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use tessera_platform::worker::Worker;

use gateway::stripe::Stripe;
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

/// What is said at the start of the gateway that is set up.
pub fn gateway_notice(settings: &Settings) -> String {
    match &settings.stripe {
        Some(stripe) => format!(
            "Payments go through Stripe, at {}, by the version {} of its API.",
            stripe.api_base,
            gateway::stripe::API_VERSION
        ),
        None => TEST_GATEWAY_NOTICE.to_owned(),
    }
}

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
    Migration {
        name: "payments/0003_money",
        sql: include_str!("migrations/0003_money.sql"),
    },
];

/// What requests and the worker work with. Cheap to clone.
#[derive(Clone)]
struct App {
    ctx: Ctx,
    gateway: Calls,
}

async fn build(ctx: Ctx) -> Result<Service, StartError> {
    // Its book is among the databases that `tessera check` reads, also where it stays empty.
    let test_gateway = open_test_gateway(&ctx).await?;
    let gateway: Arc<dyn Gateway> = match &ctx.settings.stripe {
        Some(settings) => Arc::new(Stripe::new(settings, ctx.clock.clone())?),
        None => Arc::new(test_gateway),
    };
    Ok(service(ctx, gateway))
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
    let mut workers: Vec<Arc<dyn Worker>> = vec![
        Arc::new(workers::Intents::new(app.clone())),
        Arc::new(workers::Refunds::new(app.clone())),
    ];
    // The built-in gateway tells nothing of its own accord, and `tessera check` reads its book.
    if app.ctx.settings.stripe.is_some() {
        workers.push(Arc::new(workers::Hints::new(app.clone())));
        workers.push(Arc::new(workers::Reconcile::new(app.clone())));
    }
    Service {
        consumer: Some(Arc::new(consumers::Payments)),
        workers,
        routes: http::routes(app),
    }
}
