//! What the program tells the person who started it. Logs go to the error output; this does not.

#![expect(clippy::print_stderr, reason = "the one place that prints")]

use std::fmt;
use std::io::{self, Write};

/// A line for the person; `false` when it could not be written, which is no reason to end for most. That
/// nobody reads any more needs no word; anything else does.
pub(crate) fn say(line: impl fmt::Display) -> bool {
    match writeln!(io::stdout(), "{line}") {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::BrokenPipe {
                complain(format!("the output cannot be written: {error}"));
            }
            false
        }
    }
}

/// Why the program ends without having done what it was asked to.
pub(crate) fn complain(line: impl fmt::Display) {
    eprintln!("tessera: {line}");
}
