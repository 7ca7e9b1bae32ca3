//! A client of the API, as a program of somebody else's would be.

use serde_json::{Value, json};

/// Sends requests as one person, or as nobody.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    traceparent: Option<String>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; `null` where it is none.
    pub body: Value,
    /// The session, where one was given.
    pub token: Option<String>,
    /// The path of the next page, where there is one.
    pub next: Option<String>,
}

impl Answer {
    /// A member of the body, as text.
    pub fn text(&self, member: &str) -> String {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {self:?}"))
            .to_owned()
    }
}

impl Client {
    /// Nobody.
    pub fn new(url: &str) -> Client {
        Client {
            http: reqwest::Client::new(),
            url: url.to_owned(),
            token: None,
            traceparent: None,
        }
    }

    /// The same person, whose requests belong to a trace from here on.
    pub fn within(&self, traceparent: &str) -> Client {
        Client {
            traceparent: Some(traceparent.to_owned()),
            ..self.clone()
        }
    }

    /// The same person, who hangs up when an answer takes longer.
    #[must_use]
    pub fn answered_within(&self, span: std::time::Duration) -> Client {
        let http = reqwest::Client::builder().timeout(span).build();
        Client {
            http: http.expect("a client"),
            ..self.clone()
        }
    }

    /// The session's token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same person at another address of the server.
    pub fn at(&self, url: &str) -> Client {
        Client {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    /// Signs up, and goes on as that person.
    pub async fn sign_up(&self, email: &str) -> Client {
        let body = json!({ "email": email, "password": "correct horse" });
        let answer = self.post("/api/users/signup", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Client {
            token: answer.token,
            ..self.clone()
        }
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(reqwest::Method::GET, path, None, None)
            .await
            .expect("an answer")
    }

    /// `GET` of a list: all that is on its pages.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            all.extend_from_slice(page.body.as_array().expect("a list"));
            next = page.next;
        }
        all
    }

    /// `GET`, of a server that may be gone.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.send(reqwest::Method::GET, path, None, None).await
    }

    /// `GET` of a page that is no JSON, of a server that may be gone.
    pub async fn text(&self, path: &str) -> Option<String> {
        let sent = self.http.get(format!("{}{path}", self.url)).send().await;
        sent.ok()?.text().await.ok()
    }

    /// `POST`
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(reqwest::Method::POST, path, Some(body), None)
            .await
            .expect("an answer")
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(reqwest::Method::DELETE, path, None, None)
            .await
            .expect("an answer")
    }

    /// Any request, with an idempotency key or without; `None` when no whole answer came.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Option<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(traceparent) = &self.traceparent {
            request = request.header("traceparent", traceparent);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let token = session(response.headers());
        let next = next_page(response.headers());
        let bytes = response.bytes().await.ok()?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or(Value::Null)
        };
        Some(Answer {
            status,
            body,
            token,
            next,
        })
    }
}

/// The token in a session cookie that was set.
fn session(headers: &reqwest::header::HeaderMap) -> Option<String> {
    let cookies = headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut sessions = cookies.filter_map(|cookie| cookie.strip_prefix("session="));
    sessions
        .next()
        .and_then(|rest| rest.split(';').next())
        .map(str::to_owned)
}

/// The path in `Link: </api/orders?cursor=…>; rel="next"`.
fn next_page(headers: &reqwest::header::HeaderMap) -> Option<String> {
    let link = headers.get("link")?.to_str().ok()?;
    let (path, _) = link.strip_prefix('<')?.split_once('>')?;
    Some(path.to_owned())
}
