//! Issues session tokens: JWTs signed with EdDSA, which every service verifies with the public
//! keys alone.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::User;
use crate::config::JwtSeed;

/// How long a token counts.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Issuer and audience of every token.
pub(super) const REALM: &str = "tessera";

/// The key material could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the session key cannot be used: {0}")]
pub struct TokenError(String);

/// What a token says. Times are whole seconds since 1970.
#[derive(Serialize)]
struct Issued {
    iss: &'static str,
    aud: &'static str,
    #[serde(flatten)]
    claims: Claims,
}

/// What is read of a token once its issuer and audience have been checked.
#[derive(Deserialize, Serialize)]
pub(super) struct Claims {
    pub(super) sub: Uuid,
    pub(super) sid: Uuid,
    pub(super) iat: i64,
    /// None of ours has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<i64>,
    pub(super) exp: i64,
}

/// A public key and the name (`kid`) by which tokens refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) id: String,
    pub(super) bytes: [u8; 32],
}

/// The keys that sign sessions. Only auth has them. Cheap to clone.
#[derive(Clone)]
pub struct SigningKeys(Arc<Inner>);

struct Inner {
    header: Header,
    signing: EncodingKey,
    public: Vec<PublicKey>,
}

impl SigningKeys {
    /// Signs with the key of `seed`; tokens of the `previous` key still count.
    pub fn new(seed: &JwtSeed, previous: Option<&JwtSeed>) -> Result<SigningKeys, TokenError> {
        let pair = key_pair(seed)?;
        let der = pair
            .to_pkcs8v1()
            .map_err(|_| TokenError("it cannot be encoded".to_owned()))?;
        let current = PublicKey::of(&pair)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(current.id.clone());
        let mut public = vec![current];
        if let Some(previous) = previous {
            public.push(PublicKey::of(&key_pair(previous)?)?);
        }
        let signing = EncodingKey::from_ed_der(der.as_ref());
        Ok(SigningKeys(Arc::new(Inner {
            header,
            signing,
            public,
        })))
    }

    /// A token for `user`, from `now` on for [`TOKEN_LIFE`].
    pub fn issue(&self, user: User, now: Timestamp) -> Result<String, TokenError> {
        let claims = Claims {
            sub: user.id.uuid(),
            sid: user.sid.uuid(),
            nbf: None,
            iat: now.as_second(),
            exp: now.as_second() + TOKEN_LIFE.as_secs(),
        };
        let issued = Issued {
            iss: REALM,
            aud: REALM,
            claims,
        };
        jsonwebtoken::encode(&self.0.header, &issued, &self.0.signing)
            .map_err(|error| TokenError(error.to_string()))
    }

    /// The public keys, the signing one first.
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.0.public
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self.0.public.iter().map(PublicKey::to_jwk).collect();
        serde_json::json!({ "keys": keys })
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys")
            .field("public", &self.0.public)
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    fn of(pair: &Ed25519KeyPair) -> Result<PublicKey, TokenError> {
        let bytes: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| TokenError("its public key is not 32 bytes".to_owned()))?;
        let hash = digest(&SHA256, &bytes);
        // Named by its hash, so that the same key has the same name wherever it is read.
        let id = hash
            .as_ref()
            .get(..12)
            .map(|start| URL_SAFE_NO_PAD.encode(start))
            .unwrap_or_default();
        Ok(PublicKey { id, bytes })
    }

    /// Reads one of a key set; `None` for a key of another kind.
    pub(super) fn from_jwk(jwk: &serde_json::Value) -> Option<PublicKey> {
        if jwk["kty"] != "OKP" || jwk["crv"] != "Ed25519" {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(jwk["x"].as_str()?).ok()?;
        Some(PublicKey {
            id: jwk["kid"].as_str()?.to_owned(),
            bytes: bytes.try_into().ok()?,
        })
    }

    fn to_jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(self.bytes),
        })
    }
}

fn key_pair(seed: &JwtSeed) -> Result<Ed25519KeyPair, TokenError> {
    Ed25519KeyPair::from_seed_unchecked(seed.bytes()).map_err(|error| TokenError(error.to_string()))
}
