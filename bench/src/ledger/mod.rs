//! The server's own books: an exact count of what was durably done at a moment, which asking over HTTP cannot give
//! without disturbing. The SQL of this crate is in this folder, but for that of the limits.

pub(crate) mod databases;
mod files;

pub(crate) use databases::Databases;
pub(crate) use files::Ledger;
