//! Whether a marketplace answers at an address.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tessera_platform::clock::Clock;

use super::trouble::Trouble;
use super::wait;

/// A server takes a connection at once, and says soon whether it is ready.
const CONNECTION: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(3);

/// How long one that is just starting may take.
const STARTING: SignedDuration = SignedDuration::from_secs(15);

/// What is at an address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A marketplace that is ready.
    Marketplace,
    /// A marketplace, it seems, that does not get ready, and what it says.
    NotReady(String),
    /// Something else.
    Stranger,
    /// Nothing.
    Nobody,
}

/// Asks the server at `base`, as in `http://127.0.0.1:3000`, whether it is ready. Waits for one
/// that is just starting.
pub(crate) async fn look_at(base: &str) -> Found {
    let clock = Clock::system();
    let url = format!("{base}/readyz");
    let client = Client::builder()
        .connect_timeout(CONNECTION)
        .timeout(ANSWER);
    let Ok(http) = client.no_proxy().redirect(Policy::none()).build() else {
        return Found::Nobody;
    };
    let ask = async || {
        Ok(match ask(&http, &url).await {
            Found::NotReady(last) => ControlFlow::Continue(last),
            found => ControlFlow::Break(found),
        })
    };
    let end = wait::from_now(&clock, STARTING);
    match wait::until(&clock, end, "a server that is ready", ask).await {
        Ok(found) => found,
        Err(Trouble::TooLate { last, .. }) => Found::NotReady(last),
        Err(_) => Found::Nobody,
    }
}

async fn ask(http: &Client, url: &str) -> Found {
    let answer = match http.get(url).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Found::Nobody,
        Err(error) if error.is_timeout() => return Found::NotReady("it says nothing".to_owned()),
        Err(_) => return Found::Stranger,
    };
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let checks: Option<Value> = serde_json::from_str(&text).ok();
    // A service alone, as behind a front, names what it needs itself.
    let named = |body: &Value, name: &str| body.pointer(&format!("/checks/{name}")).is_some();
    let is_tessera = checks.is_some_and(|body| named(&body, "tickets") || named(&body, "bus"));
    match status {
        StatusCode::OK if is_tessera => Found::Marketplace,
        StatusCode::SERVICE_UNAVAILABLE if is_tessera => Found::NotReady(text),
        _ => Found::Stranger,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    async fn serve(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/readyz", get(move || async move { answer }));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        base
    }

    #[tokio::test]
    async fn tells_a_marketplace_from_something_else() {
        let ready = serve(r#"{"status":"ok","checks":{"orders":"ok","tickets":"ok"}}"#).await;
        assert_eq!(look_at(&ready).await, Found::Marketplace);
        let stranger = serve(r#"{"status":"ok"}"#).await;
        assert_eq!(look_at(&stranger).await, Found::Stranger);
    }

    #[tokio::test]
    async fn sees_that_nobody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(look_at(&base).await, Found::Nobody);
    }

    #[tokio::test]
    async fn sees_that_what_listens_is_no_http_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                drop(socket);
            }
        });
        assert_eq!(look_at(&base).await, Found::Stranger);
    }
}
