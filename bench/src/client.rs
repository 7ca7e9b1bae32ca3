//! One kept-alive HTTP/1.1 connection that sends one request after the other. No pool, no retries, no redirects:
//! what goes wrong on the wire is shown, not smoothed over.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::failure::{Because, Failure};

/// Longer than any answer may take: a server that does not answer at all is a failure, and not to be waited for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)
            .await
            .because(format_args!("no connection to {address}"))?;
        stream.set_nodelay(true).because("TCP_NODELAY")?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .because("no HTTP/1.1 connection")?;
        // Its errors reach the sender.
        drop(tokio::spawn(connection));
        let host =
            HeaderValue::from_str(&address.to_string()).because("the address is no Host header")?;
        Ok(Self { sender, host })
    }

    pub(crate) async fn get(
        &mut self,
        path: &str,
        cookie: Option<&HeaderValue>,
    ) -> Result<Reply, Failure> {
        self.send(Method::GET, path, cookie, None).await
    }

    pub(crate) async fn post(
        &mut self,
        path: &str,
        cookie: Option<&HeaderValue>,
        json: String,
    ) -> Result<Reply, Failure> {
        self.send(Method::POST, path, cookie, Some(json)).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        cookie: Option<&HeaderValue>,
        json: Option<String>,
    ) -> Result<Reply, Failure> {
        let is_json = json.is_some();
        let mut request = Request::new(Full::new(json.map(Bytes::from).unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().because("no path")?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        if let Some(cookie) = cookie {
            headers.insert(COOKIE, cookie.clone());
        }
        if is_json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        tokio::time::timeout(ANSWERED_WITHIN, self.exchange(request))
            .await
            .because(format_args!("no answer to {path}"))?
            .because(format_args!("no answer to {path}"))
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, hyper::Error> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Reply {
    /// The reply, if it has the status that the scenario relies on.
    pub(crate) fn expect(self, status: StatusCode, what: &str) -> Result<Self, Failure> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(Failure::new(format!(
            "{what}: {} instead of {status}: {body}",
            self.status
        )))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).because(format_args!(
            "an answer is not as the contract says: {}",
            String::from_utf8_lossy(&self.body)
        ))
    }
}
