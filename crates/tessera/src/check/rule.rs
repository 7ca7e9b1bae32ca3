//! One thing that must not be, as a statement that finds it.

use super::report::Invariant;

/// A rule. Its statement answers a row for everything that breaks it, with the thing's id as the first
/// column, `key`.
///
/// The statement names the databases by their services, and may use the parameters of
/// [`super::market::Reading`]. One over several databases answers the keys from `:from` to `:to`,
/// one row each, in their order, and `:most` of them at once.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) invariant: Invariant,
    pub(super) sql: &'static str,
    /// What is wrong, with the columns of the row in braces.
    pub(super) words: &'static str,
}
