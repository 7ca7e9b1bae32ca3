//! Who is asking: signed tokens, the cookie that carries one, and the sessions that ended early.
//!
//! Owns the verification that every service does alone, without asking auth. Never looks up a
//! user, and never keeps a session: auth's database does.

pub mod cookie;
pub mod ended;
mod follow_ended;
mod follow_keys;
pub mod keys;
#[cfg(test)]
mod tests;
pub mod token;
mod verifier;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use tessera_contracts::ids::{SessionId, UserId};

pub use cookie::CookieRule;
pub use ended::Ended;
pub use follow_ended::FollowEnded;
pub use follow_keys::FollowKeys;
pub use token::SigningKeys;
pub use verifier::Verifier;

use crate::clock::Clock;

/// A signed-in user, and the session that they came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// In which of their sessions.
    pub sid: SessionId,
}

/// What a verified token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who is signed in.
    pub user: User,
    /// From when on it counts: when it was issued, as ours say nothing else.
    pub issued_at: Timestamp,
    /// When it ends. From that moment on it counts for nothing.
    pub expires_at: Timestamp,
}

/// All that a service needs to know who is asking. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sessions {
    verifier: Verifier,
    ended: Ended,
    cookie: CookieRule,
    clock: Clock,
}

impl Sessions {
    /// Puts together the keys, this service's ended sessions, and the form of the cookie.
    pub fn new(verifier: Verifier, ended: Ended, cookie: CookieRule, clock: Clock) -> Sessions {
        Sessions {
            verifier,
            ended,
            cookie,
            clock,
        }
    }

    /// Who sent a request with these headers, if they are signed in: by their Bearer token when
    /// there is one, by the cookie otherwise.
    pub fn authenticate(&self, headers: &HeaderMap) -> Option<Verified> {
        self.living(self.verifier.verify(self.token(headers)?, self.clock.now()))
    }

    /// Like [`Sessions::authenticate`], but the token may have run out: for auth alone, which knows
    /// whether the session lives, and renews it.
    pub fn recognise(&self, headers: &HeaderMap) -> Option<Verified> {
        self.living(self.verifier.recognise(self.token(headers)?))
    }

    fn token<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        bearer(headers).or_else(|| self.cookie.find(headers))
    }

    fn living(&self, verified: Option<Verified>) -> Option<Verified> {
        verified.filter(|verified| !self.ended.contains(verified.user.sid))
    }

    /// The sessions that ended before their tokens did.
    pub fn ended(&self) -> &Ended {
        &self.ended
    }

    /// How the session cookie is written.
    pub fn cookie(&self) -> &CookieRule {
        &self.cookie
    }
}

/// The token of an `Authorization: Bearer …` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}
