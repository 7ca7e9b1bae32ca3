//! The bare handler: what this machine can answer over HTTP when nothing is decided, stored or synced. The same
//! framework, the same sizes of request and answer, a process of its own.

use std::net::SocketAddr;
use std::process::Command;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use clap::Args;
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use tessera_apart::process::free_address;
use tokio::net::TcpListener;

use crate::failure::{Because, Failure};
use crate::process::Process;
use crate::server::Home;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:3999")]
    pub(crate) listen: SocketAddr,
    /// The size of each answer's body
    #[arg(long, default_value_t = 600)]
    pub(crate) body_bytes: usize,
}

/// Starts one whose answers have so many bytes.
pub(crate) async fn start(body_bytes: usize, home: &Home) -> Result<Process, Failure> {
    let address = free_address().because("the bare handler")?;
    let mut command = Command::new(std::env::current_exe().because("where am I?")?);
    command.args(["bare", "--listen", &address.to_string()]);
    command.args(["--body-bytes", &body_bytes.to_string()]);
    let log = home.beside("bare.log");
    Process::start(command, address, log).await
}

/// Serves until it is killed.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let listener = TcpListener::bind(arguments.listen)
        .await
        .because(arguments.listen)?;
    println!(
        "a bare handler answers POST http://{0}/api/orders and GET http://{0}/page",
        arguments.listen
    );
    axum::serve(listener, router(arguments.body_bytes))
        .await
        .because("the bare handler")
}

fn router(body_bytes: usize) -> Router {
    // {"id":"…"} of exactly that size.
    let filler = "x".repeat(body_bytes.saturating_sub(r#"{"id":""}"#.len()));
    let body = Bytes::from(format!(r#"{{"id":"{filler}"}}"#));
    Router::new()
        .route("/readyz", get(|| async { StatusCode::OK }))
        .route("/api/orders", post(answer))
        .route("/page", get(page))
        .with_state(body)
}

type Answer = (StatusCode, [(http::HeaderName, &'static str); 2], Bytes);

async fn answer(State(body): State<Bytes>, _request: Bytes) -> Answer {
    let location = "/api/orders/0192f0c1-2b3c-7d4e-8f50-617283940a1b";
    (
        StatusCode::CREATED,
        [(CONTENT_TYPE, "application/json"), (LOCATION, location)],
        body,
    )
}

async fn page(State(body): State<Bytes>) -> ([(http::HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], body)
}
