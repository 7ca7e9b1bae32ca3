//! Why something did not come about, in words for whoever asked.

use std::fmt::{self, Display};

/// One line.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// In these words.
    pub fn new(words: impl Into<String>) -> Failure {
        Failure(words.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Adds what was attempted to an error.
pub trait Because<T> {
    /// The error, after these words.
    fn because(self, words: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Because<T> for Result<T, E> {
    fn because(self, words: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure(format!("{words}: {error}")))
    }
}
