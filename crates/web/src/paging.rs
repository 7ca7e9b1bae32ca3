//! A page of a list of one's own, by the API's cursors.

use axum::http::Method;
use serde::de::DeserializeOwned;
use tessera_platform::http::Failure;
use url::form_urlencoded::Serializer;

use crate::form::Form;
use crate::visitor::Visitor;

/// Some rows, and the way to others.
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<T>,
    /// The address of the first page, on a later one.
    pub(crate) first: Option<String>,
    pub(crate) next: Option<String>,
}

impl Visitor {
    /// The page of the list at `api` that `query` asks for, shown at `path`.
    pub(crate) async fn rows<T: DeserializeOwned>(
        &self,
        path: &str,
        api: &str,
        query: Option<&str>,
    ) -> Result<Rows<T>, Failure> {
        let query = Form::parse(query.unwrap_or_default().as_bytes());
        let cursor = query.text("cursor");
        let asked = if cursor.is_empty() {
            api.to_owned()
        } else {
            let between = if api.contains('?') { '&' } else { '?' };
            format!("{api}{between}{}", parameter(cursor))
        };
        let answer = self.ask(Method::GET, &asked, None).await?.accepted()?;
        let next = answer.next_cursor();
        Ok(Rows {
            rows: answer.read()?,
            first: (!cursor.is_empty()).then(|| path.to_owned()),
            next: next.map(|cursor| format!("{path}?{}", parameter(&cursor))),
        })
    }

    /// All rows of the list at `api`, page after page.
    pub(crate) async fn all_rows<T: DeserializeOwned>(&self, api: &str) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let mut query = None;
        loop {
            let page: Rows<T> = self.rows("", api, query.as_deref()).await?;
            all.extend(page.rows);
            match page.next {
                Some(next) => query = next.strip_prefix('?').map(str::to_owned),
                None => return Ok(all),
            }
        }
    }
}

fn parameter(cursor: &str) -> String {
    let mut written = Serializer::new(String::new());
    written.append_pair("cursor", cursor);
    written.finish()
}
