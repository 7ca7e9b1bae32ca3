//! Who looks at a page: their session, their language, and where they come from.
//!
//! Everything that a page asks of a service it asks as its visitor, with their session and from their address:
//! it is told no more than they would be, and refused what they would be refused.

use axum::extract::FromRequestParts;
use axum::http::header::InvalidHeaderValue;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::{CurrentUser, User};
use tessera_platform::http::{Failure, PeerAddress, trace};
use tessera_platform::session::{CookieRule, cookie};

use crate::api::Answer;
use crate::app::App;
use crate::catalogue::{self, Catalogue};
use crate::digest;
use crate::frame::Frame;
use crate::locale::{Language, Locale};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The cookie that keeps the language that somebody chose. Its name has the prefix of the session's where people come
/// by https, for the same reason.
fn language_cookie_name(is_https: bool) -> &'static str {
    if is_https {
        "__Host-language"
    } else {
        "language"
    }
}

/// How long a twin of a request is waited for, each time.
const TWIN_PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_millis(100),
    SignedDuration::from_millis(200),
    SignedDuration::from_millis(400),
    SignedDuration::from_millis(800),
];

/// One visitor, for the time of one request.
pub(crate) struct Visitor {
    pub(crate) app: App,
    pub(crate) locale: Locale,
    /// The path and query of the page.
    pub(crate) here: String,
    /// When they asked.
    began: Timestamp,
    /// What their requests to the services carry.
    carried: HeaderMap,
    peer: Option<PeerAddress>,
    /// What the services have their browser keep.
    cookies: Mutex<Vec<HeaderValue>>,
}

impl Visitor {
    /// The words of their language.
    pub(crate) fn words(&self) -> &'static Catalogue {
        catalogue::of(self.locale.language())
    }

    /// When the page was asked for, in milliseconds since 1970: before anything was read for it.
    pub(crate) fn since(&self) -> i64 {
        self.began.as_millisecond()
    }

    /// The same, as a moment.
    pub(crate) fn began(&self) -> Timestamp {
        self.began
    }

    /// A key for a form, so that what it asks for is done once.
    pub(crate) fn new_key(&self) -> String {
        self.app.ids.next().simple().to_string()
    }

    /// The moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The token that they bring, whatever it is worth.
    pub(crate) fn token(&self) -> Option<&str> {
        self.cookie_rule().find(&self.carried)
    }

    /// Whether they bring a session, which may have ended.
    pub(crate) fn has_session(&self) -> bool {
        self.token().is_some()
    }

    fn cookie_rule(&self) -> CookieRule {
        CookieRule::for_url(&self.app.settings.public_url)
    }

    /// Who they are, if they are signed in.
    pub(crate) async fn user(&self) -> Result<Option<User>, Failure> {
        if !self.has_session() {
            return Ok(None);
        }
        let answer: CurrentUser = self.get("/api/users/currentuser").await?;
        Ok(answer.current_user)
    }

    /// The same, for a page that anybody may see: without auth nobody is signed in there.
    pub(crate) async fn user_if_known(&self) -> Option<User> {
        match self.user().await {
            Ok(user) => user,
            Err(failure) => {
                tracing::warn!("a page is shown without its visitor's account: {failure}");
                None
            }
        }
    }

    /// Who they are, for a page that only they may see.
    pub(crate) async fn must_be_user(&self) -> Result<User, Failure> {
        self.user().await?.ok_or_else(Failure::unauthorized)
    }

    /// Asks a service for something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, None).await?.accepted()?.read()
    }

    /// Asks a service, and answers whatever it said.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        self.send(self.request(method, path, body)?).await
    }

    /// Asks for something, unless it is still what the answer with this tag said.
    pub(crate) async fn ask_unless(
        &self,
        path: &str,
        etag: Option<&HeaderValue>,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(Method::GET, path, None)?;
        if let Some(etag) = etag {
            request
                .headers_mut()
                .insert(header::IF_NONE_MATCH, etag.clone());
        }
        self.send(request).await
    }

    /// Asks for a change of something that is still of this version.
    pub(crate) async fn ask_of_version(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        version: HeaderValue,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path, Some(body))?;
        request.headers_mut().insert(header::IF_MATCH, version);
        self.send(request).await
    }

    /// Asks for something to be done once: whoever sends the same form again gets the same answer, and does nothing more.
    /// `key` is that of the form, drawn when it was shown; a form that says something else counts as another.
    pub(crate) async fn post_once(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Result<Answer, Failure> {
        let key = key_of(key, body).map_err(Failure::internal)?;
        let mut pauses = TWIN_PAUSES.into_iter();
        loop {
            let mut request = self.request(Method::POST, path, Some(body))?;
            request.headers_mut().insert(IDEMPOTENCY_KEY, key.clone());
            let answer = self.send(request).await?;
            // A twin of this request may be under way: it is waited for, and told of if it takes long.
            let pause = pauses.next().filter(|_| is_in_progress(&answer));
            match pause {
                Some(pause) => self.app.clock.sleep(pause).await,
                None => return Ok(answer),
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Request<Bytes>, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            *headers = self.carried.clone();
            if let Some(renewed) = self.renewed() {
                headers.insert(header::COOKIE, renewed);
            }
            let traceparent = trace::current().and_then(|trace| HeaderValue::try_from(trace).ok());
            if let Some(traceparent) = traceparent {
                headers.insert("traceparent", traceparent);
            }
            if body.is_some() {
                let json = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, json);
            }
        }
        if let Some(peer) = self.peer {
            request = request.extension(peer);
        }
        let bytes = body.map(|body| Bytes::from(body.to_string()));
        request
            .body(bytes.unwrap_or_default())
            .map_err(Failure::internal)
    }

    /// The session as auth has just renewed it: the next service is asked with that one.
    fn renewed(&self) -> Option<HeaderValue> {
        let name = self.cookie_rule().name();
        let cookies = self.cookies.lock();
        let pairs = cookies.iter().filter_map(|cookie| cookie.to_str().ok());
        let mut pairs = pairs.filter_map(|cookie| cookie.split(';').next());
        let pair = pairs.find(|pair| pair.split('=').next() == Some(name))?;
        HeaderValue::try_from(pair).ok()
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Answer, Failure> {
        let answer = if request.method().is_safe() {
            self.app.api.send(request).await?
        } else {
            // What was begun is done to its end, also for who has left the page: a second press of the button does that.
            let app = self.app.clone();
            let sent = tokio::spawn(async move { app.api.send(request).await });
            sent.await.map_err(Failure::internal)??
        };
        let cookies = answer.headers.get_all(header::SET_COOKIE);
        self.cookies.lock().extend(cookies.iter().cloned());
        Ok(answer)
    }

    /// The frame of a page for this visitor.
    pub(crate) fn frame(&self, title: impl Into<String>, user: Option<User>) -> Frame {
        Frame::new(
            &self.app.settings,
            self.locale,
            title.into(),
            user.map(|user| user.email),
            &self.here,
        )
    }

    /// A page, as an answer. What is shown to somebody who is signed in is kept by nobody.
    pub(crate) fn page(
        &self,
        status: StatusCode,
        page: &impl askama::Template,
    ) -> Result<Response, Failure> {
        let html = page.render().map_err(Failure::internal)?;
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, "text/html; charset=utf-8");
        set(header::VARY, "accept-language, cookie");
        let private = self.has_session() || !status.is_success();
        set(
            header::CACHE_CONTROL,
            if private { "no-store" } else { "no-cache" },
        );
        self.keep_cookies(headers);
        Ok(response)
    }

    /// A page that tells of a refusal, and when to come back.
    pub(crate) fn refused(
        &self,
        refusal: &Failure,
        page: &impl askama::Template,
    ) -> Result<Response, Failure> {
        let mut response = self.page(refusal.status(), page)?;
        if let Some(seconds) = refusal.retry_after_seconds() {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        Ok(response)
    }

    /// Leads on to another page of ours.
    pub(crate) fn see_other(&self, path: &str) -> Result<Response, Failure> {
        let location = HeaderValue::try_from(path).map_err(Failure::internal)?;
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, location);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.keep_cookies(headers);
        Ok(response)
    }

    /// Hands what the services set to the browser.
    pub(crate) fn keep_cookies(&self, headers: &mut HeaderMap) {
        for cookie in self.cookies.lock().drain(..) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

/// The key of what a form asks for: its own, and a digest of what it says.
fn key_of(key: &str, body: &Value) -> Result<HeaderValue, InvalidHeaderValue> {
    let key: String = key
        .chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect();
    HeaderValue::try_from(format!(
        "{key}-{}",
        digest::short(body.to_string().as_bytes())
    ))
}

fn is_in_progress(answer: &Answer) -> bool {
    let is_conflict = answer.status == StatusCode::CONFLICT;
    let problem = || answer.read::<Problem>();
    is_conflict && problem().is_ok_and(|problem| problem.code == "idempotency_in_progress")
}

impl FromRequestParts<App> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Self::Rejection> {
        let peer = parts.extensions.get::<PeerAddress>().copied();
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        // Before anything is read: who shows it listens soon to what has changed since.
        app.hub.expect();
        Ok(Visitor {
            locale: locale(app, &parts.headers),
            here: here.to_owned(),
            began: app.clock.now(),
            carried: carried(&parts.headers, peer.filter(|_| app.api.is_remote())),
            peer,
            cookies: Mutex::default(),
            app: app.clone(),
        })
    }
}

#[cfg(test)]
impl Visitor {
    /// Somebody at `here` with a browser that asks for this language, at noon of the first day of 2030. No service
    /// answers them.
    pub(crate) fn sample(here: &str, accept_language: &str) -> Visitor {
        let settings = tessera_platform::config::Settings::for_tests();
        Visitor::sample_with(here, accept_language, settings)
    }

    /// The same, of a marketplace with settings of its own.
    pub(crate) fn sample_with(
        here: &str,
        accept_language: &str,
        settings: tessera_platform::config::Settings,
    ) -> Visitor {
        let noon = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 21_915 + 12);
        let (clock, _hand) = tessera_platform::clock::Clock::manual(noon);
        let around = tessera_platform::service::Surroundings {
            services: axum::Router::new(),
            openapi: &utoipa::openapi::OpenApi::default(),
            bus: tessera_platform::bus::Bus::embedded(),
            ids: tessera_platform::ids::Ids::seeded(1, clock.clone()),
            settings: std::sync::Arc::new(settings),
            clock,
        };
        let hub = crate::live::Hub::new(around.bus.clone(), around.clock.clone());
        let app = App::new(crate::api::Api::here(around.services.clone()), hub, &around);
        Visitor {
            locale: Locale::choose(None, Some(accept_language)),
            here: here.to_owned(),
            began: noon,
            carried: HeaderMap::new(),
            peer: None,
            cookies: Mutex::default(),
            app,
        }
    }
}

/// The language and formats that a browser asks for.
pub(crate) fn locale(app: &App, headers: &HeaderMap) -> Locale {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let cookie = language_cookie_name(app.settings.public_url.is_https());
    Locale::choose(cookie::value(headers, cookie), accepted)
}

/// Whether a request brings a session, which may have ended.
pub(crate) fn has_session(app: &App, headers: &HeaderMap) -> bool {
    CookieRule::for_url(&app.settings.public_url)
        .find(headers)
        .is_some()
}

/// Session and origin. `hop` is the peer, where this process is one more proxy on the way.
fn carried(headers: &HeaderMap, hop: Option<PeerAddress>) -> HeaderMap {
    let mut carried = HeaderMap::new();
    for name in [header::COOKIE, FORWARDED_FOR] {
        for value in headers.get_all(&name) {
            carried.append(name.clone(), value.clone());
        }
    }
    let hop = hop.and_then(|peer| HeaderValue::try_from(peer.0.ip().to_string()).ok());
    if let Some(hop) = hop {
        carried.append(FORWARDED_FOR, hop);
    }
    carried
}

/// Keeps the language that somebody chose, for a year.
pub(crate) fn language_cookie(language: Language, is_https: bool) -> Option<HeaderValue> {
    let (name, code) = (language_cookie_name(is_https), language.code());
    let secure = if is_https { "; Secure" } else { "" };
    HeaderValue::try_from(format!(
        "{name}={code}; Max-Age=31536000; Path=/; SameSite=Lax; HttpOnly{secure}"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_travels_by_https_alone_where_people_come_by_it() {
        let german = Language::parse("de").unwrap();
        let cookie = |is_https| {
            let cookie = language_cookie(german, is_https).unwrap();
            cookie.to_str().unwrap().to_owned()
        };
        let there = cookie(true);
        assert!(there.starts_with("__Host-language=de;") && there.ends_with("; Secure"));
        let here = cookie(false);
        assert!(here.starts_with("language=de;") && !here.contains("Secure"));
    }
}
