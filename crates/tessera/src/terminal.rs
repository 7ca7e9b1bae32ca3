//! What the program tells the person who started it. Logs go to the error output; this does not.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]

use std::fmt;

/// A line for the person.
pub(crate) fn say(line: impl fmt::Display) {
    println!("{line}");
}

/// Why the program ends without having done what it was asked to.
pub(crate) fn complain(line: impl fmt::Display) {
    eprintln!("tessera: {line}");
}
