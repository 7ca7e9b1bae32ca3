//! `GET /listings/statement`: what came to a seller's balance and what went, the newest first.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_contracts::Amount;
use tessera_contracts::http::payments::StatementLine;
use tessera_platform::http::Failure;

use crate::catalogue::find;
use crate::frame::Frame;
use crate::paging::Rows;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "statement.html")]
pub(super) struct StatementPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) lines: Vec<Line>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

pub(super) struct Line {
    /// What it is for.
    pub(super) what: &'static str,
    /// What was sold.
    pub(super) title: Option<String>,
    pub(super) note: Option<String>,
    pub(super) day: String,
    pub(super) iso: String,
    /// With its sign.
    pub(super) amount: String,
    /// Whether it came, and did not go.
    pub(super) came: bool,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let (path, api) = ("/listings/statement", "/api/payments/statement");
    let Rows { rows, first, next } = visitor
        .rows::<StatementLine>(path, api, query.as_deref())
        .await?;
    let heading = visitor.words().listings.money.statement;
    let page = StatementPage {
        page: visitor.frame(heading, Some(user)),
        since: visitor.since(),
        lines: rows.into_iter().map(|row| line(&visitor, row)).collect(),
        first,
        next,
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn line(visitor: &Visitor, line: StatementLine) -> Line {
    let (words, locale) = (&visitor.words().listings.money, visitor.locale);
    let came = !line.amount.is_negative();
    let amount = locale.money(&Amount::from(line.amount.as_str()), line.currency);
    Line {
        what: find(words.kinds, line.kind.as_str()).unwrap_or_default(),
        title: line.title,
        note: line.note,
        day: locale.day(line.at, None),
        iso: line.at.to_string(),
        amount: if came { format!("+{amount}") } else { amount },
        came,
    }
}
