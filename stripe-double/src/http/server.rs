//! The port: each connection, each request, and which part of the double answers it.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::answer::Answer;
use super::request::Request;
use super::{assets, control, exchange};
use crate::house::House;

/// The part that listens. It ends, and each of its connections with it, when this goes.
pub(crate) struct Server {
    task: JoinHandle<Infallible>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connection is to be dropped without an answer.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped as planned")
    }
}

impl std::error::Error for Dropped {}

impl Server {
    /// Binds to an address of this machine alone: whoever could reach it could tell it that they have paid.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        if !address.ip().is_loopback() {
            let words = format!("{address} is not an address of loopback");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
        TcpListener::bind(address).await
    }

    pub(crate) fn start(listener: TcpListener, house: Arc<House>) -> Server {
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                // One that went away before it was taken is nobody's trouble.
                if let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(connection(stream, house.clone()));
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Server { task }
    }
}

async fn connection(stream: TcpStream, house: Arc<House>) {
    let answers = service_fn(move |request| answered(house.clone(), request));
    // It ends with an error when it is to be dropped, or when whoever asked hung up.
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), answers)
            .await,
    );
}

async fn answered(
    house: Arc<House>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let request = Request::read(request).await.ok_or(Dropped)?;
    // In a task of its own: what has arrived is acted upon, also when nobody waits for the answer any more.
    let answer = tokio::spawn(dispatch(house, request)).await;
    let answer = answer.ok().flatten().ok_or(Dropped)?;
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| Dropped)?;
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

async fn dispatch(house: Arc<House>, request: Request) -> Option<Answer> {
    let answer = if request.method == Method::OPTIONS {
        let asked = request.asked_headers.clone().unwrap_or_default();
        Some(assets::preflight(&asked))
    } else if let Some(asset) = assets::get(&request) {
        Some(asset)
    } else if request.path.starts_with("/double/") {
        Some(control::answer(&house, &request).await)
    } else {
        exchange::serve(house, request).await
    };
    answer.map(assets::for_pages)
}
