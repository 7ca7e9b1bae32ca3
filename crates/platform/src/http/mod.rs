//! Between the wire and the services: extractors, refusals, idempotency, paging, and the door that
//! every request comes through.
//!
//! Owns all that is the same for every endpoint. Knows no endpoint of any service, and no handler
//! needs to repeat what is done here.
//!
//! A handler extracts, makes one call, and responds:
//!
//! ```ignore
//! async fn create(
//!     State(ctx): State<Ctx>,
//!     SignedIn(user): SignedIn,
//!     key: IdempotencyKey,
//!     body: Body,
//! ) -> Result<Stored, Failure> {
//!     let command = new_ticket(user, ctx.ids.next(), &body)?;
//!     idempotency::write(&ctx.db, key.of(&body), command, |tx, c| Box::pin(create_ticket(tx, c)), respond).await
//! }
//! ```

mod address;
mod body;
pub mod conditional;
mod cross_site;
mod extract;
mod fields;
mod front;
pub mod health;
pub mod idempotency;
pub mod metrics;
mod observe;
pub mod paging;
mod problem;
mod query;
pub mod security_headers;
mod shelf;
#[cfg(test)]
mod tests;
pub mod trace;

pub use address::{ClientAddress, PeerAddress};
pub use body::{Body, MAX_BODY_BYTES, whole_body};
pub use conditional::IfMatch;
pub use extract::{Caller, MaybeSignedIn, Path, SignedIn};
pub use fields::{Decimal, Fields, JsonValue, Patch, Word};
pub use front::{Front, ShowProblem, wants_page};
pub use idempotency::{IdempotencyKey, Key, Stored};
pub use observe::SECURITY;
pub use paging::{Listing, Page, PageParams};
pub use problem::Failure;
pub use query::Query;
pub use shelf::{Asked, Shelf, Shelved, Turn, Writing};
