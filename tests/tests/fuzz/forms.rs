//! Forms of pages: whatever a browser, or what says that it is one, sends to a page, a page comes back that shows it as text.

use proptest::prelude::*;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE};
use reqwest::redirect::Policy;
use tempfile::TempDir;
use tessera_tests::process::Server;
use tessera_tests::visitor::Visitor;
use tokio::runtime::Runtime;

use crate::cases::{SOME, hold};
use crate::desk::escaped;

/// Where forms are sent to, with the fields that they have.
const FORMS: [(&str, &[&str]); 9] = [
    (
        "/tickets/new",
        &[
            "do", "key", "title", "price", "currency", "category", "venue", "city", "country",
            "startsAt", "timeZone", "section", "row", "seat",
        ],
    ),
    (
        "/tickets/0198c0de-7a11-7000-8000-000000000001",
        &["do", "key", "price", "total"],
    ),
    (
        "/tickets/0198c0de-7a11-7000-8000-000000000001/edit",
        &[
            "do", "version", "title", "price", "currency", "startsAt", "timeZone",
        ],
    ),
    (
        "/orders/0198c0de-7a11-7000-8000-000000000001",
        &["do", "key", "token"],
    ),
    ("/auth/signin", &["email", "password", "next"]),
    ("/auth/signup", &["email", "password", "next"]),
    ("/auth/signout", &["everywhere", "do"]),
    ("/account", &["do", "current", "new", "password"]),
    ("/language", &["language", "next", "back"]),
];

/// What must never come back as it was sent.
const HOSTILE: &str = "\"'><script>x7f3</script>";

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[-+0-9., ]{0,20}",
        Just(HOSTILE.to_owned()),
        "(list|save|reserve|pay|cancel|password|delete|ada@example.com|correct horse|2031-06-01T20:30|Europe/Vienna|usd|en|de)",
        "(/|//|https:)[a-z./\\\\@:]{0,20}",
    ]
}

/// A form as browsers write it, and as nobody would.
fn form() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let any_form = prop::sample::select(FORMS.to_vec());
    any_form.prop_flat_map(|(path, fields)| {
        let pair = (prop::sample::select(fields.to_vec()), value());
        let pairs = prop::collection::vec(pair, 0..10).prop_map(|pairs| {
            let written = pairs
                .iter()
                .map(|(name, value)| format!("{name}={}", escaped(value)));
            written.collect::<Vec<_>>().join("&").into_bytes()
        });
        let bytes = prop::collection::vec(any::<u8>(), 0..200);
        (Just(path), prop_oneof![6 => pairs, 1 => bytes])
    })
}

/// The real program, which alone has all of the pages, and somebody who is signed in there.
struct Site {
    runtime: Runtime,
    server: Server,
    http: reqwest::Client,
    token: String,
    _folder: TempDir,
}

/// What came back: the status, the way on, and the page.
struct Shown {
    status: u16,
    location: Option<String>,
    html: String,
}

impl Site {
    fn open() -> Site {
        let (runtime, folder) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let (server, token) = runtime.block_on(async {
            let server = Server::start(folder.path(), &[]).await;
            let visitor = Visitor::new(&server.url);
            visitor.sign_up("chiara@example.com").await;
            (server, visitor.token().unwrap())
        });
        let http = reqwest::Client::builder().redirect(Policy::none()).build();
        Site {
            runtime,
            server,
            http: http.unwrap(),
            token,
            _folder: folder,
        }
    }

    fn send(&self, path: &str, signed_in: bool, language: &str, body: Vec<u8>) -> Shown {
        let request = self
            .http
            .post(format!("{}{path}", self.server.url))
            .body(body);
        let mut request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "text/html")
            .header(ACCEPT_LANGUAGE, language)
            .header("sec-fetch-site", "same-origin");
        if signed_in {
            request = request.header(COOKIE, format!("session={}", self.token));
        }
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            let location = answer.headers().get("location");
            Shown {
                status: answer.status().as_u16(),
                location: location.map(|value| value.to_str().unwrap().to_owned()),
                html: answer.text().await.expect("a whole answer"),
            }
        })
    }
}

#[test]
fn whatever_a_form_sends_is_answered_with_a_page_or_a_way_on() {
    let site = Site::open();
    let language = prop::sample::select(vec!["en-US", "de-AT", "de-CH", "en-IN", "xx", "*;q=x"]);
    hold(
        SOME * 2,
        (form(), any::<bool>(), language),
        |((path, body), signed_in, language)| {
            let shown = site.send(path, signed_in, language, body);
            prop_assert!(shown.status < 500, "{}: {}", shown.status, shown.html);
            prop_assert!(!shown.html.contains("<script>x7f3"), "{}", shown.html);
            if let Some(location) = shown.location {
                let stays = location.starts_with('/')
                    && !location.starts_with("//")
                    && !location.contains('\\');
                prop_assert!(stays, "{}", location);
            }
            Ok(())
        },
    );
}
