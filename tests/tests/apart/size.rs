//! How often a fault is done: a few times with all other tests, many times in `cargo xtask faults`.

/// `full` when the faults are run for their own sake. Set by `cargo xtask faults`.
const SIZE: &str = "TESSERA_FAULTS";

/// Whether this is a run of the faults for their own sake.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests says how much it wants"
)]
pub fn is_full() -> bool {
    std::env::var(SIZE).is_ok_and(|size| size == "full")
}

/// So often with all other tests, or so often in a full run.
pub fn times(short: usize, full: usize) -> usize {
    if is_full() { full } else { short }
}

/// The same, in milliseconds.
pub fn millis(short: u64, full: u64) -> u64 {
    if is_full() { full } else { short }
}
