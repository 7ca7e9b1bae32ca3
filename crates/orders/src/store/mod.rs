//! The only place that knows the tables of orders.

pub mod buyers;
pub mod orders;
pub mod tickets;
pub mod wanted;

use serde::de::DeserializeOwned;
use tessera_platform::db::{DbError, Row};

/// The next column, a JSON text, as a `T`.
fn json<T: DeserializeOwned>(row: &mut Row<'_>) -> Result<T, DbError> {
    let text: String = row.next()?;
    serde_json::from_str(&text).map_err(|error| DbError::Corrupt(error.to_string()))
}
