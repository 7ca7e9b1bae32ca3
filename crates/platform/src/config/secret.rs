//! Values that must never reach a log.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Base64 as `openssl rand -base64 32` and its kin write it, with or without the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The 32 random bytes that a session-signing key is made from. Does not print, and is wiped when
/// dropped.
#[derive(Clone)]
pub struct JwtSeed(Zeroizing<[u8; 32]>);

impl JwtSeed {
    /// Takes the bytes in.
    pub fn new(bytes: [u8; 32]) -> JwtSeed {
        JwtSeed(Zeroizing::new(bytes))
    }

    /// Reads base64 of 32 bytes. The error never repeats the text.
    pub fn parse(text: &str) -> Result<JwtSeed, String> {
        let wrong = || "it must be 32 random bytes in base64 (44 characters)".to_owned();
        let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| wrong())?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong())?;
        Ok(JwtSeed::new(bytes))
    }

    /// The seed in base64, for its file.
    pub(crate) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.bytes()))
    }

    /// The bytes. Never log them.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for JwtSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSeed(…)")
    }
}
