//! A client of the HTTP API: sends a request, waits when it is asked to, and reads the answer.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::header::{HeaderMap, LINK, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tessera_contracts::http::Problem;
use tessera_platform::clock::Clock;

use super::people::Account;
use super::show::Show;
use super::trouble::{Trouble, causes};
use super::wait::from_now;

/// An answer takes milliseconds; one that takes so long does not come.
const ANSWER: Duration = Duration::from_secs(15);

/// How long a busy server, or a rate limit, is given its way.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// The server, as seen from outside. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    http: Client,
    base: Url,
    clock: Clock,
    show: Show,
}

/// One request, which may be sent more than once.
struct Call<'a> {
    method: Method,
    path: &'a str,
    who: Option<&'a Account>,
    body: Option<Value>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// What was asked: method and path.
    pub request: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Vec<u8>,
}

impl Api {
    /// A client of the server at `base`. It speaks plain http, and goes by no proxy.
    pub fn new(base: &str, clock: Clock, show: Show) -> Result<Api, Trouble> {
        let wrong = |error: &dyn std::error::Error| Trouble::Other(format!("{base}: {error}"));
        let http = Client::builder()
            .timeout(ANSWER)
            .no_proxy()
            .redirect(Policy::none())
            .build();
        Ok(Api {
            http: http.map_err(|error| wrong(&error))?,
            base: Url::parse(base).map_err(|error| wrong(&error))?,
            clock,
            show,
        })
    }

    /// `path` with a query of these pairs.
    pub fn path_with(&self, path: &str, query: &[(&str, &str)]) -> Result<String, Trouble> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        let query = url.query().unwrap_or_default();
        Ok(format!("{path}?{query}"))
    }

    pub async fn get(&self, path: &str, who: Option<&Account>) -> Result<Answer, Trouble> {
        let call = Call {
            method: Method::GET,
            path,
            who,
            body: None,
        };
        self.send(call).await
    }

    pub async fn post(
        &self,
        path: &str,
        who: Option<&Account>,
        body: &impl Serialize,
    ) -> Result<Answer, Trouble> {
        let body = serde_json::to_value(body).map_err(|error| Trouble::Other(error.to_string()))?;
        let call = Call {
            method: Method::POST,
            path,
            who,
            body: Some(body),
        };
        self.send(call).await
    }

    /// Sends, and sends again when the server says when to come back: what it answered so, it did
    /// not do.
    async fn send(&self, call: Call<'_>) -> Result<Answer, Trouble> {
        let end = from_now(&self.clock, PATIENCE);
        loop {
            let answer = self.send_once(&call).await?;
            let Some(wait) = answer.come_back_in() else {
                return Ok(answer);
            };
            if from_now(&self.clock, wait) > end {
                return Ok(answer);
            }
            let Answer {
                request, status, ..
            } = &answer;
            let seconds = wait.as_secs();
            self.show.detail(format!(
                "{request} → {status}: asked to wait {seconds} s first"
            ));
            self.clock.sleep(wait).await;
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let name = format!("{} {}", call.method, call.path);
        let mut request = self.http.request(call.method.clone(), self.url(call.path)?);
        if let Some(account) = call.who {
            request = request.bearer_auth(account.token());
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        read(request, &name)
            .await
            .map_err(|error| Trouble::NoAnswer {
                request: name,
                cause: causes(&error.without_url()),
            })
    }

    fn url(&self, path: &str) -> Result<Url, Trouble> {
        let url = self.base.join(path);
        url.map_err(|error| Trouble::Other(format!("{path}: {error}")))
    }
}

async fn read(request: reqwest::RequestBuilder, name: &str) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    Ok(Answer {
        request: name.to_owned(),
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await?.into(),
    })
}

impl Answer {
    /// The answer, if it has this status.
    pub fn expect(self, expected: StatusCode) -> Result<Answer, Trouble> {
        if self.status == expected {
            return Ok(self);
        }
        let answer = self.in_words();
        Err(Trouble::Unexpected {
            request: self.request,
            expected,
            answer,
        })
    }

    /// The body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|error| Trouble::Unreadable {
            request: self.request.clone(),
            cause: error.to_string(),
        })
    }

    /// The path of the next page.
    pub fn next_page(&self) -> Option<String> {
        let link = self.headers.get(LINK)?.to_str().ok()?;
        let (path, rest) = link.strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| path.to_owned())
    }

    /// What the server says of a refusal, or else the beginning of the body.
    pub fn in_words(&self) -> String {
        let said = match self.json::<Problem>() {
            Ok(problem) => format!("{}: {}", problem.code, problem.detail),
            Err(_) => String::from_utf8_lossy(&self.body)
                .chars()
                .take(200)
                .collect(),
        };
        format!("{} {said}", self.status)
    }

    /// When to come back, if that is all that was said.
    fn come_back_in(&self) -> Option<SignedDuration> {
        let busy = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if !busy.contains(&self.status) {
            return None;
        }
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(SignedDuration::from_secs(seconds))
    }
}
