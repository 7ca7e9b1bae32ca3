//! The one table of services.

use tessera_platform::service::Definition;

/// Every service that keeps data, in the order in which they are put together.
pub const SERVICES: &[Definition] = &[
    tessera_auth::DEFINITION,
    tessera_tickets::DEFINITION,
    tessera_orders::DEFINITION,
    tessera_expiration::DEFINITION,
    tessera_payments::DEFINITION,
];
