//! What the program tells the person who started it. Logs go to the error output; this does not.

#![expect(clippy::print_stderr, reason = "the one place that prints")]

use std::fmt;
use std::io::{self, Write};

/// A line for the person; `false` when nobody reads any more, which is no reason to end for most.
pub(crate) fn say(line: impl fmt::Display) -> bool {
    writeln!(io::stdout(), "{line}").is_ok()
}

/// Why the program ends without having done what it was asked to.
pub(crate) fn complain(line: impl fmt::Display) {
    eprintln!("tessera: {line}");
}
