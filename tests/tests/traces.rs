//! Traces: one purchase is one tree, in either form, and no collector is in anybody's way.
#![cfg(test)]

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::time::{Duration, Instant};

use serde_json::json;
use tessera_apart::services;
use tessera_tests::apart::{Apart, has_servers};
use tessera_tests::client::{Answer, Client};
use tessera_tests::collector::{Collector, Seen, SpanKind};
use tessera_tests::eventually;
use tessera_tests::process::{Server, free_address};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The buyer's own span, which the marketplace does not record.
const ROOT: &str = "00f067aa0ba902b7";

fn traceparent() -> String {
    format!("00-{TRACE}-{ROOT}-01")
}

/// Signs two people up, sells a ticket of one to the other, and waits for the money.
async fn purchase(anyone: &Client) {
    let seller = anyone.sign_up("seller@example.com").await;
    let buyer = anyone.sign_up("buyer@example.com").await;
    let wish = json!({ "title": "Hamlet", "price": "120.00" });
    let ticket = made(&seller, "/api/tickets", wish).await.text("id");
    let order = made(&buyer, "/api/orders", json!({ "ticketId": ticket })).await;
    let wish = json!({ "orderId": order.text("id"), "token": "tok_visa" });
    let paid = made(&buyer, "/api/payments", wish).await;
    eventually("the money to be captured", async || {
        let path = format!("/api/payments/{}", paid.text("id"));
        let shown = buyer.get(&path).await;
        (shown.text("status") == "captured").then_some(())
    })
    .await;
}

/// What another service has to hear of first is asked for again.
async fn made(client: &Client, path: &str, wish: serde_json::Value) -> Answer {
    eventually(path, async || {
        let answer = client.post(path, wish.clone()).await;
        (answer.status == 201).then_some(answer)
    })
    .await
}

/// What a purchase has to leave: who did what, and as what.
const EXPECTED: [(&str, SpanKind, &str); 19] = [
    ("auth", SpanKind::Server, "POST /api/users/signup"),
    ("tickets", SpanKind::Server, "POST /api/tickets"),
    ("tickets", SpanKind::Producer, "publish ticket:created"),
    ("orders", SpanKind::Consumer, "process ticket:created"),
    ("orders", SpanKind::Server, "POST /api/orders"),
    ("orders", SpanKind::Producer, "publish order:created"),
    ("tickets", SpanKind::Consumer, "process order:created"),
    ("expiration", SpanKind::Consumer, "process order:created"),
    ("payments", SpanKind::Consumer, "process order:created"),
    ("tickets", SpanKind::Producer, "publish ticket:updated"),
    ("orders", SpanKind::Consumer, "process ticket:updated"),
    ("payments", SpanKind::Server, "POST /api/payments"),
    ("payments", SpanKind::Client, "gateway authorize"),
    ("payments", SpanKind::Producer, "publish payment:created"),
    ("orders", SpanKind::Consumer, "process payment:created"),
    ("orders", SpanKind::Producer, "publish order:completed"),
    ("payments", SpanKind::Consumer, "process order:completed"),
    ("payments", SpanKind::Client, "gateway capture"),
    ("payments", SpanKind::Producer, "publish payment:captured"),
];

/// What is missing of a whole tree, if anything is.
fn missing(spans: &[Seen]) -> Vec<String> {
    let is_there = |(service, kind, name): &(&str, SpanKind, &str)| {
        spans.iter().any(|span| {
            span.service == format!("tessera-{service}") && span.kind == *kind && span.name == *name
        })
    };
    let absent = EXPECTED.iter().filter(|expected| !is_there(expected));
    let ids: HashSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let orphans = spans
        .iter()
        .filter(|span| span.parent != ROOT && !ids.contains(span.parent.as_str()));
    absent
        .map(|expected| format!("{expected:?}"))
        .chain(orphans.map(|span| format!("the parent of {span:?}")))
        .collect()
}

/// Each span hangs where it belongs, and by its parents all of them on the buyer's.
fn look_at(spans: &[Seen]) {
    let by_id: HashMap<&str, &Seen> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    for span in spans {
        let mut at = span;
        for _step in 0..=spans.len() {
            match by_id.get(at.parent.as_str()) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        assert_eq!(at.parent, ROOT, "{span:?} hangs on no tree");
        let parent = by_id.get(span.parent.as_str());
        let kind = parent.map(|parent| parent.kind);
        let fits = match span.kind {
            SpanKind::Server => kind.is_none(),
            SpanKind::Producer => matches!(kind, Some(SpanKind::Server | SpanKind::Consumer)),
            SpanKind::Consumer => kind == Some(SpanKind::Producer),
            SpanKind::Client => matches!(kind, Some(SpanKind::Server | SpanKind::Consumer)),
            _ => false,
        };
        assert!(fits, "{span:?} under {parent:?}");
        if let (SpanKind::Consumer, Some(parent)) = (span.kind, parent) {
            let message = |span: &Seen| span.attributes["messaging.message.id"].clone();
            assert_eq!(message(span), message(parent));
        }
    }
    let of = |service: &str, name: &str| {
        let mut found = spans.iter().filter(|span| {
            let status = span.attributes.get("http.response.status_code");
            span.service == format!("tessera-{service}")
                && span.name == name
                && status.is_none_or(|status| status == "201")
        });
        found.next().expect("a span")
    };
    let reserved = of("orders", "POST /api/orders");
    assert_eq!(reserved.attributes["http.route"], "/api/orders");
    let paid = of("payments", "POST /api/payments");
    let completed = of("payments", "process order:completed");
    let parents = [
        ("orders", "publish order:created", reserved),
        ("payments", "gateway authorize", paid),
        ("payments", "publish payment:created", paid),
        ("payments", "gateway capture", completed),
        ("payments", "publish payment:captured", completed),
    ];
    for (service, name, parent) in parents {
        assert_eq!(of(service, name).parent, parent.id, "{name}");
    }
    let text = format!("{spans:?}");
    assert!(
        !text.contains("@example.com") && !text.contains("tok_visa"),
        "{text}"
    );
}

async fn is_one_tree(collector: &Collector) {
    eventually("all spans of the purchase", async || {
        missing(&collector.spans(TRACE)).is_empty().then_some(())
    })
    .await;
    look_at(&collector.spans(TRACE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_in_one_process_is_one_tree() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start().await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20secret"),
    ];
    let server = Server::start(folder.path(), &settings).await;
    purchase(&Client::new(&server.url).within(&traceparent())).await;
    is_one_tree(&collector).await;
    assert_eq!(collector.headers()["x-key"], "a secret");
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await;
    let metrics = metrics.unwrap().text().await.unwrap();
    for call in ["authorize", "capture"] {
        let labels = format!("service=\"payments\",call=\"{call}\",outcome=\"answered\"");
        let line = format!("tessera_gateway_call_seconds_count{{{labels}}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_last_is_sent_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start_slow(300).await;
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str())];
    let server = Server::start(folder.path(), &settings).await;
    Client::new(&server.url).get("/api/tickets").await;
    assert!(server.terminate().await.success());
    let spans = collector.all();
    let last = spans.iter().find(|span| span.name == "GET /api/tickets");
    // Nobody sent it along: it is the root.
    assert_eq!(last.expect("the last span").parent, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_through_six_processes_is_one_tree() {
    if !has_servers() {
        return;
    }
    let collector = Collector::start().await;
    let mut apart = Apart::servers().await;
    let settings = &mut apart.common.settings;
    settings.push((
        "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        collector.endpoint.clone(),
    ));
    // The last word counts.
    settings.push(("RUST_LOG".to_owned(), "debug".to_owned()));
    services::migrate(&apart.common).await.expect("databases");
    for service in services::SERVICES {
        apart.add(service).await;
    }
    purchase(&apart.anyone().within(&traceparent())).await;
    is_one_tree(&collector).await;
    let mut said = String::new();
    for instance in apart.instances.iter().enumerate() {
        let (number, instance) = instance;
        let log = apart
            .folder
            .path()
            .join(format!("{}-{number}.log", instance.service));
        said.push_str(&std::fs::read_to_string(log).unwrap());
    }
    tells_nothing_personal(&said, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sampled_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start().await;
    let endpoint = collector.endpoint.as_str();
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0"),
    ];
    let server = Server::start(folder.path(), &settings).await;
    let client = Client::new(&server.url);
    purchase(&client).await;
    client.within(&traceparent()).get("/api/tickets").await;
    assert!(server.terminate().await.success());
    let names: Vec<String> = collector.all().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["GET /api/tickets"]);
}

/// So many requests one after another, and the time that they and the end of the server took.
async fn time_of_requests(endpoint: &str) -> (Duration, Duration, String) {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("RUST_LOG", "error"),
    ];
    let server = Server::start(folder.path(), &settings).await;
    let client = Client::new(&server.url);
    let begun = now();
    for _request in 0..200 {
        assert_eq!(client.get("/api/tickets").await.status, 200);
    }
    let requests = now() - begun;
    let metrics = reqwest::get(format!("{}/metrics", server.url)).await;
    let metrics = metrics.unwrap().text().await.unwrap();
    let begun = now();
    assert!(server.terminate().await.success());
    (requests, now() - begun, metrics)
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_collector_is_in_the_way_of_a_request_or_of_the_end() {
    // One that takes connections and says nothing; and none at all.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = format!("http://{}", silent.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    for endpoint in [silent_at, format!("http://{}", free_address())] {
        let (requests, end, metrics) = time_of_requests(&endpoint).await;
        // A collector gets ten seconds for a batch: one request that waited for it would be seen.
        assert!(
            requests < Duration::from_secs(8),
            "{endpoint}: {requests:?}"
        );
        assert!(end < Duration::from_secs(5), "{endpoint}: {end:?}");
        assert!(metrics.contains("tessera_spans_dropped_total"), "{metrics}");
    }
    held.abort();
}

/// No log line has what only its owner may know.
fn tells_nothing_personal(said: &str, secrets: &[&str]) {
    let personal = ["@example.com", "correct horse", "tok_visa", "session="];
    // The other lines are for whoever started the program, and name the card to pay with.
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!lines.is_empty(), "{said}");
    for word in personal.iter().chain(secrets) {
        let line = lines.iter().find(|line| line.contains(word));
        assert_eq!(line, None, "{word} was logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_at_the_level_debug_tells_nothing_personal_and_whose_request_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let to = File::create(&log).unwrap();
    let settings = [("RUST_LOG", "debug")];
    let server = Server::start_saying_to(to.into(), folder.path(), &settings).await;
    let client = Client::new(&server.url).within(&traceparent());
    purchase(&client).await;
    let person = client.sign_up("third@example.com").await;
    person.get("/api/tickets?q=a-rare-word").await;
    assert!(server.terminate().await.success());
    let said = std::fs::read_to_string(&log).unwrap();
    tells_nothing_personal(&said, &[person.token().expect("a token"), "a-rare-word"]);
    let requests: Vec<serde_json::Value> = said
        .lines()
        .filter(|line| line.contains("tessera::request") && line.contains("/api/"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(requests.len() > 5, "{said}");
    for line in requests {
        assert_eq!(line["trace_id"], TRACE, "{line}");
    }
}
