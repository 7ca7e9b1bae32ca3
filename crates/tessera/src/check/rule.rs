//! One thing that must not be, as a statement that finds it.

use std::borrow::Cow;

use super::report::Invariant;

/// A rule. Its statement answers a row for everything that breaks it, with the thing's id as the first
/// column, `key`.
///
/// The statement names the databases by their services, and may use the parameters of
/// [`super::market::Reading`]. One over several databases answers the keys from `:from` to `:to`,
/// one row each, in their order, and `:most` of them at once; it shows the versions of all that it
/// compares, so that no change between two readings goes unseen.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) invariant: Invariant,
    pub(super) sql: Cow<'static, str>,
    /// What is wrong, with the columns of the row in braces.
    pub(super) words: Cow<'static, str>,
}

impl Rule {
    /// A rule whose text is fixed.
    pub(super) const fn new(invariant: Invariant, sql: &'static str, words: &'static str) -> Rule {
        Rule {
            invariant,
            sql: Cow::Borrowed(sql),
            words: Cow::Borrowed(words),
        }
    }

    /// A rule that is made for each service.
    pub(super) fn made(invariant: Invariant, sql: String, words: String) -> Rule {
        Rule {
            invariant,
            sql: Cow::Owned(sql),
            words: Cow::Owned(words),
        }
    }
}
