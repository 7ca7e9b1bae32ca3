//! Accepts connections, and lets them go in an orderly way.
//!
//! Owns the sockets: how many there may be, how long a client may take over its request's head, and
//! the end. Knows nothing of what is served.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::http::PeerAddress;
use crate::telemetry::names;

/// The bounds of a server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many connections there may be; the next one is answered 503 and closed.
    pub connections: usize,
    /// How long a client may take to send the head of a request, or leave a connection idle.
    pub head: Duration,
    /// How long running requests may take to finish once the server is told to stop.
    pub drain: Duration,
    /// How long open connections are served then: a client may have sent its request before it could know.
    pub linger: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            connections: 4_096,
            head: Duration::from_secs(10),
            // Ten seconds in all are promised; closing the databases takes the rest.
            drain: Duration::from_secs(9),
            linger: Duration::from_millis(250),
        }
    }
}

/// The head of a request, at most, and what is read of it at once: memory that each client can take.
const MOST_BUFFERED_BYTES: usize = 64 * 1024;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every running request was finished.
    Wholly,
    /// Some took too long, and were cut off.
    CutOff,
}

/// What an overcrowded server says before it closes a connection.
const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Retry-After: 1\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 186\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"unavailable\",\
    \"detail\":\"There are too many connections.\",\"errors\":[{\"message\":\"There are too many connections.\"}]}";

/// Serves `router` on `listener` until `stop` resolves; then accepts no more, answers what is on its way on the
/// connections that are open, lets running requests finish, and closes.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> Drained {
    let server = Server {
        router,
        bounds,
        room: Arc::new(Semaphore::new(bounds.connections)),
        connections: GracefulShutdown::new(),
        leaving: Arc::default(),
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => server.take(stream, peer),
            Err(error) => wait_after(&error).await,
        }
    }
    server.leave(listener).await
}

struct Server {
    router: Router,
    bounds: Bounds,
    room: Arc<Semaphore>,
    connections: GracefulShutdown,
    leaving: Arc<AtomicBool>,
}

impl Server {
    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(place) = self.room.clone().try_acquire_owned() else {
            return turn_away(&stream);
        };
        let connection = Connection {
            router: self.router.clone(),
            peer,
            place,
            leaving: self.leaving.clone(),
        };
        tokio::spawn(connection.run(stream, self.bounds.head, self.connections.watcher()));
    }

    /// A connection that is refused is safe to try elsewhere; one that is cut off is not. So whoever got one is
    /// answered, and told that it was the last answer.
    async fn leave(self, listener: TcpListener) -> Drained {
        self.leaving.store(true, Ordering::Relaxed);
        while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
            self.take(stream, peer);
        }
        drop(listener);
        let all = u32::try_from(self.bounds.connections).unwrap_or(u32::MAX);
        let all_gone = self.room.acquire_many(all);
        drop(tokio::time::timeout(self.bounds.linger, all_gone).await);
        match tokio::time::timeout(self.bounds.drain, self.connections.shutdown()).await {
            Ok(()) => Drained::Wholly,
            Err(_) => Drained::CutOff,
        }
    }
}

/// One client's connection, and its place among those that there may be.
struct Connection {
    router: Router,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    /// Whether the server is.
    leaving: Arc<AtomicBool>,
}

impl Connection {
    async fn run(self, stream: TcpStream, head: Duration, watcher: Watcher) {
        let Connection {
            router,
            peer,
            place,
            leaving,
        } = self;
        // Answers are small and whole: waiting for more to send with them only delays them. An
        // error means that the client has gone, which the first read will show.
        let _gone = stream.set_nodelay(true);
        let service = service_fn(move |request| {
            let (answer, leaving) = (answer(router.clone(), peer, request), leaving.clone());
            async move {
                let mut response = answer.await?;
                if leaving.load(Ordering::Relaxed) {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(MOST_BUFFERED_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%peer, "connection ended: {error}");
        }
        drop(place);
    }
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(PeerAddress(peer));
    router.oneshot(request).await
}

/// Says why, as far as the socket takes it at once, and closes.
fn turn_away(stream: &TcpStream) {
    metrics::counter!(names::HTTP_CONNECTIONS_REFUSED).increment(1);
    let _gone = stream.try_write(TOO_MANY_CONNECTIONS);
}

/// The system is out of files or memory: accepting again at once would only spin.
async fn wait_after(error: &io::Error) {
    tracing::warn!("a connection could not be accepted: {error}");
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    ) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a pause of the process, not of its behaviour"
        )]
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        connections: 2,
        head: Duration::from_millis(50),
        drain: Duration::from_secs(5),
        linger: Duration::from_millis(50),
    };

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<Drained>,
    }

    async fn start(router: Router, bounds: Bounds) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(serve(listener, router, bounds, async move {
            stopped.await.unwrap();
        }));
        Running {
            address,
            stop,
            ended,
        }
    }

    async fn connect(running: &Running) -> TcpStream {
        TcpStream::connect(running.address).await.unwrap()
    }

    async fn send(stream: &mut TcpStream, text: &str) {
        stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// All that comes until the server closes the connection.
    async fn read_all(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // A connection that is reset is closed, too.
        let _closed = stream.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).unwrap()
    }

    fn peer() -> Router {
        Router::new().route(
            "/",
            get(async |Extension(peer): Extension<PeerAddress>| peer.0.to_string()),
        )
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn handlers_learn_the_peer_and_connections_are_kept() {
        let running = start(peer(), BOUNDS).await;
        let mut stream = connect(&running).await;
        let own = stream.local_addr().unwrap().to_string();
        send(&mut stream, GET).await;
        send(&mut stream, GET_AND_CLOSE).await;
        assert_eq!(read_all(&mut stream).await.matches(&own).count(), 2);
    }

    #[tokio::test]
    async fn a_client_that_dawdles_over_its_head_is_dropped() {
        let running = start(peer(), BOUNDS).await;
        let mut dawdling = connect(&running).await;
        send(&mut dawdling, "GET / HTTP/1.1\r\nHost:").await;
        let mut silent = connect(&running).await;
        for stream in [&mut dawdling, &mut silent] {
            let closed = tokio::time::timeout(Duration::from_secs(5), read_all(stream)).await;
            assert!(!closed.unwrap().contains("200 OK"));
        }
        let mut next = connect(&running).await;
        send(&mut next, GET_AND_CLOSE).await;
        assert!(read_all(&mut next).await.starts_with("HTTP/1.1 200 OK"));
    }

    #[tokio::test]
    async fn one_connection_too_many_is_told_so() {
        let running = start(
            peer(),
            Bounds {
                head: Duration::from_secs(60),
                ..BOUNDS
            },
        )
        .await;
        let mut first = connect(&running).await;
        let _second = connect(&running).await;
        let mut third = connect(&running).await;
        let answer = read_all(&mut third).await;
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 1"),
            "{answer}"
        );
        send(&mut first, GET_AND_CLOSE).await;
        assert!(read_all(&mut first).await.starts_with("HTTP/1.1 200 OK"));
        loop {
            let mut fourth = connect(&running).await;
            send(&mut fourth, GET_AND_CLOSE).await;
            if read_all(&mut fourth).await.starts_with("HTTP/1.1 200 OK") {
                break;
            }
        }
    }

    /// A route whose requests say that they have begun, and end when they are let go.
    fn waiting(begun: Arc<AtomicUsize>, began: Arc<Notify>, go: Arc<Notify>) -> Router {
        let handler = async move || {
            begun.fetch_add(1, Ordering::SeqCst);
            began.notify_one();
            go.notified().await;
            "finished"
        };
        Router::new().route("/", get(handler))
    }

    #[tokio::test]
    async fn a_server_that_stops_finishes_what_runs_and_takes_no_more() {
        let (begun, began, go) = (
            Arc::default(),
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
        );
        let router = waiting(Arc::clone(&begun), began.clone(), go.clone());
        let running = start(
            router,
            Bounds {
                head: Duration::from_secs(60),
                ..BOUNDS
            },
        )
        .await;
        let mut idle = connect(&running).await;
        let mut busy = connect(&running).await;
        send(&mut busy, GET).await;
        began.notified().await;
        running.stop.send(()).unwrap();
        assert_eq!(read_all(&mut idle).await, "");
        assert!(TcpStream::connect(running.address).await.is_err());
        assert!(!running.ended.is_finished());
        go.notify_one();
        assert!(read_all(&mut busy).await.ends_with("finished"));
        assert_eq!(running.ended.await.unwrap(), Drained::Wholly);
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_request_on_an_open_connection_is_answered_once_more() {
        let bounds = Bounds {
            connections: 2,
            head: Duration::from_secs(60),
            drain: Duration::from_secs(5),
            linger: Duration::from_secs(60),
        };
        let running = start(peer(), bounds).await;
        let (mut kept, mut fresh) = (connect(&running).await, connect(&running).await);
        send(&mut kept, GET).await;
        let mut first = [0; 12];
        kept.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        running.stop.send(()).unwrap();
        while TcpStream::connect(running.address).await.is_ok() {}
        // As of clients that do not know yet.
        for stream in [&mut kept, &mut fresh] {
            send(stream, GET).await;
            let answers = read_all(stream).await;
            assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
            assert!(answers.contains("connection: close"), "{answers}");
        }
        assert_eq!(running.ended.await.unwrap(), Drained::Wholly);
    }

    #[tokio::test]
    async fn draining_has_an_end() {
        let (began, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let router = waiting(Arc::default(), began.clone(), go);
        let running = start(
            router,
            Bounds {
                drain: Duration::from_millis(10),
                ..BOUNDS
            },
        )
        .await;
        let mut busy = connect(&running).await;
        send(&mut busy, GET).await;
        began.notified().await;
        running.stop.send(()).unwrap();
        assert_eq!(running.ended.await.unwrap(), Drained::CutOff);
    }
}
