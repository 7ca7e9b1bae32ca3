//! Requests and answers, byte for byte, over real connections. It knows no rule: it only sends, and keeps what came.

use futures_util::{StreamExt, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use serde_json::Value;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// Headers in their order; the same name may come twice.
pub type Headers = Vec<(&'static str, String)>;

/// One address, and the connections to it.
#[derive(Clone)]
pub struct Wire {
    http: Client,
    url: String,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: Headers,
    pub body: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Wire {
    pub fn to(url: &str) -> Wire {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none());
        Wire {
            http: http.build().unwrap(),
            url: url.to_owned(),
        }
    }

    /// `http://` and the host that requests are sent to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends all of them; the answers come in the same order.
    pub async fn send_all(&self, all: &[Asked]) -> Vec<Seen> {
        let sent = stream::iter(all).map(|asked| self.send(asked));
        sent.buffered(AT_ONCE).collect().await
    }

    pub async fn send(&self, asked: &Asked) -> Seen {
        let answer = self.begin(asked).await;
        Seen {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
        }
    }

    /// Sends it, and leaves once the head of the answer has come.
    pub async fn glance(&self, asked: &Asked) -> Seen {
        let answer = self.begin(asked).await;
        Seen {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: String::new(),
        }
    }

    async fn begin(&self, asked: &Asked) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in &asked.headers {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let url = format!("{}{}", self.url, asked.path);
        let mut request = self.http.request(asked.method.clone(), url);
        request = request.headers(headers);
        if let Some(body) = &asked.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await;
        answer.unwrap_or_else(|error| panic!("{error}: no answer to {asked:?}"))
    }
}

impl Asked {
    /// A request without a body. `operation` is a method and a path: `GET /api/orders`.
    pub fn new(operation: &str) -> Asked {
        let (method, path) = operation.split_once(' ').unwrap();
        Asked {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            headers: Headers::new(),
            body: None,
        }
    }

    /// With these headers besides.
    pub fn with(mut self, headers: &Headers) -> Asked {
        self.headers.extend(headers.iter().cloned());
        self
    }

    /// With a JSON body.
    pub fn json(mut self, body: impl ToString) -> Asked {
        self.headers
            .push(("content-type", "application/json".to_owned()));
        self.body = Some(body.to_string());
        self
    }
}

impl Seen {
    /// The body, where it is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// A member of the body, as text.
    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        match &self.json()[member] {
            Value::String(text) => text.clone(),
            _ => panic!("no {member} in {self:?}"),
        }
    }

    /// The stable slug of a refusal; empty where it is none.
    pub fn code(&self) -> String {
        let code = self.json()["code"].as_str().map(str::to_owned);
        code.unwrap_or_default()
    }

    /// A header, as text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// All that the asker could tell one answer from another by: everything but the moment and the number of the request.
    pub fn told(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        format!("{}\n{}\n{}", self.status, headers.join("\n"), self.body)
    }
}
