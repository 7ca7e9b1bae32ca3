//! What Tessera's services say to each other and to the outside: ids, money, times, events and HTTP bodies.
//!
//! Owns the wire forms alone. Every type here is what is sent or received, word for word; what it *means*
//! (which transition is legal, who may do what) belongs to the services. This crate must never know HTTP
//! servers, databases or an async runtime, and it never reads the clock or draws an id.
//!
//! Forms only ever grow by optional fields: a reader ignores fields that it does not know, and every form
//! ever published has a sample in `tests/golden` that must still parse.

pub mod events;
pub mod http;
pub mod ids;
pub mod money;
pub mod status;
pub mod time;
mod words;

pub use ids::{EventId, OrderId, PaymentId, SessionId, TicketId, UserId};
pub use money::{
    Amount, Currency, CurrencyError, FeeRate, Fees, Money, MoneyError, Price, PriceError,
    SignedAmount,
};
pub use status::{
    CancelReason, OrderStatus, PaymentStatus, RefusalReason, StatementKind, TicketStatus,
};
