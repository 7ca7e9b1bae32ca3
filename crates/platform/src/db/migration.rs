//! The steps by which a database gets its tables.

/// One step in the life of a database's tables.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its owner and its file's name without the ending, such as `orders/0001_orders`.
    pub name: &'static str,
    /// The statements, in the SQL that both engines share.
    pub sql: &'static str,
}
