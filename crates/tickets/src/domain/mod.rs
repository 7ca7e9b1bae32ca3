//! What a listing is, which of its changes are allowed, and what a search asks for. Pure: no I/O,
//! no clock, no randomness.

mod details;
mod search;
mod succession;
mod terms;
mod text;
mod ticket;

pub use details::{Change, CompletedFrom, Details};
pub use search::{Place, Search, Sort, UNDATED, price_key, start_key};
pub use succession::{Succession, Waiting, succession};
pub use terms::{Wanted, category_term, city_term, terms, wanted};
pub use text::{Country, Label, Title, Zone};
pub use ticket::{NoLock, Refused, State, Then, Ticket};
