//! The only place that knows the tables of payments.

pub mod disputes;
pub mod hints;
pub mod ledger;
pub mod orders;
pub mod payments;
pub mod refunds;

use tessera_contracts::{Currency, Money};
use tessera_platform::db::{DbError, Row};

/// The next two columns, minor units and currency, as money.
fn money(row: &mut Row<'_>) -> Result<Money, DbError> {
    let minor = row.next()?;
    let currency: Currency = row.parse()?;
    Ok(Money::new(minor, currency))
}
