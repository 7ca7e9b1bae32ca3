//! Somebody who gets webhooks.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::Value;
use stripe_double::signature;

#[derive(Clone, Debug)]
pub struct Got {
    pub signature: String,
    pub body: String,
}

impl Got {
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("an event")
    }

    /// Whether one of these secrets, and each of them, signed it at this time.
    pub fn is_signed(&self, at: i64, secrets: &[&str]) -> bool {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        self.signature == signature(&secrets, at, &self.body)
    }
}

#[derive(Clone, Default)]
pub struct Receiver {
    got: Arc<Mutex<Vec<Got>>>,
    /// What it answers next; 200 when there is nothing left.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// Listens, and answers where.
    pub async fn start() -> (Receiver, String) {
        let receiver = Receiver::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let listening = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = listening.clone();
                let service = service_fn(move |request| {
                    let receiver = receiver.clone();
                    async move { Ok::<_, Infallible>(receiver.take(request).await) }
                });
                let server = hyper::server::conn::http1::Builder::new();
                tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
            }
        });
        (receiver, url)
    }

    async fn take(
        &self,
        request: hyper::Request<hyper::body::Incoming>,
    ) -> hyper::Response<Empty<Bytes>> {
        let signature = request.headers().get("stripe-signature").cloned();
        let signature = signature
            .expect("it is signed")
            .to_str()
            .expect("a text")
            .to_owned();
        let body = request
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("a text");
        self.got.lock().push(Got { signature, body });
        let status = self.answers.lock().pop().unwrap_or(200);
        let mut response = hyper::Response::new(Empty::new());
        *response.status_mut() = status.try_into().expect("a status");
        response
    }

    /// Answers so to the next ones.
    pub fn answer(&self, statuses: &[u16]) {
        *self.answers.lock() = statuses.iter().rev().copied().collect();
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.got().iter().map(Got::kind).collect()
    }
}
