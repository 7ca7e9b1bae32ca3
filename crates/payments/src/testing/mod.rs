//! For tests alone: the service over a gateway that fails on command.
//!
//! The gateway beneath is the real test gateway with its real book; only calls that a test has planned
//! a fault for go wrong.

mod faulty_gateway;
mod verdicts;

use std::sync::Arc;

use tessera_platform::db::Db;
use tessera_platform::service::{Ctx, Definition, Service, StartError};

use crate::gateway::Gateway;
use crate::gateway::test_gateway::TestGateway;

pub use faulty_gateway::{Call, Fault, Faults, FaultyGateway, Gate};
pub use verdicts::{compared, verdicts};

/// The service, to be used in the place of [`crate::DEFINITION`]. Plan its faults with [`Faults::of`]
/// its data directory.
pub const DEFINITION: Definition = Definition {
    build: |ctx| Box::pin(build(ctx)),
    ..crate::DEFINITION
};

/// The service over a gateway of the test's own.
pub fn over(ctx: Ctx, gateway: Arc<dyn Gateway>) -> Service {
    crate::service(ctx, gateway)
}

/// The database that is the book of a test gateway.
pub fn book(gateway: &TestGateway) -> &Db {
    gateway.book()
}

async fn build(ctx: Ctx) -> Result<Service, StartError> {
    let gateway = crate::open_test_gateway(&ctx).await?;
    let faults = Faults::of(&ctx.settings.data_dir);
    let faulty = FaultyGateway::new(Arc::new(gateway), faults);
    Ok(crate::service(ctx, Arc::new(faulty)))
}
