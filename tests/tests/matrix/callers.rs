//! Everybody who might ask: whom they claim to be and in which way, and whom they count as. The policy says what that
//! lets them do.

use serde_json::{Value, json};

use crate::forged::Forge;
use crate::scene::{PASSWORD, PEOPLE, Person, Scene};
use crate::wire::{Asked, Headers};

/// Somebody who asks.
pub struct Caller {
    pub name: String,
    /// What they send along.
    pub headers: Headers,
    pub counts: Counts,
    /// Whether a token of another caller comes once more, in another way. How it is carried is looked at once, at the
    /// door, and so the victim's own things are enough.
    pub is_again: bool,
}

/// Whom somebody is taken for.
pub enum Counts {
    Nobody,
    /// Signed in as this person, by what is carried like that.
    As(Person, Carrier),
    /// Nobody. Yet auth recognises the session, which lives: only the token is out of its time, by these claims.
    AsRecognised(Person, Value),
}

/// How a token that counts is carried. A forged one beside it changes nothing.
#[derive(Clone, Copy, Debug)]
pub enum Carrier {
    Bearer,
    BearerInSmallLetters,
    BearerTwice,
    BearerBesideForgedCookie,
    Cookie,
    CookieAmongOthers,
    CookieAfterAnEmptyOne,
    CookieBeforeForged,
    CookieLineBeforeForged,
    CookieBesideBasic,
}

/// A token that is none, for what stands beside another one.
const FORGED: &str = "eyJhbGciOiJub25lIn0.e30.";

impl Carrier {
    pub fn headers(self, token: &str) -> Headers {
        let bearer = ("authorization", format!("Bearer {token}"));
        let cookie = |text: String| ("cookie", text);
        match self {
            Carrier::Bearer => vec![bearer],
            Carrier::BearerInSmallLetters => vec![("authorization", format!("bearer  {token}"))],
            Carrier::BearerTwice => {
                vec![bearer, ("authorization", format!("Bearer {FORGED}"))]
            }
            Carrier::BearerBesideForgedCookie => vec![bearer, cookie(format!("session={FORGED}"))],
            Carrier::Cookie => vec![cookie(format!("session={token}"))],
            Carrier::CookieAmongOthers => {
                vec![cookie(format!("theme=dark; session={token}; sessions=2"))]
            }
            Carrier::CookieAfterAnEmptyOne => vec![cookie(format!("session=; session={token}"))],
            Carrier::CookieBeforeForged => {
                vec![cookie(format!("session={token}; session={FORGED}"))]
            }
            Carrier::CookieLineBeforeForged => vec![
                cookie(format!("session={token}")),
                cookie(format!("session={FORGED}")),
            ],
            Carrier::CookieBesideBasic => vec![
                cookie(format!("session={token}")),
                ("authorization", "Basic YWRhOmFkYQ==".to_owned()),
            ],
        }
    }
}

impl Caller {
    /// Whom they are signed in as.
    pub fn person(&self) -> Option<Person> {
        match self.counts {
            Counts::As(person, _) => Some(person),
            Counts::Nobody | Counts::AsRecognised(..) => None,
        }
    }

    /// Whom auth takes them for when it is asked who they are.
    pub fn recognised(&self) -> Option<Person> {
        match self.counts {
            Counts::As(person, _) | Counts::AsRecognised(person, _) => Some(person),
            Counts::Nobody => None,
        }
    }

    fn nobody(name: impl Into<String>, headers: Headers) -> Caller {
        Caller {
            name: name.into(),
            headers,
            counts: Counts::Nobody,
            is_again: false,
        }
    }

    /// Nobody, by a token that is no good, in both ways of carrying one.
    fn refused(what: &str, token: &str) -> [Caller; 2] {
        [Carrier::Bearer, Carrier::Cookie].map(|carrier| Caller {
            is_again: matches!(carrier, Carrier::Cookie),
            ..Caller::nobody(format!("{what} ({carrier:?})"), carrier.headers(token))
        })
    }
}

/// All of them. Grace is the victim: her sessions end in every way before one of them is kept, and tokens are forged in
/// her name.
pub async fn all(scene: &mut Scene) -> Vec<Caller> {
    let mut all = vec![Caller::nobody("nobody", Headers::new())];
    for (how, token) in end_sessions(scene).await {
        all.extend(Caller::refused(how, &token));
    }
    all.extend(signed_in(scene));
    all.extend(carried_wrongly(&scene.account(Person::Grace).token));
    let forge = forge(scene, &scene.account(Person::Grace).token).await;
    all.push(Caller {
        name: "Grace, by a token that is made by hand".to_owned(),
        headers: Carrier::Bearer.headers(&forge.flawless()),
        counts: Counts::As(Person::Grace, Carrier::Bearer),
        is_again: true,
    });
    let of_another = format!("session={}", scene.account(Person::Mary).token);
    let mut both = Carrier::Bearer.headers(&scene.account(Person::Grace).token);
    both.push(("cookie", of_another));
    all.push(Caller {
        name: "Grace, by a bearer beside Mary's cookie".to_owned(),
        headers: both,
        counts: Counts::As(Person::Grace, Carrier::Bearer),
        is_again: true,
    });
    for (flaw, token) in forge.all() {
        all.extend(Caller::refused(&flaw, &token));
    }
    for claims in forge.other_times() {
        all.push(Caller {
            name: format!("out of time: {claims}"),
            headers: Carrier::Bearer.headers(&forge.claiming(&claims)),
            counts: Counts::AsRecognised(Person::Grace, claims),
            is_again: false,
        });
    }
    all
}

/// Somebody who forges in the name of the one whose token this is.
pub async fn forge(scene: &Scene, token: &str) -> Forge {
    let keys = scene
        .wire
        .send(&Asked::new("GET /.well-known/jwks.json"))
        .await;
    Forge::new(&keys.json(), token, &scene.account(Person::Mary).token)
}

fn signed_in(scene: &Scene) -> Vec<Caller> {
    let by = |person: Person, carrier: Carrier| Caller {
        name: format!("{person:?} ({carrier:?})"),
        headers: carrier.headers(&scene.account(person).token),
        counts: Counts::As(person, carrier),
        is_again: !matches!(carrier, Carrier::Bearer | Carrier::Cookie),
    };
    let plain = PEOPLE
        .into_iter()
        .flat_map(|person| [Carrier::Bearer, Carrier::Cookie].map(|carrier| by(person, carrier)));
    let odd = [
        Carrier::BearerInSmallLetters,
        Carrier::BearerTwice,
        Carrier::BearerBesideForgedCookie,
        Carrier::CookieAmongOthers,
        Carrier::CookieAfterAnEmptyOne,
        Carrier::CookieBeforeForged,
        Carrier::CookieLineBeforeForged,
        Carrier::CookieBesideBasic,
    ];
    plain
        .chain(odd.map(|carrier| by(Person::Grace, carrier)))
        .collect()
}

/// A genuine token where none is looked for, or behind one that does not count.
fn carried_wrongly(token: &str) -> Vec<Caller> {
    let authorization = |text: String| vec![("authorization", text)];
    let cookie = |text: String| vec![("cookie", text)];
    let forged = || ("authorization", format!("Bearer {FORGED}"));
    let ways = [
        ("in Basic", authorization(format!("Basic {token}"))),
        ("without a scheme", authorization(token.to_owned())),
        ("without a blank", authorization(format!("Bearer{token}"))),
        ("in another scheme", authorization(format!("Token {token}"))),
        (
            "after a forged one",
            authorization(format!("Bearer {FORGED} {token}")),
        ),
        (
            "in another header",
            vec![("x-access-token", token.to_owned())],
        ),
        (
            "for a proxy",
            vec![("proxy-authorization", format!("Bearer {token}"))],
        ),
        (
            "in a cookie of capitals",
            cookie(format!("Session={token}")),
        ),
        (
            "in a cookie of another host",
            cookie(format!("__Host-session={token}")),
        ),
        (
            "in a cookie of a longer name",
            cookie(format!("xsession={token}; session2={token}")),
        ),
        (
            "in a cookie with blanks",
            cookie(format!("session = {token}")),
        ),
        (
            "in a cookie after a forged one",
            cookie(format!("session={FORGED}; session={token}")),
        ),
        (
            "in a line of cookies after a forged one",
            [
                cookie(format!("session={FORGED}")),
                cookie(format!("session={token}")),
            ]
            .concat(),
        ),
        (
            "in a cookie beside a forged bearer",
            [cookie(format!("session={token}")), vec![forged()]].concat(),
        ),
        (
            "after the line of a forged one",
            [vec![forged()], authorization(format!("Bearer {token}"))].concat(),
        ),
    ];
    ways.map(|(how, headers)| Caller::nobody(format!("a genuine token {how}"), headers))
        .into()
}

/// Ends sessions of Grace in every way that there is, and keeps one that lives; answers their tokens, and that of somebody who is
/// gone.
async fn end_sessions(scene: &mut Scene) -> Vec<(&'static str, String)> {
    const OTHER: &str = "battery staple";
    let victim = scene.account(Person::Grace).clone();
    let mut dead = Vec::new();

    let second = scene.sign_in(&victim.email).await.token;
    done(
        scene,
        &second,
        "POST /api/users/signout",
        json!({ "everywhere": true }),
    )
    .await;
    dead.extend([
        ("signed out everywhere", victim.token),
        ("signed out everywhere, here", second),
    ]);

    let third = scene.sign_in(&victim.email).await.token;
    done(scene, &third, "POST /api/users/signout", json!({})).await;
    dead.push(("signed out", third));

    let fourth = scene.sign_in(&victim.email).await.token;
    let fifth = scene.sign_in(&victim.email).await.token;
    for (current, new) in [(PASSWORD, OTHER), (OTHER, PASSWORD)] {
        let change = json!({ "current": current, "new": new });
        done(scene, &fifth, "POST /api/users/password", change).await;
    }
    dead.push(("the password changed since", fourth));

    let gone = scene.sign_up("joan@example.com").await.token;
    done(
        scene,
        &gone,
        "DELETE /api/users/me",
        json!({ "password": PASSWORD }),
    )
    .await;
    dead.push(("the account is deleted", gone));

    for (_, token) in &dead {
        scene.until_dead(token).await;
    }
    scene.keep(Person::Grace, fifth);
    dead
}

async fn done(scene: &Scene, token: &str, operation: &str, body: Value) {
    let seen = scene.by(token, Asked::new(operation).json(body)).await;
    assert!(matches!(seen.status, 200 | 204), "{operation}: {seen:?}");
}
