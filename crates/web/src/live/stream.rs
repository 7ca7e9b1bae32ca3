//! `GET /live`: the changes of what one page shows, as server-sent events.
//!
//! `?tickets=ID,ID,…` for anybody; `?order=ID` for its buyer, whom orders recognises; `?mine` for who is signed in. `&since=` says when the page was read. The browser
//! comes back by itself after a drop, and the page's script then reads the page anew.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::RawQuery;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{Stream, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tessera_contracts::http::orders::Order;
use tessera_contracts::{OrderId, SessionId, TicketId};
use tessera_platform::http::{ClientAddress, Failure};
use uuid::Uuid;

use super::{Listener, Topic};
use crate::form::Form;
use crate::visitor::Visitor;

/// As many as a page of listings has, and some.
const MOST_TICKETS: usize = 200;
/// A stream ends after so long, and who still may comes back: sessions run out, and balances shift.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
/// Proxies cut connections that say nothing.
const PULSE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// Keeps nginx and its kin from holding the events back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) async fn live(
    visitor: Visitor,
    ClientAddress(address): ClientAddress,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let topics = topics(&visitor, &query).await?;
    if topics.is_empty() {
        return Err(Failure::invalid("tickets", "Say what to listen to"));
    }
    // Also of what passes while it is asked who listens, such as the end of their session.
    let since = since(&query).map_or(visitor.began(), |since| since.min(visitor.began()));
    let listener = visitor.app.hub.listen(address, topics, Some(since));
    let listener = listener.ok_or_else(|| Failure::unavailable(Duration::from_secs(5)))?;
    let end = visitor.now() + LASTS;
    let clock = visitor.app.clock.clone();
    let events = events(listener).take_until(async move { clock.sleep_until(end).await });
    let answer = Sse::new(events.boxed()).keep_alive(KeepAlive::new().interval(PULSE));
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    visitor.keep_cookies(headers);
    Ok(response)
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    // Without any data browsers would not tell of it.
    let said = if listener.has_gap() { "gap" } else { "whole" };
    let hello = Event::default().event("hello").data(said).retry(RETRY);
    let changes = stream::unfold(listener, |mut listener| async {
        let change = listener.next().await?;
        let event = Event::default().event(change.name).data(change.data);
        Some((event, listener))
    });
    stream::once(async { hello }).chain(changes).map(Ok)
}

/// When the page was read that listens: in milliseconds since 1970, by our clock.
fn since(query: &Form) -> Option<Timestamp> {
    Timestamp::from_millisecond(query.text("since").parse().ok()?).ok()
}

/// What is asked for, as far as this visitor may hear of it.
async fn topics(visitor: &Visitor, query: &Form) -> Result<Vec<Topic>, Failure> {
    let mut topics = Vec::new();
    if query.has("tickets") {
        topics.extend(tickets(query.text("tickets"))?);
    }
    if query.has("order") {
        topics.extend(order(visitor, query.text("order")).await?);
    }
    if query.has("mine") {
        topics.extend(mine(visitor).await?);
    }
    Ok(topics)
}

fn tickets(ids: &str) -> Result<Vec<Topic>, Failure> {
    let ids: Result<Vec<TicketId>, _> = ids.split(',').take(MOST_TICKETS).map(str::parse).collect();
    let ids = ids.map_err(|_| Failure::invalid("tickets", "tickets must be ids of tickets"))?;
    Ok(ids.into_iter().map(Topic::Ticket).collect())
}

async fn order(visitor: &Visitor, id: &str) -> Result<Vec<Topic>, Failure> {
    let id: OrderId = id
        .parse()
        .map_err(|_| Failure::invalid("order", "order must be the id of an order"))?;
    // Orders says whether it is this visitor's.
    let order: Order = visitor.get(&format!("/api/orders/{id}")).await?;
    Ok([Topic::Order(order.id)]
        .into_iter()
        .chain(session(visitor))
        .collect())
}

async fn mine(visitor: &Visitor) -> Result<Vec<Topic>, Failure> {
    let user = visitor.must_be_user().await?;
    Ok([Topic::Person(user.id)]
        .into_iter()
        .chain(session(visitor))
        .collect())
}

/// The session of somebody whom a service has just recognised by it. The token is not verified here: it was there.
fn session(visitor: &Visitor) -> Option<Topic> {
    #[derive(Deserialize)]
    struct Claims {
        sid: Uuid,
    }
    let token = visitor.token()?;
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(Topic::Session(SessionId::from(claims.sid)))
}
