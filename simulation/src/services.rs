//! The services as they take part: the real ones, with payments at the simulation's gateway.

use tessera_payments::testing;
use tessera_platform::service::{Ctx, Definition, Service, StartError};

use crate::bank::{Bank, Line};

/// All of them, in the order in which they start.
pub fn all() -> Vec<Definition> {
    let services = tessera::SERVICES.iter().copied();
    services
        .map(|service| match service.name {
            "payments" => PAYMENTS,
            _ => service,
        })
        .collect()
}

const PAYMENTS: Definition = Definition {
    beside: &[],
    build: |ctx| Box::pin(async { payments(ctx) }),
    ..tessera_payments::DEFINITION
};

fn payments(ctx: Ctx) -> Result<Service, StartError> {
    let bank = Bank::of_this_run();
    let bank = bank.ok_or_else(|| StartError::Other("there is no gateway".to_owned()))?;
    Ok(testing::over(ctx, std::sync::Arc::new(Line(bank))))
}
