//! One request to Stripe, and what comes of it.
//!
//! Knows HTTP, the key and the version, and nothing of payments. It tries once.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use jiff::SignedDuration;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tessera_platform::config::{Secret, SettingError, StripeSettings};
use url::Url;
use url::form_urlencoded::Serializer;

use super::objects::{ErrorBody, Intent};
use crate::domain::Decline;
use crate::gateway::GatewayError;

/// The version of Stripe's API that this is written for. Stripe keeps it as it is
/// (<https://docs.stripe.com/api/versioning>).
pub const API_VERSION: &str = "2026-10-28.endive";

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// The longest answer is a page of a hundred intents, each of a few kilobytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Fields of a form or a query, in Stripe's spelling: `a[b]`.
pub(super) type Fields = Vec<(String, String)>;

/// Stripe's API, for one account.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: Secret,
}

/// A good answer.
pub(super) struct Answer<T> {
    pub(super) body: T,
    /// Whether it was given before, to a request with the same key, and is repeated.
    pub(super) is_repeated: bool,
}

/// No good answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// None came. Whether Stripe acted is not known.
    Lost(String),
    /// Stripe refused, or failed.
    Refused(Box<Refusal>),
}

/// What Stripe said instead.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: ErrorBody,
    /// Whether the same key gets the same answer from now on.
    is_repeated: bool,
    retry_after: Option<SignedDuration>,
}

impl Client {
    pub(super) fn new(settings: &StripeSettings) -> Result<Client, SettingError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(settings.answer_within)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("Tessera/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Client {
            http: http.map_err(|cause| SettingError::new("STRIPE_API_BASE", cause.to_string()))?,
            base: settings.api_base.clone(),
            key: settings.key.clone(),
        })
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(String, String)],
    ) -> Result<T, Fault> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.send(self.http.get(url)).await;
        answer.map(|answer| answer.body).map_err(Fault::of_a_look)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(String, String)],
        idempotency_key: &str,
    ) -> Result<Answer<T>, Fault> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(self.url(path)?)
            .header("Idempotency-Key", idempotency_key)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        self.send(request).await
    }

    fn url(&self, path: &str) -> Result<Url, Fault> {
        self.base
            .join(path)
            .map_err(|error| Fault::Lost(error.to_string()))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<T>, Fault> {
        let request = request
            .bearer_auth(self.key.expose())
            .header("Stripe-Version", API_VERSION);
        let answer = request.send().await.map_err(lost)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read(answer).await?;
        let is_repeated = headers
            .get("idempotent-replayed")
            .is_some_and(|said| said == "true");
        if status.is_success() {
            // It acted; what it did is asked for later.
            let body = serde_json::from_slice(&body)
                .map_err(|error| Fault::Lost(format!("an answer that cannot be read: {error}")))?;
            return Ok(Answer { body, is_repeated });
        }
        #[derive(Deserialize)]
        struct Said {
            error: ErrorBody,
        }
        let said = serde_json::from_slice::<Said>(&body).ok();
        if said.is_none() && says_why(status) {
            return Err(Fault::Lost(format!("{status}, and why cannot be read")));
        }
        Err(Fault::Refused(Box::new(Refusal {
            status,
            error: said.map(|said| said.error).unwrap_or_default(),
            is_repeated,
            retry_after: retry_after(&headers),
        })))
    }
}

/// Whether what was refused so can be told by the answer's body alone: nothing may be concluded without it.
fn says_why(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 402 | 404 | 409)
}

/// Reads all of an answer, unless it is far too long.
async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return Err(Fault::Lost("an answer that is far too long".to_owned()));
        }
    }
    Ok(body)
}

/// Without the address, in which an id could stand that is nobody's business.
fn lost(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    Fault::Lost(format!("{error}{}", cause.unwrap_or_default()))
}

fn retry_after(headers: &HeaderMap) -> Option<SignedDuration> {
    let seconds = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(
        SignedDuration::from_secs(seconds)
            .clamp(SignedDuration::ZERO, SignedDuration::from_mins(5)),
    )
}

impl Fault {
    /// A failure to answer what was looked for is kept under no key, and says nothing of what was done.
    fn of_a_look(self) -> Fault {
        match self {
            Fault::Refused(refusal) if refusal.status.is_server_error() => {
                match refusal.retry_after {
                    Some(_) => Fault::Refused(refusal),
                    None => Fault::Lost(format!("{}: {}", refusal.status, refusal.error)),
                }
            }
            fault => fault,
        }
    }

    /// Whether Stripe does not know what it is about.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Fault::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND)
    }

    /// Whether Stripe will not do it, whatever comes: how things stand says why.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Fault::Lost(_) => false,
            Fault::Refused(refusal) => matches!(refusal.status.as_u16(), 400 | 402 | 404),
        }
    }

    /// What is wrong with the card, if that is what it is.
    pub(super) fn decline(&self) -> Option<Decline> {
        match self {
            Fault::Refused(refusal) if refusal.error.kind.as_deref() == Some("card_error") => {
                Some(refusal.error.decline())
            }
            _ => None,
        }
    }

    /// The intent that it is about.
    pub(super) fn intent(&self) -> Option<&Intent> {
        match self {
            Fault::Lost(_) => None,
            Fault::Refused(refusal) => refusal.error.payment_intent.as_deref(),
        }
    }
}

impl From<Fault> for GatewayError {
    fn from(fault: Fault) -> GatewayError {
        let refusal = match fault {
            Fault::Lost(why) => return GatewayError::Unknown(why),
            Fault::Refused(refusal) => refusal,
        };
        let Refusal {
            status,
            error,
            is_repeated,
            retry_after,
        } = *refusal;
        let said = format!("{status}: {error}");
        let is_of_the_key = error.kind.as_deref() == Some("idempotency_error");
        match status.as_u16() {
            // Something else is going on with it, such as a request with the same key.
            409 => GatewayError::Unknown(said),
            // The key was used with other words, as an earlier version of this program may have done. What came of that is
            // to be looked for.
            400 if is_of_the_key => GatewayError::Failed(said),
            429 => GatewayError::Busy(said, retry_after.unwrap_or(SignedDuration::ZERO)),
            // The key, or what it may do: for an operator to mend.
            401 | 403 => {
                tracing::error!(%status, error = %error, "Stripe does not take STRIPE_KEY");
                GatewayError::Unavailable(said)
            }
            400 | 402 | 404 => GatewayError::Refused(said),
            // The answer of that key, for as long as Stripe keeps it.
            500 => GatewayError::Failed(said),
            500..=599 if is_repeated => GatewayError::Failed(said),
            _ => match retry_after {
                Some(after) => GatewayError::Busy(said, after),
                None => GatewayError::Unknown(said),
            },
        }
    }
}
