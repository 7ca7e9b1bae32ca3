//! Why nothing was measured, in words for the person who started it.

use std::fmt::{self, Display};

#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when an error came.
pub(crate) trait Because<T> {
    fn because(self, what: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Because<T> for Result<T, E> {
    fn because(self, what: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}
