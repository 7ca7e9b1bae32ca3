//! Writes that a page of another site might make a browser send: every write of the API and every form × where the browser
//! says that it comes from × what the body says it is. What is refused is refused for the right reason, and nothing is done.

use std::collections::BTreeSet;

use crate::broken::assert_none;
use crate::operations;
use crate::scene::{PUBLIC_URL, Person, Scene};
use crate::wire::{Asked, Headers, Seen};
use crate::writes::{ABSENT, FORMS, Reads, Trace, WRITES, Write};

/// What `Sec-Fetch-Site` may say. No page can make a browser lie; only older ones leave it out.
const SITES: [Option<&str>; 6] = [
    Some("same-origin"),
    Some("same-site"),
    Some("cross-site"),
    Some("none"),
    Some("elsewhere"),
    None,
];

/// What `Origin` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The address that people use.
    Public,
    /// The very host that the request is sent to.
    Host,
    Other,
    /// Begins like the public one.
    Lookalike,
    /// A page that a browser does not tell of: sandboxed, or from a file.
    Null,
    Missing,
}

const ORIGINS: [Origin; 6] = [
    Origin::Public,
    Origin::Host,
    Origin::Other,
    Origin::Lookalike,
    Origin::Null,
    Origin::Missing,
];

/// How the session comes along. Only a cookie is added by a browser on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session {
    Cookie,
    Bearer,
    Both,
}

/// What the body may say it is, and what it is taken for. A form of a page can be sent to anywhere as any of the three
/// that are no JSON; everything else a browser asks about first, and hears no.
const TYPES: [Named; 12] = [
    (Some("application/json"), Some(Reads::Json)),
    (Some("Application/JSON; charset=utf-8"), Some(Reads::Json)),
    (Some("application/json;other"), Some(Reads::Json)),
    (Some("application/merge-patch+json"), Some(Reads::Json)),
    (Some("application/x-www-form-urlencoded"), Some(Reads::Form)),
    (Some("text/plain"), None),
    (Some("text/plain; application/json"), None),
    (Some("multipart/form-data; boundary=x"), None),
    (Some("application/javascript"), None),
    (Some("application/jsonp"), None),
    (Some(""), None),
    (None, None),
];

/// What a body calls itself, and what it is taken for.
type Named = (Option<&'static str>, Option<Reads>);

/// The rule: a browser's own word counts, and the public address is the only sibling that is let in. One that gives no word
/// is asked for the page's origin; who says neither is no browser. And a token that a script put there itself was
/// added by no browser.
fn comes_from_here(session: Session, site: Option<&str>, origin: Origin) -> bool {
    matches!(
        (session, site, origin),
        (Session::Bearer, _, _)
            | (_, Some("same-origin" | "none"), _)
            | (_, Some("same-site"), Origin::Public)
            | (_, None, Origin::Public | Origin::Host | Origin::Missing)
    )
}

struct Cell {
    write: &'static Write,
    position: usize,
    session: Session,
    site: Option<&'static str>,
    origin: Origin,
    media_type: Option<&'static str>,
    /// What the answer must be called: a refusal's slug, or nothing where the request gets through.
    refusal: &'static str,
}

#[test]
fn every_write_of_the_api_and_every_form_has_a_row() {
    let rows = |table: &[Write]| -> BTreeSet<String> {
        let operations = table.iter().map(|write| write.operation.to_owned());
        operations.collect()
    };
    let forms = operations::forms();
    let forms = forms.iter().map(|path| format!("POST {path}")).collect();
    let writes = operations::compare("the writes", &operations::writes(), &rows(WRITES));
    let forms = operations::compare("the forms", &forms, &rows(FORMS));
    assert_none(&[writes, forms].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_cannot_make_a_browser_write() {
    let scene = Box::pin(Scene::inside()).await;
    Box::pin(judge(scene, WRITES)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_cannot_make_a_browser_send_a_form() {
    let scene = Box::pin(Scene::outside()).await;
    Box::pin(judge(scene, FORMS)).await;
}

async fn judge(scene: Scene, table: &'static [Write]) {
    // One that a changed password would end.
    scene.sign_in(&scene.account(Person::Grace).email).await;
    let ids = ids(&scene, table).await;
    let before = scene.read_back().await;
    let cells = cells(table);
    let asked: Vec<Asked> = cells.iter().map(|cell| cell.asked(&scene, &ids)).collect();
    let seen = scene.wire.send_all(&asked).await;
    let broken = cells.iter().zip(&seen);
    let broken: Vec<String> = broken
        .filter_map(|(cell, seen)| cell.judged(seen))
        .collect();
    assert_none(&broken);
    assert_eq!(before, scene.read_back().await, "something was done");
    let refused = cells.iter().filter(|cell| !cell.refusal.is_empty());
    println!(
        "from elsewhere: {} cells ({} writes), {} of them refused",
        cells.len(),
        table.len(),
        refused.count()
    );
    for (write, id) in table.iter().zip(&ids) {
        would_do_it(&scene, write, id).await;
    }
}

/// What was refused would have done something, had it been let in: so the matrix was not empty.
async fn would_do_it(scene: &Scene, write: &'static Write, id: &str) {
    let before = scene.read_back().await;
    let token = match write.leaves {
        Trace::EndOfSession => scene.newcomer().await.token,
        Trace::Change | Trace::Nothing => scene.account(Person::Grace).token.clone(),
    };
    let (body, status) = write.does;
    let media_type = Some(write.reads.proper());
    let asked = asked(write.operation, id, body, media_type).with(&vec![
        ("cookie", format!("session={token}")),
        ("sec-fetch-site", "same-origin".to_owned()),
    ]);
    let seen = scene.wire.send(&asked).await;
    assert_eq!(seen.status, status, "{}: {seen:?}", write.operation);
    match write.leaves {
        Trace::EndOfSession => scene.until_dead(&token).await,
        Trace::Change | Trace::Nothing => {
            let is_changed = before != scene.read_back().await;
            let expected = write.leaves == Trace::Change;
            assert_eq!(is_changed, expected, "{}: {seen:?}", write.operation);
        }
    }
}

/// What each write is done to, once it is let in.
async fn ids(scene: &Scene, table: &[Write]) -> Vec<String> {
    let mut ids = Vec::new();
    for write in table {
        ids.push(match write.thing {
            Some((thing, owner)) => scene.fresh(thing, owner).await,
            None => String::new(),
        });
    }
    ids
}

fn cells(table: &'static [Write]) -> Vec<Cell> {
    let mut all = Vec::new();
    for (position, write) in table.iter().enumerate() {
        for session in [Session::Cookie, Session::Bearer, Session::Both] {
            for (site, origin) in SITES
                .iter()
                .flat_map(|site| ORIGINS.map(|origin| (*site, origin)))
            {
                for (media_type, taken_for) in types(write.reads, session) {
                    let refusal = if comes_from_here(session, site, origin) {
                        write.reads.refusal(taken_for)
                    } else {
                        "cross_site"
                    };
                    all.push(Cell {
                        write,
                        position,
                        session,
                        site,
                        origin,
                        media_type,
                        refusal,
                    });
                }
            }
        }
    }
    all
}

/// All of them come with a cookie. What else comes along tries the door, which looks at no body.
fn types(reads: Reads, session: Session) -> Vec<Named> {
    let all = TYPES.into_iter();
    all.filter(|(media_type, _)| session == Session::Cookie || *media_type == Some(reads.proper()))
        .collect()
}

impl Cell {
    /// What is let in is asked to do nothing; what is not would do something.
    fn asked(&self, scene: &Scene, ids: &[String]) -> Asked {
        let is_let_in = self.refusal.is_empty();
        let (id, body) = if is_let_in {
            (ABSENT, self.write.does_nothing.0)
        } else {
            (&*ids[self.position], self.write.does.0)
        };
        let asked = asked(self.write.operation, id, body, self.media_type);
        let token = &scene.account(Person::Grace).token;
        let mut headers = Headers::new();
        // Where a form ends the session whatever it says, it is let in as nobody's.
        let is_nobody = is_let_in && self.write.operation == "POST /auth/signout";
        if self.session != Session::Bearer && !is_nobody {
            headers.push(("cookie", format!("session={token}")));
        }
        if self.session != Session::Cookie {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        headers.extend(self.site.map(|site| ("sec-fetch-site", site.to_owned())));
        headers.extend(self.origin.said(scene).map(|origin| ("origin", origin)));
        asked.with(&headers)
    }

    fn judged(&self, seen: &Seen) -> Option<String> {
        let code = seen.code();
        let is_right = if self.refusal.is_empty() {
            // No page knows a bearer: there it is nobody's request, and that is another matter.
            let is_unknown = self.session == Session::Bearer && self.write.is_form();
            let is_passed = is_unknown || seen.status == self.write.does_nothing.1;
            is_passed && !["cross_site", "not_json", "not_a_form"].contains(&&*code)
        } else {
            let status = if self.refusal == "cross_site" {
                403
            } else {
                415
            };
            (seen.status, &*code) == (status, self.refusal)
        };
        (!is_right).then(|| {
            let Cell {
                write,
                session,
                site,
                origin,
                media_type,
                refusal,
                ..
            } = self;
            let operation = write.operation;
            format!(
                "{operation} {session:?} {site:?} {origin:?} {media_type:?}: {} {}, and not {refusal:?}",
                seen.status, seen.body
            )
        })
    }
}

impl Origin {
    fn said(self, scene: &Scene) -> Option<String> {
        match self {
            Origin::Public => Some(PUBLIC_URL.to_owned()),
            Origin::Host => Some(scene.wire.url().to_owned()),
            Origin::Other => Some("https://evil.example.org".to_owned()),
            Origin::Lookalike => Some(format!("{PUBLIC_URL}.evil.example.org")),
            Origin::Null => Some("null".to_owned()),
            Origin::Missing => None,
        }
    }
}

fn asked(operation: &str, id: &str, body: &str, media_type: Option<&str>) -> Asked {
    let mut asked = Asked::new(&operation.replace("{id}", id));
    asked.body = Some(body.replace("{id}", id));
    let media_type = media_type.map(|media_type| ("content-type", media_type.to_owned()));
    asked.headers.extend(media_type);
    asked
}
