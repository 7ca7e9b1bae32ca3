//! A client of the double that knows no more than HTTP.

use serde_json::Value;
use stripe_double::{Clock, Options, StripeDouble};

/// 2026-11-01, in the morning.
pub const NOW: i64 = 1_793_520_000;

pub type Params<'a> = &'a [(&'a str, &'a str)];

pub struct Wire {
    pub double: StripeDouble,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub fn error(&self, field: &str) -> &str {
        self.body["error"][field].as_str().unwrap_or_default()
    }

    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a text"))
    }

    /// The same, unless it is an error.
    pub fn ok(self) -> Reply {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    /// The same, if it is this error.
    pub fn is(self, status: u16, code: &str) -> Reply {
        assert_eq!(
            (self.status, self.error("code")),
            (status, code),
            "{}",
            self.body
        );
        self
    }
}

pub async fn wire() -> Wire {
    let options = Options {
        clock: Clock::standing_at(NOW),
        ..Options::default()
    };
    let double = StripeDouble::start(options).await.expect("a double");
    Wire {
        double,
        http: reqwest::Client::new(),
    }
}

impl Wire {
    pub async fn post(&self, path: &str, params: Params<'_>) -> Reply {
        self.send("POST", path, params, &[])
            .await
            .expect("an answer")
    }

    pub async fn post_once(&self, key: &str, path: &str, params: Params<'_>) -> Reply {
        self.try_once(key, path, params).await.expect("an answer")
    }

    pub async fn try_once(
        &self,
        key: &str,
        path: &str,
        params: Params<'_>,
    ) -> reqwest::Result<Reply> {
        self.send("POST", path, params, &[("idempotency-key", key)])
            .await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], &[]).await.expect("an answer")
    }

    /// As a page asks: with the publishable key.
    pub async fn as_page(&self, method: &str, path: &str, params: Params<'_>) -> Reply {
        let key = format!("Bearer {}", self.double.publishable_key());
        let headers = [("authorization", key.as_str())];
        self.send(method, path, params, &headers)
            .await
            .expect("an answer")
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        params: Params<'_>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Reply> {
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        let encoded = encoded.extend_pairs(params).finish();
        let url = format!("{}{path}", self.double.base_url());
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, url).body(encoded);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(self.double.secret_key());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or(Value::Null);
        Ok(Reply {
            status,
            body,
            headers,
        })
    }

    /// Holds 100.00 on a card, as `pm_card_visa`.
    pub async fn pay(&self, method: &str) -> Reply {
        self.post("/v1/payment_intents", &paying(method)).await
    }

    /// The id of an intent that holds 100.00.
    pub async fn held(&self) -> String {
        let intent = self.pay("pm_card_visa").await.ok();
        assert_eq!(intent.text("status"), "requires_capture");
        intent.text("id").to_owned()
    }

    /// The id of an intent that has taken 100.00.
    pub async fn taken(&self) -> String {
        let id = self.held().await;
        self.post(&format!("/v1/payment_intents/{id}/capture"), &[])
            .await
            .ok();
        id
    }

    pub async fn intent(&self, id: &str) -> Reply {
        self.get(&format!("/v1/payment_intents/{id}")).await.ok()
    }

    /// The types of the events so far.
    pub fn kinds(&self) -> Vec<String> {
        let events = self.double.events();
        events
            .iter()
            .map(|event| event["type"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

/// What holds 100.00 on a card.
pub fn paying(method: &str) -> [(&str, &str); 7] {
    [
        ("amount", "10000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("capture_method", "manual"),
        ("allowed_payment_method_types[]", "card"),
        ("payment_method", method),
        ("metadata[order]", "7"),
    ]
}
