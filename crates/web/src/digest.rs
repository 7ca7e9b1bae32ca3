//! Short names for content: the same bytes, the same name.

use aws_lc_rs::digest::{SHA256, digest};

/// 48 bits of it are plenty among a few.
const BYTES: usize = 6;

/// Twelve hexadecimal digits: they may stand in a path and in a header, and in the name of a file
/// on any disk.
pub(crate) fn short(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let first = digest.as_ref().iter().take(BYTES);
    first.map(|byte| format!("{byte:02x}")).collect()
}
