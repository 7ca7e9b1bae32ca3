//! The references under `docs/` are those that the code makes.
#![cfg(test)]

use std::fs;
use std::path::Path;

use tessera_tests::process::{run, said};

#[test]
fn the_committed_references_are_current() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let output = run(folder.path(), &["docs", "--out", made.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for name in ["openapi.json", "asyncapi.json"] {
        let current = fs::read_to_string(made.join(name)).unwrap();
        let kept = fs::read_to_string(committed.join(name)).unwrap_or_default();
        assert!(
            current == kept,
            "docs/{name} is not current: run `cargo xtask docs`"
        );
    }
}
