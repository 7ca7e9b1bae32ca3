//! What every request meets at the door, whatever it is for.

use std::time::Duration;

use axum::Router;
use axum::body::Body as RawBody;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tessera_contracts::TicketId;
use tokio::sync::oneshot;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::config::{JwtSeed, Settings};
use crate::db::Db;
use crate::ids::Ids;
use crate::session::{CookieRule, Ended, Sessions, SigningKeys, User, Verifier};

/// A server with a few endpoints that do nothing of interest.
struct House {
    router: Router,
    token: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

fn routes() -> Router {
    Router::new()
        .route("/api/open", get(async || "open"))
        .route(
            "/api/things/{id}",
            get(async |Path(id): Path<TicketId>| id.to_string()),
        )
        .route(
            "/api/me",
            get(async |SignedIn(user): SignedIn| user.id.to_string()),
        )
        .route(
            "/api/from",
            get(async |ClientAddress(address): ClientAddress| address.to_string()),
        )
        .route(
            "/api/body",
            post(async |body: Body| body.fields().map(|_| "read")),
        )
        .route(
            "/api/trace",
            get(async || trace::current().unwrap_or_default()),
        )
        .route(
            "/api/fault",
            get(async || Failure::internal("the secret cause")),
        )
        .route("/api/panic", get(panics))
        .route("/api/slow", get(std::future::pending::<()>))
        .route("/page", get(async || "a page"))
}

async fn panics() {
    panic!("the secret cause")
}

impl House {
    fn build() -> House {
        House::with(&Settings::for_tests(), 1_024, Duration::from_secs(30))
    }

    fn with(settings: &Settings, requests: usize, timeout: Duration) -> House {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH).0;
        let keys = SigningKeys::new(&JwtSeed::new([7; 32]), None).unwrap();
        let user = User {
            id: Uuid::from_u128(1).into(),
            sid: Uuid::from_u128(2).into(),
        };
        let token = keys.issue(user, clock.now()).unwrap();
        let cookie = CookieRule::for_url(&settings.public_url);
        let verifier = Verifier::new(keys.public_keys());
        let sessions = Sessions::new(verifier, Ended::default(), cookie, clock.clone());
        let ids = Ids::seeded(1, clock);
        let mut front = Front::with_limits(settings, &ids, requests, timeout);
        front.add_routes("things", routes(), Some(sessions));
        front.add_routes(
            "web",
            Router::new().route("/other", get(async || "other")),
            None,
        );
        House {
            router: front.finish().0,
            token,
        }
    }

    async fn send(&self, request: Request<RawBody>) -> Answer {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(RawBody::empty()).unwrap())
            .await
    }

    async fn post(&self, media_type: &str, body: impl Into<RawBody>) -> Answer {
        let request = Request::post("/api/body").header(header::CONTENT_TYPE, media_type);
        self.send(request.body(body.into()).unwrap()).await
    }
}

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (status, &json!(code)),
        "{}",
        answer.body
    );
    assert_eq!(
        answer.headers[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert_eq!(answer.body["status"], json!(status));
    assert!(
        !answer.body["errors"][0]["message"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert!(!answer.body.to_string().contains("secret cause"));
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let house = House::build();
    assert_problem(&house.get("/api/nowhere").await, 404, "not_found");
    assert_problem(&house.get("/elsewhere").await, 404, "not_found");
    assert_problem(&house.get("/api/things/17").await, 404, "not_found");
    assert_problem(&house.get("/api/things/%ff").await, 404, "not_found");
    assert_problem(&house.get("/api/fault").await, 500, "internal");
    assert_problem(&house.get("/api/panic").await, 500, "internal");
    let unknown = house.get("/api/me").await;
    assert_problem(&unknown, 401, "not_signed_in");
    assert!(unknown.headers.contains_key(header::WWW_AUTHENTICATE));
    let delete = Request::delete("/api/open").body(RawBody::empty()).unwrap();
    let wrong_method = house.send(delete).await;
    assert_problem(&wrong_method, 405, "method_not_allowed");
    assert_eq!(wrong_method.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn a_body_is_small_and_json() {
    let house = House::build();
    for media_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/merge-patch+json",
    ] {
        assert_eq!(
            house.post(media_type, "{}").await.status,
            200,
            "{media_type}"
        );
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "json",
        "application/jsonp",
        "",
    ] {
        assert_problem(&house.post(media_type, "{}").await, 415, "not_json");
    }
    assert_problem(
        &house.post("application/json", "[1]").await,
        400,
        "bad_request",
    );
    let empty = Request::post("/api/body").body(RawBody::empty()).unwrap();
    assert_eq!(house.send(empty).await.status, 200);

    let large = || format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BODY_BYTES));
    assert_problem(
        &house.post("application/json", large()).await,
        413,
        "body_too_large",
    );
    // Without a length, so that it shows only while it is read.
    let pieces = futures_util::stream::iter(vec![Ok::<_, std::io::Error>(large()), Ok(large())]);
    let streamed = house
        .post("application/json", RawBody::from_stream(pieces))
        .await;
    assert_problem(&streamed, 413, "body_too_large");
    let broken = futures_util::stream::iter(vec![Err::<String, _>(std::io::Error::other("gone"))]);
    let cut_off = house
        .post("application/json", RawBody::from_stream(broken))
        .await;
    assert_problem(&cut_off, 400, "bad_request");
}

#[tokio::test]
async fn who_is_signed_in_is_known_to_the_handler() {
    let house = House::build();
    let request =
        Request::get("/api/me").header("authorization", format!("Bearer {}", house.token));
    let answer = house.send(request.body(RawBody::empty()).unwrap()).await;
    assert_eq!(answer.body, json!(Uuid::from_u128(1).to_string()));
    let request = Request::get("/api/me").header("cookie", format!("session={}", house.token));
    let answer = house.send(request.body(RawBody::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_write_from_another_site_is_refused_at_the_door() {
    let house = House::build();
    let request = Request::post("/api/body").header("origin", "https://evil.example.org");
    let answer = house.send(request.body(RawBody::empty()).unwrap()).await;
    assert_problem(&answer, 403, "cross_site");
}

#[tokio::test]
async fn every_answer_makes_browsers_careful() {
    let house = House::build();
    for path in ["/api/open", "/api/nowhere", "/api/panic"] {
        let headers = house.get(path).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert!(!headers.contains_key("strict-transport-security"));
    }
    let page = house.get("/page").await.headers;
    assert_eq!(
        page["content-security-policy"],
        security_headers::PAGE_POLICY
    );
    assert!(!page.contains_key("cache-control"));

    let public_url = Some("https://tickets.example.com".to_owned());
    let raw = crate::config::RawSettings {
        public_url,
        ..Default::default()
    };
    let secure = House::with(&raw.parse().unwrap(), 10, Duration::from_secs(30));
    let headers = secure.get("/api/open").await.headers;
    assert_eq!(headers["strict-transport-security"], "max-age=31536000");
}

#[tokio::test]
async fn a_request_goes_on_in_the_trace_that_it_came_with() {
    let house = House::build();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request =
        Request::get("/api/trace").header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let answer = house.send(request.body(RawBody::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], trace);
    assert!(
        answer
            .body
            .as_str()
            .unwrap()
            .starts_with(&format!("00-{trace}-")),
        "{}",
        answer.body
    );
    let other = house.get("/api/trace").await;
    assert_ne!(other.headers["x-request-id"], trace);
}

#[tokio::test]
async fn a_full_house_answers_at_once_and_its_operator_always() {
    let house = House::with(&Settings::for_tests(), 1, Duration::from_secs(30));
    let (_keep, gone) = oneshot::channel::<()>();
    let router = house.router.clone();
    let slow = tokio::spawn(async move {
        let request = Request::get("/api/slow").body(RawBody::empty()).unwrap();
        tokio::select! {
            _ = router.oneshot(request) => {}
            _ = gone => {}
        }
    });
    let full = loop {
        let answer = house.get("/api/open").await;
        if answer.status != 200 {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert_problem(&full, 503, "unavailable");
    assert_eq!(full.headers[header::RETRY_AFTER], "1");
    assert_eq!(house.get("/healthz").await.status, 200);
    slow.abort();
    assert!(slow.await.unwrap_err().is_cancelled());
    assert_eq!(house.get("/api/open").await.status, 200);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let house = House::with(&Settings::for_tests(), 10, Duration::from_millis(1));
    let answer = house.get("/api/slow").await;
    assert_problem(&answer, 503, "unavailable");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let metrics = crate::telemetry::Metrics::install();
    let house = House::build();
    house.get("/api/things/17").await;
    house.get("/api/made-up-by-a-scanner").await;
    let strange = Request::builder()
        .method(Method::from_bytes(b"STRANGE").unwrap())
        .uri("/api/open");
    house.send(strange.body(RawBody::empty()).unwrap()).await;
    let shown = house.get("/metrics").await;
    assert!(
        shown.headers[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let text = metrics.render();
    for labels in [
        r#"service="things",method="GET",route="/api/things/{id}",status="404""#,
        r#"service="none",method="GET",route="unmatched",status="404""#,
        r#"service="things",method="other",route="/api/open",status="405""#,
    ] {
        let line = format!("tessera_http_request_seconds_count{{{labels}}}");
        assert!(text.contains(&line), "{line} in\n{text}");
    }
    assert!(!text.contains("scanner") && !text.contains("STRANGE"));
}

#[tokio::test]
async fn the_server_is_ready_when_its_databases_answer() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp::UNIX_EPOCH).0;
    let ids = Ids::seeded(1, clock.clone());
    let db = Db::open_sqlite(&dir.path().join("things.db"), "things", &[], &clock, &ids).unwrap();
    let settings = Settings::for_tests();
    let keys = SigningKeys::new(&JwtSeed::new([7; 32]), None).unwrap();
    let cookie = CookieRule::for_url(&settings.public_url);
    let sessions = Sessions::new(
        Verifier::new(keys.public_keys()),
        Ended::default(),
        cookie,
        clock,
    );
    let mut front = Front::new(&settings, &ids);
    front.add("things", OpenApiRouter::new(), &sessions, &db);
    let house = House {
        router: front.finish().0,
        token: String::new(),
    };
    let ready = house.get("/readyz").await;
    assert_eq!(
        ready.body,
        json!({ "status": "ok", "checks": { "things": "ok" } })
    );

    let failing = health::Check::new("bus", || {
        Box::pin(async { Err("the secret cause".to_owned()) })
    });
    let house = House {
        router: health::routes(vec![failing]),
        token: String::new(),
    };
    let answer = house.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.body,
        json!({ "status": "failing", "checks": { "bus": "failing" } })
    );
}

#[test]
fn a_refusal_says_when_to_come_back_in_whole_seconds() {
    let retry_after = |after| {
        let response = Failure::too_many(after).into_response();
        response.headers()[header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(retry_after(Duration::ZERO), "1");
    assert_eq!(retry_after(Duration::from_secs(2)), "2");
    assert_eq!(retry_after(Duration::from_millis(2001)), "3");
}
