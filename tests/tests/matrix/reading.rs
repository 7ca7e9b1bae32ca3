//! What every answer to a reader carries, and what none does: the headers that make browsers careful, and not one that lets
//! a page of another site read along.
//!
//! Every path that can be read, of the API, of the pages and of the operator, is asked for as nobody and as somebody, by a
//! program and by a browser, from here and from elsewhere.

use crate::broken::assert_none;
use crate::operations;
use crate::scene::{PUBLIC_URL, Person, Scene, Thing};
use crate::wire::{Asked, Headers, Seen};
use crate::writes::ABSENT;

/// Nothing of the API is ever shown as a page, or inside one.
const API_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// For the operator alone. These must be answered by a server that is full, and so are behind no door.
const OPERATOR: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// What is the same for everybody, and says itself how long it may be kept.
const FOR_EVERYBODY: [&str; 4] = ["/.well-known/", "/assets/", "/docs/", "/favicon.ico"];

/// What has no page and no operation, and is read all the same.
const BESIDES: [&str; 9] = [
    "/docs/",
    "/docs/swagger-ui.css",
    "/api/openapi.json",
    "/favicon.ico",
    "/robots.txt",
    "/nowhere",
    "/api/nowhere",
    "/api/tickets/no-id",
    "/assets/nothing.css",
];

const FOREIGN: &str = "https://evil.example.org";

struct Cell {
    path: String,
    is_somebody: bool,
    accepts: &'static str,
    origin: Option<&'static str>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_makes_browsers_careful_and_lets_no_other_site_in() {
    let scene = Box::pin(Scene::outside()).await;
    let paths = paths(&scene).await;
    let cells = cells(&paths);
    let mut broken = Vec::new();
    for cell in &cells {
        // The answer of `/live` does not end.
        let seen = scene.wire.glance(&cell.asked(&scene)).await;
        broken.extend(cell.judged(&seen));
    }
    let preflights = preflights(paths);
    for asked in &preflights {
        let seen = scene.wire.glance(asked).await;
        // What a browser takes for a yes is a success that names the site.
        if !matches!(seen.status, 404 | 405) || is_opened(&seen) {
            broken.push(format!("{asked:?}: {seen:?}"));
        }
    }
    assert_none(&broken);
    println!(
        "reading: {} cells, and {} preflights",
        cells.len(),
        preflights.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_by_https_is_kept_there() {
    let https = ("PUBLIC_URL", "https://tickets.example.com");
    let scene = Box::pin(Scene::outside_with(&[https])).await;
    for path in paths(&scene).await {
        let seen = scene.wire.glance(&Asked::new(&format!("GET {path}"))).await;
        let said = seen.header("strict-transport-security");
        assert!(said.contains("max-age=31536000"), "{path}: {seen:?}");
    }
}

/// Every path that can be read, with Grace's things in it.
async fn paths(scene: &Scene) -> Vec<String> {
    let described = operations::described();
    let described = described
        .iter()
        .filter_map(|operation| operation.strip_prefix("GET "));
    let pages = operations::pages();
    let mut paths: Vec<String> = described
        .chain(pages.iter().map(String::as_str))
        .map(|path| {
            let thing = match path {
                path if path.contains("/orders/") => Thing::PaidOrder,
                path if path.contains("/payments/") => Thing::Payment,
                _ => Thing::Ticket,
            };
            path.replace("{id}", scene.id(thing, Person::Grace))
        })
        .collect();
    paths.extend([
        format!(
            "/api/payments?orderId={}",
            scene.id(Thing::PaidOrder, Person::Grace)
        ),
        format!("/live?tickets={}", scene.id(Thing::Ticket, Person::Ada)),
    ]);
    let home = scene.wire.send(&Asked::new("GET /")).await;
    let assets = home
        .body
        .split('"')
        .filter(|text| text.starts_with("/assets/"));
    paths.extend(assets.map(str::to_owned));
    paths.extend(
        BESIDES
            .iter()
            .chain(&OPERATOR)
            .map(|path| (*path).to_owned()),
    );
    paths
}

/// What a browser asks beforehand, in the name of another page.
fn preflights(mut paths: Vec<String>) -> Vec<Asked> {
    let writes = operations::writes();
    let writes = writes.iter().map(|write| write.split(' ').nth(1).unwrap());
    paths.extend(writes.map(|path| path.replace("{id}", ABSENT)));
    let mut all = Vec::new();
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            for origin in [FOREIGN, "null", PUBLIC_URL] {
                all.push(Asked::new(&format!("OPTIONS {path}")).with(&vec![
                    ("origin", origin.to_owned()),
                    ("access-control-request-method", method.to_owned()),
                    (
                        "access-control-request-headers",
                        "content-type, authorization".to_owned(),
                    ),
                ]));
            }
        }
    }
    all
}

fn cells(paths: &[String]) -> Vec<Cell> {
    let mut all = Vec::new();
    for path in paths {
        for is_somebody in [false, true] {
            for accepts in ["*/*", "text/html"] {
                for origin in [None, Some(FOREIGN), Some("null"), Some(PUBLIC_URL)] {
                    all.push(Cell {
                        path: path.clone(),
                        is_somebody,
                        accepts,
                        origin,
                    });
                }
            }
        }
    }
    all
}

/// Whether any other site is let in.
fn is_opened(seen: &Seen) -> bool {
    let mut names = seen.headers.keys();
    names.any(|name| name.as_str().starts_with("access-control-"))
}

impl Cell {
    fn asked(&self, scene: &Scene) -> Asked {
        let mut headers: Headers = vec![("accept", self.accepts.to_owned())];
        if self.is_somebody {
            let token = &scene.account(Person::Grace).token;
            headers.push(("cookie", format!("session={token}")));
        }
        if let Some(origin) = self.origin {
            headers.push(("origin", origin.to_owned()));
            headers.push(("sec-fetch-site", "cross-site".to_owned()));
        }
        Asked::new(&format!("GET {}", self.path)).with(&headers)
    }

    fn judged(&self, seen: &Seen) -> Vec<String> {
        let mut missing = Vec::new();
        let mut must = |what: &'static str, is_so: bool| missing.extend((!is_so).then_some(what));
        must("no error of the server's", seen.status < 500);
        must(
            "no word of the program",
            !seen.headers.contains_key("server") && !seen.headers.contains_key("x-powered-by"),
        );
        must("no way in for other sites", !is_opened(seen));
        self.must_make_careful(seen, &mut must);
        let Cell {
            path,
            is_somebody,
            accepts,
            origin,
        } = self;
        let asked = format!("GET {path} ({accepts}, from {origin:?}, signed in: {is_somebody})");
        missing
            .iter()
            .map(|what| format!("{asked}: {what}: {} {:?}", seen.status, seen.headers))
            .collect()
    }

    fn must_make_careful(&self, seen: &Seen, must: &mut impl FnMut(&'static str, bool)) {
        must(
            "nosniff",
            seen.header("x-content-type-options") == "nosniff",
        );
        must(
            "referrers stay here",
            seen.header("referrer-policy") == "same-origin",
        );
        let policy = seen.header("content-security-policy");
        must(
            "framed by nobody",
            policy.contains("frame-ancestors 'none'"),
        );
        must(
            "nothing by default",
            policy.starts_with("default-src 'none';"),
        );
        must(
            "nothing unsafe",
            !policy.contains("unsafe") && !policy.contains('*'),
        );
        let media_type = seen.header("content-type");
        // A stream of events is UTF-8 by its definition.
        must(
            "a text says its charset",
            !media_type.starts_with("text/")
                || media_type.contains("charset=utf-8")
                || media_type == "text/event-stream",
        );
        let kept = seen.header("cache-control");
        let is_for_everybody = FOR_EVERYBODY
            .iter()
            .any(|start| self.path.starts_with(start));
        if self.path.starts_with("/api/") || OPERATOR.contains(&&*self.path) {
            must("the policy of the API", policy == API_POLICY);
            must("kept by nobody", kept == "no-store");
        } else if self.is_somebody
            && seen.status < 400
            && !is_for_everybody
            && media_type.starts_with("text/html")
        {
            must("one's own page is kept by nobody", kept == "no-store");
        }
        if seen.status >= 400 && media_type.starts_with("text/html") {
            must("a page of a refusal is kept by nobody", kept == "no-store");
        }
        let cookie = seen.header("set-cookie");
        must(
            "no cookie for scripts",
            cookie.is_empty() || cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        );
    }
}
