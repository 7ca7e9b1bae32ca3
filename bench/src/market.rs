//! What people do at the market, over HTTP: sign up, list tickets, reserve them, look at them.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::client::{Connection, Reply};
use crate::failure::{Because, Failure};
use crate::latencies::grouped;
use crate::pace;

/// Hashing a password costs the server a core for a while: more at once only wait.
const SIGN_UPS_AT_ONCE: usize = 4;
const LISTING_CONNECTIONS: usize = 64;

/// Someone who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) cookie: HeaderValue,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// What the scenarios read of an order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) expires_at: jiff::Timestamp,
}

/// What the scenarios read of a ticket.
#[derive(Deserialize)]
pub(crate) struct Ticket {
    pub(crate) status: String,
}

/// The address of somebody who signed up: `buyer-7@example.com`.
pub(crate) fn email(role: &str, number: usize) -> String {
    format!("{role}-{number}@example.com")
}

/// Signs up so many people with addresses of their own.
pub(crate) async fn sign_up(
    address: SocketAddr,
    role: &str,
    count: usize,
) -> Result<Vec<Person>, Failure> {
    let mut tasks = JoinSet::new();
    for first in 0..SIGN_UPS_AT_ONCE.min(count) {
        let role = role.to_owned();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut people = Vec::new();
            for number in (first..count).step_by(SIGN_UPS_AT_ONCE) {
                people.push(sign_up_one(&mut connection, &email(&role, number)).await?);
            }
            Ok(people)
        });
    }
    let mut people = Vec::with_capacity(count);
    while let Some(some) = tasks.join_next().await {
        people.extend(some.because("a sign-up was lost")??);
    }
    Ok(people)
}

/// What somebody writes who has an account, or wants one; all have one password, which peers
/// take that want 20 characters at most.
fn credentials(email: &str) -> String {
    format!(r#"{{"email":"{email}","password":"a long password 12"}}"#)
}

pub(crate) async fn sign_in(connection: &mut Connection, email: &str) -> Result<Reply, Failure> {
    connection
        .post("/api/users/signin", None, credentials(email))
        .await
}

async fn sign_up_one(connection: &mut Connection, email: &str) -> Result<Person, Failure> {
    let reply = connection
        .post("/api/users/signup", None, credentials(email))
        .await?
        .expect(StatusCode::CREATED, "sign-up")?;
    // A browser sends back the part before the attributes.
    let pair = |cookie: &HeaderValue| cookie.to_str().ok()?.split(';').next().map(str::to_owned);
    let pairs: Vec<String> = reply
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(pair)
        .collect();
    if pairs.is_empty() {
        return Err(Failure::new("sign-up answered without a session cookie"));
    }
    HeaderValue::from_str(&pairs.join("; "))
        .because("the session cookie")
        .map(|cookie| Person { cookie })
}

/// What a seller says of the ticket with this number.
pub(crate) type Listing = fn(usize) -> String;

/// The least that the scenarios need.
fn plain(number: usize) -> String {
    format!(
        r#"{{"title":"An Evening of Jazz Standards, seat {number}","price":"120.00","currency":"usd","venue":"Massey Hall","city":"Toronto","country":"CA"}}"#
    )
}

/// What one costs that is kept for an onlooker, in hundredths: by that it is told from all others.
pub(crate) const KEPT_PRICE: i64 = 9_900;

/// A ticket that nobody but an onlooker asks for.
pub(crate) fn kept(number: usize) -> String {
    plain(number).replace("120.00", "99.00")
}

/// All that a listing can say, as most do.
pub(crate) fn full(number: usize) -> String {
    let (day, hour) = (number % 28 + 1, number % 12 + 10);
    let (month, row, price) = (number % 12 + 1, number % 40 + 1, number % 300 + 20);
    format!(
        r#"{{"title":"An Evening of Jazz Standards, part {number}","price":"{price}.00","currency":"usd","category":"concert","venue":"Massey Hall","city":"Toronto","country":"CA","startsAt":"2035-{month:02}-{day:02}T{hour}:30:00Z","timeZone":"America/Toronto","section":"Balcony","row":"{row}","seat":"{day}"}}"#
    )
}

/// Lists so many tickets, and returns their ids.
pub(crate) async fn list_tickets(
    address: SocketAddr,
    sellers: &[Person],
    count: usize,
) -> Result<Vec<String>, Failure> {
    list(address, sellers, 0..count, plain).await
}

/// The same, with more to say of each, by its number.
pub(crate) async fn list(
    address: SocketAddr,
    sellers: &[Person],
    numbers: Range<usize>,
    listing: Listing,
) -> Result<Vec<String>, Failure> {
    let (next, end) = (Arc::new(AtomicUsize::new(numbers.start)), numbers.end);
    let mut tasks = JoinSet::new();
    for (seller, _) in sellers.iter().cycle().zip(0..LISTING_CONNECTIONS) {
        let (seller, next) = (seller.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut ids = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return Ok(ids);
                }
                ids.push(list_one(&mut connection, &seller, listing(number)).await?);
            }
        });
    }
    let mut ids = Vec::with_capacity(numbers.len());
    loop {
        tokio::select! {
            joined = tasks.join_next() => match joined {
                Some(some) => ids.extend(some.because("a listing was lost")??),
                None => return Ok(ids),
            },
            () = pace::pause(Duration::from_secs(1)) => {
                let listed = next.load(Ordering::Relaxed).min(end) - numbers.start;
                eprintln!("  listed {} of {} tickets", number(listed), number(numbers.len()));
            }
        }
    }
}

async fn list_one(
    connection: &mut Connection,
    seller: &Person,
    body: String,
) -> Result<String, Failure> {
    let reply = connection
        .post("/api/tickets", Some(&seller.cookie), body)
        .await?;
    Ok(reply
        .expect(StatusCode::CREATED, "listing a ticket")?
        .json::<Created>()?
        .id)
}

/// Asks for the ticket; whether it was given is in the reply's status.
pub(crate) async fn reserve(
    connection: &mut Connection,
    buyer: &Person,
    ticket: &str,
) -> Result<Reply, Failure> {
    let body = format!(r#"{{"ticketId":"{ticket}"}}"#);
    connection
        .post("/api/orders", Some(&buyer.cookie), body)
        .await
}

/// Pays the order with a card that is never declined.
pub(crate) async fn pay(
    connection: &mut Connection,
    buyer: &Person,
    order: &str,
) -> Result<Reply, Failure> {
    let body = format!(r#"{{"orderId":"{order}","token":"tok_visa"}}"#);
    connection
        .post("/api/payments", Some(&buyer.cookie), body)
        .await
}

pub(crate) async fn order(
    connection: &mut Connection,
    buyer: &Person,
    id: &str,
) -> Result<Order, Failure> {
    let reply = connection
        .get(&format!("/api/orders/{id}"), Some(&buyer.cookie))
        .await?;
    reply.expect(StatusCode::OK, "reading an order")?.json()
}

pub(crate) async fn ticket(connection: &mut Connection, id: &str) -> Result<Ticket, Failure> {
    let reply = connection.get(&format!("/api/tickets/{id}"), None).await?;
    reply.expect(StatusCode::OK, "reading a ticket")?.json()
}

/// A count, written for people.
pub(crate) fn number(count: usize) -> String {
    grouped(u64::try_from(count).unwrap_or(u64::MAX))
}
