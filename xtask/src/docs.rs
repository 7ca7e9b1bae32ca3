//! Documents: those generated from the code for people who call the services, and rustdoc.

use crate::run::{Failure, Run};

/// Writes docs/openapi.json and the event reference anew. The tests compare them with the code.
pub(crate) fn run() -> Result<(), Failure> {
    Run::cargo(["run", "--package", "tessera", "--", "docs", "--out", "docs"]).show()
}

/// Builds rustdoc: a link that leads nowhere is an error.
pub(crate) fn rustdoc() -> Result<(), Failure> {
    Run::cargo(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .show()
}
