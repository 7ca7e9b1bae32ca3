//! What the machine could do at most: the same work with nothing around it.

pub(crate) mod http;
pub(crate) mod nats;
pub(crate) mod sqlite;
