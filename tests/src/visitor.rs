//! Somebody with a browser that runs no scripts: pages, forms and cookies, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};

/// One visitor. Clones share their cookies, as the tabs of a browser do.
#[derive(Clone)]
pub struct Visitor {
    http: reqwest::Client,
    url: String,
    language: &'static str,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A page, as it came.
#[derive(Debug)]
pub struct Shown {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Where it leads on to, if it does.
    pub location: String,
    /// What it says.
    pub html: String,
}

impl Visitor {
    /// Somebody new at the site at `url`.
    pub fn new(url: &str) -> Visitor {
        Visitor::speaking(url, "en-US")
    }

    /// The same, with a browser that asks for this language.
    pub fn speaking(url: &str, language: &'static str) -> Visitor {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Visitor {
            http: http.build().expect("a client"),
            url: url.to_owned(),
            language,
            cookies: Arc::default(),
        }
    }

    /// Signs up, by the page for that.
    pub async fn sign_up(&self, email: &str) {
        let fields = [("email", email), ("password", "correct horse")];
        let shown = self.post("/auth/signup", &fields).await;
        assert_eq!(shown.status, 303, "{}", shown.html);
    }

    /// `GET` of a page.
    pub async fn get(&self, path: &str) -> Shown {
        let answer = self.ask(Method::GET, path).send().await;
        self.read(answer.expect("an answer")).await
    }

    /// Looks at a page, and goes on to where it leads.
    pub async fn visit(&self, path: &str) -> Shown {
        let mut shown = self.get(path).await;
        for _ in 0..5 {
            if shown.status != 303 {
                break;
            }
            shown = self.get(&shown.location).await;
        }
        shown
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let request = self.ask(Method::POST, path).form(fields);
        self.read(request.send().await.expect("an answer")).await
    }

    /// A request of this browser.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies = self.cookies.lock();
        let cookies: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request
            .header("accept", "text/html")
            .header("accept-language", self.language);
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies.join("; "))
        }
    }

    /// The token of the session, if there is one.
    pub fn token(&self) -> Option<String> {
        self.cookies.lock().get("session").cloned()
    }

    async fn read(&self, answer: Response) -> Shown {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            self.keep(cookie);
        }
        let location = headers
            .get("location")
            .and_then(|value| value.to_str().ok());
        Shown {
            status,
            location: location.unwrap_or_default().to_owned(),
            html: answer.text().await.expect("a whole answer"),
            headers,
        }
    }

    fn keep(&self, cookie: &HeaderValue) {
        let text = cookie.to_str().expect("a cookie");
        let (name, rest) = text.split_once('=').expect("a cookie");
        let value = rest.split(';').next().unwrap_or_default();
        let mut cookies = self.cookies.lock();
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Shown {
    /// The value of a field of a form, as it was written into the page.
    pub fn field(&self, name: &str) -> String {
        let mark = format!(" name=\"{name}\"");
        let input = self
            .html
            .split("<input")
            .skip(1)
            .map(|input| input.split('>').next().unwrap_or_default())
            .find(|input| input.contains(&mark));
        let input = input.unwrap_or_else(|| panic!("no field {name} in {}", self.html));
        let value = input.split(" value=\"").nth(1).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Sees that the page has this status and says this.
    #[track_caller]
    pub fn says(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{}", self.html);
        assert!(self.html.contains(text), "{text:?} is not in {}", self.html);
    }
}
