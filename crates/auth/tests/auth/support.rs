//! A marketplace of auth alone, and what its users say.

use serde_json::{Value, json};
use tessera_contracts::{SessionId, UserId};
use tessera_platform::config::Settings;
use tessera_platform::http::SignedIn;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use tessera_platform::testing::{Answer, Call, TestApp};
use utoipa_axum::router::OpenApiRouter;

pub const PASSWORD: &str = "correct horse";

/// Auth, and a service that knows of sessions only what the events say.
pub struct Auth {
    pub app: TestApp,
}

/// Somebody who signed up or in, and what their client keeps of the answer.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: UserId,
    pub cookie: String,
    pub token: String,
}

const ELSEWHERE: Definition = Definition {
    name: "elsewhere",
    migrations: &[],
    signs_sessions: false,
    beside: &[],
    build: |ctx| Box::pin(async { elsewhere(ctx) }),
};

fn elsewhere(_: Ctx) -> Result<Service, StartError> {
    let whoever = |SignedIn(_): SignedIn| async { "signed in" };
    let routes = OpenApiRouter::new().route("/api/elsewhere", axum::routing::get(whoever));
    Ok(Service {
        routes,
        consumer: None,
        workers: Vec::new(),
    })
}

impl Auth {
    pub async fn start() -> Auth {
        Auth::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Auth {
        let app = TestApp::start_with(&[tessera_auth::DEFINITION, ELSEWHERE], change).await;
        Auth { app }
    }

    pub fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.app.post(&format!("/api/users/{path}"), body)
    }

    pub fn get(&self, path: &str) -> Call<'_> {
        self.app.get(&format!("/api/users/{path}"))
    }

    pub async fn sign_up(&self, email: &str) -> Member {
        let answer = self.post("signup", credentials(email)).send().await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        Member::from(&answer)
    }

    pub async fn sign_in(&self, email: &str) -> Member {
        let answer = self.post("signin", credentials(email)).send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Member::from(&answer)
    }

    /// Who somebody is by their token, in auth's own words.
    pub async fn current_user(&self, member: &Member) -> Value {
        let answer = self.get("currentuser").with_token(member).send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["currentUser"].clone()
    }

    pub async fn is_known(&self, member: &Member) -> bool {
        !self.current_user(member).await.is_null()
    }

    /// Whether auth's own endpoints take the token.
    pub async fn is_let_in(&self, member: &Member) -> bool {
        let call = self.get("export").with_token(member);
        call.send().await.status == 200
    }

    /// Whether another service takes the token.
    pub async fn is_known_elsewhere(&self, member: &Member) -> bool {
        let call = self.app.get("/api/elsewhere").with_token(member);
        call.send().await.status == 200
    }

    /// The names of auth's events, with the first of them left out: those of the set-up.
    pub async fn published_after(&self, first: usize) -> Vec<&'static str> {
        self.app.published_types("auth").await.split_off(first)
    }

    pub async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let (count,) = self.app.db("auth").opt(&sql, &[]).await.unwrap().unwrap();
        count
    }
}

pub fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// A refusal with one message.
pub fn refusal(status: u16, title: &str, code: &str, message: &str) -> Value {
    json!({ "status": status, "body": {
        "type": "about:blank", "title": title, "status": status, "code": code, "detail": message,
        "errors": [{ "message": message }],
    }})
}

pub fn invalid_credentials() -> Value {
    let message = "Invalid credentials";
    refusal(401, "Unauthorized", "invalid_credentials", message)
}

pub fn not_signed_in() -> Value {
    let message = "Please sign in first.";
    refusal(401, "Unauthorized", "not_signed_in", message)
}

/// A refusal of fields, all at once.
pub fn invalid(errors: &[(&str, &str)]) -> Value {
    let detail = match errors {
        [(_, message)] => message,
        _ => "Some fields are not valid.",
    };
    let errors = errors
        .iter()
        .map(|(field, message)| json!({ "field": field, "message": message }));
    json!({ "status": 400, "body": {
        "type": "about:blank", "title": "Bad Request", "status": 400, "code": "validation_failed",
        "detail": detail, "errors": errors.collect::<Vec<_>>(),
    }})
}

impl Member {
    pub fn from(answer: &Answer) -> Member {
        Member {
            id: answer.id(),
            cookie: cookie(answer).expect("a session cookie").to_owned(),
            token: bearer(answer).expect("a Bearer token").to_owned(),
        }
    }

    /// The session, as the token names it.
    pub fn sid(&self) -> SessionId {
        let claims = self.token.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims);
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        claims["sid"].as_str().unwrap().parse().unwrap()
    }
}

/// The token in an answer's cookie; a cookie that is taken away has none.
pub fn cookie(answer: &Answer) -> Option<&str> {
    let (cookie, _) = answer.header("set-cookie").split_once(';')?;
    cookie
        .strip_prefix("session=")
        .filter(|token| !token.is_empty())
}

pub fn bearer(answer: &Answer) -> Option<&str> {
    answer.header("authorization").strip_prefix("Bearer ")
}

/// Whether an answer takes the cookie away.
pub fn clears_cookie(answer: &Answer) -> bool {
    answer.header("set-cookie") == "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
}

/// How a request says whose it is.
pub trait Signed {
    /// By its Bearer token, as API clients do.
    #[must_use]
    fn with_token(self, member: &Member) -> Self;

    /// By its cookie, as browsers do.
    #[must_use]
    fn with_cookie(self, member: &Member) -> Self;
}

impl Signed for Call<'_> {
    fn with_token(self, member: &Member) -> Self {
        self.header("authorization", &format!("Bearer {}", member.token))
    }

    fn with_cookie(self, member: &Member) -> Self {
        self.header("cookie", &format!("theme=dark; session={}", member.cookie))
    }
}
