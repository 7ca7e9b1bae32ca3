//! What handlers take from a request's head.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::problem::Failure;
use crate::session::{User, Verified};

/// Who sends the request, found out once for each request by [`super::Front`].
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// From where, as far as it can be believed.
    pub address: IpAddr,
    /// Their session, if they are signed in.
    pub session: Option<Verified>,
}

/// The signed-in user; nobody is a 401.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn(pub User);

/// The signed-in user, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct MaybeSignedIn(pub Option<User>);

/// The one variable part of the path; one that is none is a 404, since nothing is there.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// The caller of a request that came through the front.
pub(super) fn caller(parts: &Parts) -> Result<Caller, Failure> {
    let found = parts.extensions.get::<Caller>().copied();
    found.ok_or_else(|| Failure::internal("a route is not behind the front"))
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let session = caller(parts)?.session.ok_or_else(Failure::unauthorized)?;
        Ok(SignedIn(session.user))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeSignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Ok(MaybeSignedIn(
            caller(parts)?.session.map(|session| session.user),
        ))
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let nothing = || Failure::not_found("not_found", "There is nothing at this address.");
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing())?;
        let (_, text) = params.iter().next().ok_or_else(nothing)?;
        text.parse().map(Path).map_err(|_| nothing())
    }
}
