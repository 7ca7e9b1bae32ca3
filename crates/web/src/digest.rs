//! Short names for content: the same bytes, the same name.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 72 bits of it are plenty among a few.
const BYTES: usize = 9;

/// Twelve letters that may stand in a path and in a header.
pub(crate) fn short(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let first: Vec<u8> = digest.as_ref().iter().copied().take(BYTES).collect();
    URL_SAFE_NO_PAD.encode(first)
}
