//! `GET /`: what is for sale, searched, narrowed down, ordered, page by page. All of it is in the address, so
//! that it can be shared and come back to.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_platform::http::Failure;
use url::form_urlencoded::Serializer;

use crate::api::Answer;
use crate::catalogue::{Catalogue, fill};
use crate::form::Form;
use crate::frame::Frame;
use crate::locale::Locale;
use crate::shelf::Fetched;
use crate::shown::Card;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct HomePage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) asked: Asked,
    pub(super) sorts: &'static [(&'static str, &'static str)],
    pub(super) heading: String,
    pub(super) cards: Vec<Card>,
    pub(super) errors: Vec<&'static str>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

/// What the visitor asked for, as it was written.
#[derive(Clone, Default)]
pub(super) struct Asked {
    pub(super) q: String,
    pub(super) category: String,
    pub(super) city: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) min_price: String,
    pub(super) max_price: String,
    pub(super) sort: String,
    pub(super) cursor: String,
    /// The number of the page, for people alone.
    pub(super) number: u32,
}

impl Asked {
    fn read(query: &str) -> Asked {
        let form = Form::parse(query.as_bytes());
        let text = |name| form.text(name).to_owned();
        Asked {
            q: text("q"),
            category: text("category"),
            city: text("city"),
            from: text("from"),
            to: text("to"),
            min_price: text("minPrice"),
            max_price: text("maxPrice"),
            // As without it: a form without scripts sends it each time.
            sort: text("sort").replace("newest", ""),
            cursor: text("cursor"),
            number: form.text("page").parse().unwrap_or(1).clamp(1, 99_999),
        }
    }

    /// Whether some filter is set, so that the filters are shown open.
    fn is_filtered(&self) -> bool {
        let filters = [
            &self.category,
            &self.city,
            &self.from,
            &self.to,
            &self.min_price,
            &self.max_price,
            &self.sort,
        ];
        filters.iter().any(|text| !text.is_empty())
    }

    fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || self.is_filtered()
    }

    /// Every parameter that is not empty, without the place in the list. `amount` writes prices.
    fn parameters(&self, amount: impl Fn(&str) -> String) -> Serializer<'static, String> {
        let (min, max) = (amount(&self.min_price), amount(&self.max_price));
        let all = [
            ("q", self.q.as_str()),
            ("category", &self.category),
            ("city", &self.city),
            ("from", &self.from),
            ("to", &self.to),
            ("minPrice", &min),
            ("maxPrice", &max),
            ("sort", &self.sort),
        ];
        let mut written = Serializer::new(String::new());
        written.extend_pairs(all.into_iter().filter(|(_, value)| !value.is_empty()));
        written
    }

    /// What the API is asked.
    fn to_api(&self, locale: Locale) -> String {
        let mut written = self.parameters(|text| locale.typed_amount(text));
        written.append_pair("include", "reserved");
        if !self.cursor.is_empty() {
            written.append_pair("cursor", &self.cursor);
        }
        format!("/api/tickets?{}", written.finish())
    }

    /// The address of the first page of this list.
    fn first(&self) -> String {
        let query = self.parameters(str::to_owned).finish();
        if query.is_empty() {
            "/".to_owned()
        } else {
            format!("/?{query}")
        }
    }

    fn next(&self, cursor: &str) -> String {
        let mut written = self.parameters(str::to_owned);
        written.append_pair("cursor", cursor);
        written.append_pair("page", &self.number.saturating_add(1).to_string());
        format!("/?{}", written.finish())
    }

    fn heading(&self, t: &Catalogue, locale: Locale) -> String {
        let heading = if self.is_narrowed() {
            t.home.found
        } else {
            t.home.for_sale
        };
        if self.number > 1 {
            fill(t.home.page, &[heading, &locale.number(self.number.into())])
        } else {
            heading.to_owned()
        }
    }
}

/// Asks for what the page shows; only whether that has changed, where the answer with this tag is here already.
pub(crate) async fn fetch(
    visitor: &Visitor,
    etag: Option<&HeaderValue>,
) -> Result<Answer, Failure> {
    let (_, query) = visitor.here.split_once('?').unwrap_or_default();
    let path = Asked::read(query).to_api(visitor.locale);
    visitor.ask_unless(&path, etag).await
}

pub(super) async fn show(
    visitor: Visitor,
    fetched: Option<Extension<Fetched>>,
) -> Result<Response, Failure> {
    let (_, query) = visitor.here.split_once('?').unwrap_or_default();
    let asked = Asked::read(query);
    let fetch = async {
        match fetched {
            Some(Extension(Fetched(answer))) => Ok(answer),
            None => fetch(&visitor, None).await.map(Arc::new),
        }
    };
    let (user, answer) = tokio::join!(visitor.user_if_known(), fetch);
    let answer = answer?;
    if answer.status == StatusCode::OK {
        let tickets: Vec<Ticket> = answer.read()?;
        let page = page(&visitor, asked, user, &tickets, answer.next_cursor());
        return visitor.page(StatusCode::OK, &page);
    }
    let failure = answer.refusal();
    if failure.status() != StatusCode::BAD_REQUEST {
        return Err(failure);
    }
    let page = HomePage {
        errors: errors(visitor.words(), &failure),
        ..page(&visitor, asked, user, &[], None)
    };
    visitor.refused(&failure, &page)
}

pub(super) fn page(
    visitor: &Visitor,
    asked: Asked,
    user: Option<User>,
    tickets: &[Ticket],
    next: Option<String>,
) -> HomePage {
    let (t, locale) = (visitor.words(), visitor.locale);
    let cards = tickets
        .iter()
        .map(|ticket| Card::of_ticket(ticket, t, locale));
    HomePage {
        page: visitor.frame(t.home.heading, user),
        since: visitor.since(),
        sorts: t.home.sorts,
        heading: asked.heading(t, locale),
        cards: cards.collect(),
        errors: Vec::new(),
        first: (!asked.cursor.is_empty()).then(|| asked.first()),
        next: next.map(|cursor| asked.next(&cursor)),
        asked,
    }
}

/// What is wrong with what was asked, by its fields.
pub(super) fn errors(t: &Catalogue, failure: &Failure) -> Vec<&'static str> {
    let text = |field: &str| match field {
        "minPrice" | "maxPrice" => t.home.wrong_price,
        "from" | "to" => t.home.wrong_day,
        "cursor" => t.home.wrong_page,
        _ => t.home.wrong_words,
    };
    let fields = failure.problem().errors.iter();
    let mut errors: Vec<&str> = fields
        .map(|error| text(error.field.as_deref().unwrap_or_default()))
        .collect();
    errors.dedup();
    errors
}
