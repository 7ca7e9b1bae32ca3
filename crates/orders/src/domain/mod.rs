//! What an order is, and which of its changes are allowed. Pure: no I/O, no clock, no randomness.

mod order;
mod reserve;

pub use order::{Amounts, Order, Refused, State};
pub use reserve::{Reservation, ReserveRefusal, Rules, Ticket};
