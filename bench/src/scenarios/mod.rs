//! One file per question that is asked of the server.

pub(crate) mod apart;
pub(crate) mod browse;
pub(crate) mod expire;
pub(crate) mod herd;
pub(crate) mod home;
pub(crate) mod latency;
pub(crate) mod purchase;
pub(crate) mod ratio;
pub(crate) mod reserve;
pub(crate) mod startup;

/// Long enough for no lock to run out while something else is measured.
const LONG_LOCK_SECONDS: u32 = 6 * 3600;
const SELLERS: usize = 4;
