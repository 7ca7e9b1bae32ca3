//! Those who sell and buy: what they want is drawn, and what they were told is remembered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use tessera_contracts::UserId;
use tessera_platform::session::{SigningKeys, User};
use uuid::Uuid;

use crate::net::{Answer, Call, Net};

const CARDS: [&str; 4] = ["tok_visa", "tok_visa", "tok_visa", "tok_chargeDeclined"];

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    name: String,
    token: String,
}

/// All that people were told.
#[derive(Default)]
pub struct Memory {
    /// Tickets that were listed.
    tickets: Vec<String>,
    /// Orders that were made, each with the number of its buyer.
    orders: Vec<(usize, String)>,
    /// Orders whose buyers were told that they are cancelled.
    cancelled: Vec<String>,
    /// Payments that were taken.
    payments: Vec<String>,
    /// What was answered under each key.
    answers: BTreeMap<String, (u16, Value)>,
    /// How often what was answered.
    pub tally: BTreeMap<String, u32>,
    /// What somebody was told that cannot be.
    pub complaint: Option<String>,
}

/// The people, and what they remember.
pub struct People {
    seller: Person,
    buyers: Vec<Person>,
    net: Net,
    memory: Arc<Mutex<Memory>>,
    wishes: u32,
}

/// What somebody wants: a request, made as often as it takes.
pub struct Wish {
    call: Call,
    /// For people.
    pub words: String,
    kind: Kind,
    tries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    List,
    Edit,
    Withdraw,
    Reserve(usize),
    Pay,
    Cancel(String),
    Look,
}

impl Person {
    fn new(
        name: String,
        number: u128,
        keys: &SigningKeys,
        now: Timestamp,
    ) -> Result<Person, String> {
        let user = User {
            id: UserId::from(Uuid::from_u128((0x7 << 76) | (0b10 << 62) | number)),
            sid: Uuid::from_u128((0x7 << 76) | (0b10 << 62) | (number + 1_000)).into(),
        };
        // A while ago, so that it counts also where a clock is slow.
        let issued = now.saturating_sub(jiff::SignedDuration::from_mins(1));
        let token = keys.issue(user, issued.unwrap_or(now));
        let token = token.map_err(|error| error.to_string())?;
        Ok(Person { name, token })
    }
}

impl People {
    /// A seller, and so many buyers.
    pub fn new(
        buyers: usize,
        net: Net,
        keys: &SigningKeys,
        now: Timestamp,
    ) -> Result<People, String> {
        let buyer =
            |number: usize| Person::new(format!("buyer {number}"), number as u128 + 2, keys, now);
        Ok(People {
            seller: Person::new("seller".to_owned(), 1, keys, now)?,
            buyers: (0..buyers).map(buyer).collect::<Result<_, _>>()?,
            net,
            memory: Arc::default(),
            wishes: 0,
        })
    }

    /// What they were told.
    pub fn memory(&self) -> &Mutex<Memory> {
        &self.memory
    }

    /// Draws what somebody wants next.
    pub fn wish(&mut self, chance: &mut StdRng) -> Wish {
        self.wishes += 1;
        let memory = self.memory.lock();
        let ticket = mostly_new(&memory.tickets, chance);
        let order = mostly_new(&memory.orders, chance);
        drop(memory);
        let wish = match (chance.random_range(0..100), ticket, order) {
            (0..12, ..) | (_, None, _) => self.list(chance),
            (12..20, Some(ticket), _) => self.edit(&ticket, chance),
            (20..23, Some(ticket), _) => self.withdraw(&ticket),
            (23..55, Some(ticket), _) | (_, Some(ticket), None) => self.reserve(&ticket, chance),
            (55..85, _, Some((buyer, order))) => self.pay(buyer, &order, chance),
            (85..93, _, Some((buyer, order))) => self.cancel(buyer, &order),
            (_, _, Some((buyer, order))) => self.look(buyer, &order),
        };
        Wish {
            tries: chance.random_range(1..=4),
            ..wish
        }
    }

    /// Makes the request until it is answered, and remembers the answer.
    pub fn fulfil(&self, wish: Wish) -> impl Future<Output = ()> + Send + 'static {
        let (net, memory) = (self.net.clone(), self.memory.clone());
        async move {
            for _ in 0..wish.tries {
                let answer = net.ask(&wish.call).await;
                // Too slow, or somebody else's turn: the outcome is not known, as where nothing is answered.
                if let Some(answer) = answer.filter(|answer| answer.status != 503) {
                    return memory.lock().remember(&wish, &answer);
                }
                pause().await;
            }
            let mut memory = memory.lock();
            *memory.tally.entry("not answered".to_owned()).or_default() += 1;
        }
    }

    fn call(&self, who: &Person, method: Method, service: &'static str, path: String) -> Call {
        Call {
            service,
            key: (method == Method::POST).then(|| format!("key-{}", self.wishes)),
            method,
            path,
            token: who.token.clone(),
            body: None,
        }
    }

    fn list(&self, chance: &mut StdRng) -> Wish {
        let body = json!({
            "title": format!("Hamlet {}", self.wishes), "price": price(chance), "startsAt": "2031-06-01T18:30:00Z",
        });
        let call = self.call(
            &self.seller,
            Method::POST,
            "tickets",
            "/api/tickets".to_owned(),
        );
        wish(
            Kind::List,
            Call {
                body: Some(body),
                ..call
            },
            &self.seller,
        )
    }

    fn edit(&self, ticket: &str, chance: &mut StdRng) -> Wish {
        let call = self.call(
            &self.seller,
            Method::PUT,
            "tickets",
            format!("/api/tickets/{ticket}"),
        );
        let body = Some(json!({ "price": price(chance) }));
        wish(Kind::Edit, Call { body, ..call }, &self.seller)
    }

    fn withdraw(&self, ticket: &str) -> Wish {
        let path = format!("/api/tickets/{ticket}");
        let call = self.call(&self.seller, Method::DELETE, "tickets", path);
        wish(Kind::Withdraw, call, &self.seller)
    }

    fn reserve(&self, ticket: &str, chance: &mut StdRng) -> Wish {
        let number = chance.random_range(0..self.buyers.len());
        let buyer = self.buyer(number);
        let call = self.call(buyer, Method::POST, "orders", "/api/orders".to_owned());
        let body = Some(json!({ "ticketId": ticket }));
        wish(Kind::Reserve(number), Call { body, ..call }, buyer)
    }

    fn pay(&self, buyer: usize, order: &str, chance: &mut StdRng) -> Wish {
        let buyer = self.buyer(buyer);
        let card = CARDS.choose(chance).copied().unwrap_or_default();
        let call = self.call(buyer, Method::POST, "payments", "/api/payments".to_owned());
        let body = Some(json!({ "orderId": order, "token": card }));
        wish(Kind::Pay, Call { body, ..call }, buyer)
    }

    fn cancel(&self, buyer: usize, order: &str) -> Wish {
        let buyer = self.buyer(buyer);
        let call = self.call(
            buyer,
            Method::DELETE,
            "orders",
            format!("/api/orders/{order}"),
        );
        wish(Kind::Cancel(order.to_owned()), call, buyer)
    }

    fn look(&self, buyer: usize, order: &str) -> Wish {
        let buyer = self.buyer(buyer);
        let path = format!("/api/payments?orderId={order}");
        let call = self.call(buyer, Method::GET, "payments", path);
        wish(Kind::Look, call, buyer)
    }

    fn buyer(&self, number: usize) -> &Person {
        self.buyers.get(number).unwrap_or(&self.seller)
    }
}

fn wish(kind: Kind, call: Call, who: &Person) -> Wish {
    let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
    Wish {
        words: format!("{}: {} {} {body}", who.name, call.method, call.path),
        kind,
        call,
        tries: 1,
    }
}

/// One of the last few, more often than not: where something is going on.
fn mostly_new<T: Clone>(all: &[T], chance: &mut StdRng) -> Option<T> {
    let last = all.get(all.len().saturating_sub(3)..).unwrap_or(all);
    let from = if chance.random_bool(0.7) { last } else { all };
    from.choose(chance).cloned()
}

fn price(chance: &mut StdRng) -> String {
    format!("{}.00", chance.random_range(10..100))
}

/// Between two tries.
#[expect(
    clippy::disallowed_methods,
    reason = "the time of the runtime, which the simulation moves"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

impl Kind {
    /// What may be answered: all else is a fault.
    fn expects(&self) -> &'static [u16] {
        match self {
            Kind::List => &[201],
            Kind::Edit => &[200, 409],
            Kind::Withdraw => &[204, 409],
            Kind::Reserve(_) => &[201, 404, 409],
            Kind::Pay => &[201, 202, 402, 404, 409],
            Kind::Cancel(_) => &[204, 409],
            Kind::Look => &[200, 404],
        }
    }
}

impl Memory {
    fn remember(&mut self, wish: &Wish, answer: &Answer) {
        let Answer { status, body } = answer;
        let code = body["code"].as_str().unwrap_or_default();
        let name = format!("{} {status} {code}", kind_name(&wish.kind));
        let name = name.trim_end().to_owned();
        *self.tally.entry(name).or_default() += 1;
        if !wish.kind.expects().contains(status) {
            self.complain(format!("{} was answered with {status}: {body}", wish.words));
        }
        if *status == 201
            && let Some(key) = &wish.call.key
            && let Some((before, known)) = self
                .answers
                .insert(key.clone(), (*status, body["id"].clone()))
            && known != body["id"]
        {
            self.complain(format!(
                "{} was answered with {known} ({before}), and with {body}",
                wish.words
            ));
        }
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        match (&wish.kind, status) {
            (Kind::List, 201) => self.tickets.push(id),
            (Kind::Reserve(buyer), 201) => self.orders.push((*buyer, id)),
            (Kind::Pay, 201) => self.payments.push(id),
            (Kind::Cancel(order), 204) => self.cancelled.push(order.clone()),
            _ => {}
        }
    }

    fn complain(&mut self, what: String) {
        self.complaint.get_or_insert(what);
    }

    /// What must be so in the end, each as a query that finds what is not.
    pub fn promises(&self) -> Vec<(String, String)> {
        let lacks = |table: &str, id: &str, more: &str| {
            let id = id.replace('-', "");
            format!(
                "SELECT 'it is not' WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE hex(id) = upper('{id}') {more})"
            )
        };
        let tickets = self.tickets.iter().map(|id| {
            (
                format!("ticket {id} was listed"),
                lacks("tickets.tickets", id, ""),
            )
        });
        let orders = self.orders.iter().map(|(_, id)| {
            (
                format!("order {id} was made"),
                lacks("orders.orders", id, ""),
            )
        });
        let cancelled = self.cancelled.iter().map(|id| {
            let more = "AND status = 'cancelled'";
            (
                format!("order {id} was cancelled"),
                lacks("orders.orders", id, more),
            )
        });
        let payments = self.payments.iter().map(|id| {
            let more = "AND status IN ('captured', 'voided', 'capture_failed')";
            (
                format!("payment {id} was authorized"),
                lacks("payments.payments", id, more),
            )
        });
        tickets
            .chain(orders)
            .chain(cancelled)
            .chain(payments)
            .collect()
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::List => "list",
        Kind::Edit => "edit",
        Kind::Withdraw => "withdraw",
        Kind::Reserve(_) => "reserve",
        Kind::Pay => "pay",
        Kind::Cancel(_) => "cancel",
        Kind::Look => "look",
    }
}
