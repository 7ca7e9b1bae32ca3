//! What comes over the wire, and what goes back: authentication, versions, idempotency, parameters, faults, and a
//! record of it all. What a call means is the book's matter.

mod act;
mod answer;
mod assets;
mod calls;
mod control;
mod exchange;
mod faults;
mod intents;
mod keys;
mod objects;
mod page;
mod params;
mod recording;
mod request;
mod server;

pub use calls::Call;
pub use faults::Fault;
pub use recording::Recorded;

pub(crate) use faults::Plan;
pub(crate) use keys::Keys;
pub(crate) use recording::Recording;
pub(crate) use server::Server;
