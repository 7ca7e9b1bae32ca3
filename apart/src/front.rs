//! The front: one port for all services, by the paths of their requests. Of several processes of a service it takes
//! one after the other, and passes over those that do not listen.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::RwLock;
use tokio::net::{TcpListener, TcpStream};

use crate::failure::{Because, Failure};

/// Which service answers the paths that begin so; web answers all others.
const ROUTES: [(&str, &str); 5] = [
    ("/api/users", "auth"),
    ("/.well-known", "auth"),
    ("/api/tickets", "tickets"),
    ("/api/orders", "orders"),
    ("/api/payments", "payments"),
];

/// What concerns one connection and not what is said over it.
const OF_THE_CONNECTION: [HeaderName; 4] = [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE];

/// A connection that nothing came over for so long is given up: the services do so after ten seconds, and a request
/// might just be on its way then.
const IDLE_FOR: Duration = Duration::from_secs(5);

type Body = BoxBody<Bytes, hyper::Error>;

/// Where the services' processes listen. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct Backends(Arc<RwLock<Vec<(&'static str, SocketAddr)>>>);

impl Backends {
    /// Sends requests to this one, too.
    pub fn add(&self, service: &'static str, address: SocketAddr) {
        self.0.write().push((service, address));
    }

    /// Sends no new requests there.
    pub fn remove(&self, address: SocketAddr) {
        self.0.write().retain(|(_, known)| *known != address);
    }

    fn of(&self, service: &str) -> Vec<SocketAddr> {
        let all = self.0.read();
        let of_service = all.iter().filter(|(name, _)| *name == service);
        of_service.map(|(_, address)| *address).collect()
    }
}

struct Front {
    backends: Backends,
    client: Client<HttpConnector, Incoming>,
    turn: AtomicUsize,
}

/// Serves at `listener` for as long as it is waited for.
pub async fn serve(listener: TcpListener, backends: Backends) -> Result<Infallible, Failure> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_FOR)
        .build(connector);
    let front = Arc::new(Front {
        backends,
        client,
        turn: AtomicUsize::new(0),
    });
    loop {
        let (stream, peer) = listener.accept().await.because("the front")?;
        let front = front.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let front = front.clone();
                async move { Ok::<_, Infallible>(front.answer(request, peer).await) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new());
            // Who hangs up is nobody's trouble.
            drop(builder.serve_connection(TokioIo::new(stream), answer).await);
        });
    }
}

impl Front {
    async fn answer(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let service = service_of(request.uri().path());
        let Some(backend) = self.listening(service).await else {
            return nobody(service);
        };
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let Ok(uri) = format!("http://{backend}{path}").parse::<Uri>() else {
            return nobody(service);
        };
        *request.uri_mut() = uri;
        for header in OF_THE_CONNECTION {
            request.headers_mut().remove(header);
        }
        if let Ok(address) = HeaderValue::from_str(&peer.ip().to_string()) {
            request.headers_mut().append("x-forwarded-for", address);
        }
        match self.client.request(request).await {
            Ok(mut response) => {
                for header in OF_THE_CONNECTION {
                    response.headers_mut().remove(header);
                }
                response.map(BodyExt::boxed)
            }
            Err(_) => nobody(service),
        }
    }

    /// The next process of the service that takes connections: a body can be sent only once.
    async fn listening(&self, service: &str) -> Option<SocketAddr> {
        let all = self.backends.of(service);
        if all.len() < 2 {
            return all.first().copied();
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..all.len() {
            let backend = all.get((turn + step) % all.len()).copied()?;
            if TcpStream::connect(backend).await.is_ok() {
                return Some(backend);
            }
        }
        None
    }
}

fn service_of(path: &str) -> &'static str {
    let leads = |prefix: &str| {
        let rest = path.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let route = ROUTES.iter().find(|(prefix, _)| leads(prefix));
    route.map_or("web", |(_, service)| service)
}

fn nobody(service: &str) -> Response<Body> {
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"Bad Gateway\",\"status\":502,\"code\":\"bad_gateway\",\
         \"detail\":\"{service} does not answer.\",\"errors\":[{{\"message\":\"{service} does not answer.\"}}]}}"
    );
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_their_services() {
        let led = [
            ("/api/users/signup", "auth"),
            ("/.well-known/jwks.json", "auth"),
            ("/api/tickets", "tickets"),
            ("/api/orders/7", "orders"),
            ("/api/payments", "payments"),
            ("/api/openapi.json", "web"),
            ("/api/ordersheets", "web"),
            ("/docs/", "web"),
            ("/", "web"),
        ];
        for (path, service) in led {
            assert_eq!(service_of(path), service, "{path}");
        }
    }
}
