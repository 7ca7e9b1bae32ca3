//! The services' public APIs: those of this very process, or those at `API_URL`. Both are asked in HTTP, and
//! answer the same.
//!
//! It knows no visitor: what a request says of its sender is [`crate::visitor`]'s.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use reqwest::Client;
use serde::de::DeserializeOwned;
use tessera_contracts::http::Problem;
use tessera_platform::config::{SettingError, Settings};
use tessera_platform::http::Failure;
use tower::ServiceExt;
use url::Url;

/// Longer than anything that a service waits for before it answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// The services close a connection that is idle for ten seconds.
const IDLE_FOR: Duration = Duration::from_secs(5);
/// The longest answer, a page of 200 listings, is far shorter.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Where the services are.
pub(crate) enum Api {
    /// In this process.
    Here(Router),
    /// Behind one address.
    There(Client, Url),
}

/// What a service answered, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Api {
    /// The services of this process, behind their own doors.
    pub(crate) fn here(services: Router) -> Api {
        Api::Here(services)
    }

    /// The services at `API_URL`.
    pub(crate) fn there(settings: &Settings) -> Result<Api, SettingError> {
        let error = |message: String| SettingError::new("API_URL", message);
        let url = settings.api_url.clone().ok_or_else(|| {
            error("the web client alone needs it, to find the services' APIs; as in http://front:3001".to_owned())
        })?;
        let client = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(IDLE_FOR)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        client
            .map(|client| Api::There(client, url))
            .map_err(|cause| error(cause.to_string()))
    }

    /// Whether its requests come to the services as those of another machine.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Api::There(..))
    }

    /// Asks, and answers whatever came. The path of `request` begins with `/api`.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Answer, Failure> {
        match self {
            Api::Here(router) => ask_here(router.clone(), request).await,
            Api::There(client, base) => {
                let answer = ask_there(client, base, request).await;
                answer.map_err(|error| {
                    Failure::unavailable(Duration::from_secs(5))
                        .because(format!("API_URL: {error}"))
                })
            }
        }
    }
}

async fn ask_here(router: Router, request: Request<Bytes>) -> Result<Answer, Failure> {
    let Ok(response) = router.oneshot(request.map(Body::from)).await;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.map_err(Failure::internal)?.to_bytes(),
    })
}

async fn ask_there(
    client: &Client,
    base: &Url,
    request: Request<Bytes>,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = client
        .request(head.method, base.join(path)?)
        .headers(head.headers)
        .body(body);
    // What people search for belongs into no log.
    let unnamed = reqwest::Error::without_url;
    let mut response = request.send().await.map_err(unnamed)?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unnamed)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err("the answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body: body.into(),
    })
}

impl Answer {
    /// The answer, if it is no refusal.
    pub(crate) fn accepted(self) -> Result<Answer, Failure> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(self.refusal())
        }
    }

    /// What was asked for.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::internal(format!("an answer of the API: {error}")))
    }

    /// A header, as text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parameter `cursor` of the next page, where there is one.
    pub(crate) fn next_cursor(&self) -> Option<String> {
        let link = self.header(header::LINK)?;
        let (target, relation) = link.strip_prefix('<')?.split_once('>')?;
        if !relation.contains("rel=\"next\"") {
            return None;
        }
        let (_, query) = target.split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(name, _)| name == "cursor")
            .map(|(_, cursor)| cursor.into_owned())
    }

    /// Says what the service said. What is no problem of ours, such as a proxy's page, is a fault.
    pub(crate) fn refusal(&self) -> Failure {
        let after = self
            .header(header::RETRY_AFTER)
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs);
        if matches!(self.status.as_u16(), 502..=504) {
            let after = after.unwrap_or(Duration::from_secs(5));
            return Failure::unavailable(after)
                .because(format!("the API answered {}", self.status));
        }
        match serde_json::from_slice::<Problem>(&self.body) {
            Ok(problem) => Failure::relayed(self.status, problem, after),
            Err(_) => Failure::internal(format!("the API answered {}", self.status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_that_found_nobody_is_not_told_to_the_log() {
        let request = Request::get("/api/tickets?q=a-rare-word").body(Bytes::new());
        // Nobody listens there.
        let nowhere = Url::parse("http://127.0.0.1:1").unwrap();
        let failed = ask_there(&Client::new(), &nowhere, request.unwrap()).await;
        let words = format!("{0} {0:?}", failed.unwrap_err());
        assert!(!words.contains("a-rare-word"), "{words}");
    }
}
