//! One buyer: reserves, looks, cancels, leaves, pays, hangs up, and asks again where no answer came. Each thing is one
//! operation, from its first request to its last answer, however often it was sent. It never judges an answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::client::{Answer, Client};
use tessera_tests::pause;

use crate::history::{Deed, Micros, Operation, Order, Seen};
use crate::round::Round;

/// Somebody who hangs up does so within this time, in milliseconds: mostly while the server is at work.
const HURRY: u64 = 12;

/// How long anybody else waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often anything is tried again, so many milliseconds apart: a server may be away for a minute.
const TRIES: usize = 3_000;
const BETWEEN: u64 = 20;

/// Of what a buyer made, so many are looked at again; besides what was left to its deadline.
const REMEMBERED: usize = 5;

/// One buyer in one round.
pub struct Buyer {
    pub number: usize,
    client: Client,
    round: Arc<Round>,
    random: StdRng,
    own: Vec<Own>,
    /// What was not answered, and is asked for again later.
    later: Vec<Wish>,
    /// Waits for every answer.
    is_patient: bool,
}

/// An order of one's own.
struct Own {
    order: Order,
    id: String,
    ticket: usize,
    /// Its buyer means to end it, and was not told yet that it has ended.
    is_live: bool,
    /// Its buyer left it to its deadline.
    is_left: bool,
}

/// A reservation that was begun.
struct Wish {
    ticket: usize,
    key: String,
    begun: Micros,
}

/// What is sent, once or more often.
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
    key: Option<String>,
    /// Some are sent twice at once.
    is_sent_twice: bool,
}

impl Buyer {
    pub fn new(number: usize, client: Client, round: &Arc<Round>, seed: u64) -> Buyer {
        let own = u64::try_from(number).expect("a few");
        Buyer {
            number,
            client,
            round: round.clone(),
            random: StdRng::seed_from_u64(seed ^ (own << 32)),
            own: Vec::new(),
            later: Vec::new(),
            is_patient: false,
        }
    }

    /// Buys until the round is over; then sees to it that nothing stays behind.
    pub async fn live(mut self) {
        while !self.round.is_over() {
            match self.random.random_range(0..100) {
                0..8 if !self.later.is_empty() => {
                    let wish = self.later.remove(0);
                    self.ask_for(wish).await;
                }
                8..40 if self.live_one().is_some() => self.cancel_one().await,
                40..56 if !self.own.is_empty() => self.look_back().await,
                56..66 if self.sells() => self.pay_one().await,
                _ => {
                    let ticket = self.random.random_range(0..self.round.tickets.len());
                    self.reserve(ticket).await;
                }
            }
            pause(self.random.random_range(0..8)).await;
        }
        self.is_patient = true;
        for wish in std::mem::take(&mut self.later) {
            self.ask_for(wish).await;
        }
        self.give_back().await;
        self.look_back().await;
    }

    /// Gets each ticket that is not sold once, however long that takes, and gives it back. Answers whether it did.
    pub async fn get_all(&mut self) -> bool {
        self.is_patient = true;
        for ticket in 0..self.round.tickets.len() {
            if !self.get(ticket).await {
                return false;
            }
        }
        self.give_back().await;
        true
    }

    async fn get(&mut self, ticket: usize) -> bool {
        for _try in 0..TRIES {
            match self.reserve(ticket).await {
                Some(Deed::FoundTaken) | None => pause(BETWEEN).await,
                Some(_) => return true,
            }
        }
        false
    }

    async fn give_back(&mut self) {
        while self.live_one().is_some() {
            self.cancel_one().await;
        }
    }

    async fn reserve(&mut self, ticket: usize) -> Option<Deed> {
        let key = format!("{:032x}", self.random.random::<u128>());
        let begun = self.round.now();
        self.ask_for(Wish { ticket, key, begun }).await
    }

    /// Asks for a ticket, or once more what became of the wish.
    async fn ask_for(&mut self, wish: Wish) -> Option<Deed> {
        let request = Request {
            method: Method::POST,
            path: "/api/orders".to_owned(),
            body: Some(json!({ "ticketId": self.round.tickets[wish.ticket] })),
            key: Some(wish.key.clone()),
            is_sent_twice: self.random.random_bool(0.1),
        };
        let Some(answer) = self.send(&request).await else {
            if self.round.leaves && self.random.random_bool(0.4) {
                self.forget(&wish);
            } else {
                self.later.push(wish);
            }
            return None;
        };
        let deed = self.reserved(wish.ticket, &answer);
        self.record(wish.ticket, deed.clone(), wish.begun, true);
        Some(deed)
    }

    /// Never asks what became of it.
    fn forget(&self, wish: &Wish) {
        let order = self.round.number_of_unknown();
        let until = self.round.earliest_end(wish.begun);
        let deed = Deed::Reserve { order, until };
        self.record(wish.ticket, deed, wish.begun, false);
    }

    fn reserved(&mut self, ticket: usize, answer: &Answer) -> Deed {
        match (answer.status, answer.body["code"].as_str()) {
            (201, _) => {}
            (409, Some("ticket_reserved")) => return Deed::FoundTaken,
            (409, Some("ticket_sold")) => return Deed::FoundSold,
            _ => return Deed::strange("reserve", answer),
        }
        let id = answer.text("id");
        let until = self.round.moment(&answer.text("expiresAt"));
        let (Some(order), Some(until)) = (self.round.number(&id), until) else {
            return Deed::strange("the order of another reservation", answer);
        };
        let is_left = self.round.leaves && self.random.random_bool(0.1);
        self.own.push(Own {
            order,
            id,
            ticket,
            is_live: !is_left,
            is_left,
        });
        Deed::Reserve { order, until }
    }

    async fn cancel_one(&mut self) {
        let Some(place) = self.live_one() else { return };
        let Own { order, ticket, .. } = self.own[place];
        let request = self.about(place, Method::DELETE);
        let begun = self.round.now();
        let Some(answer) = self.send(&request).await else {
            self.record(ticket, Deed::Cancel { order }, begun, false);
            return;
        };
        let deed = match (answer.status, answer.body["code"].as_str()) {
            (204, _) => Deed::Cancel { order },
            (409, Some("order_complete")) => Deed::CancelledTooLate { order },
            _ => Deed::strange("cancel", &answer),
        };
        self.record(ticket, deed, begun, true);
        self.own[place].is_live = false;
    }

    /// Looks at one of the last orders, and, once there is time, at all of them.
    async fn look_back(&mut self) {
        let last = self.own.len().saturating_sub(REMEMBERED);
        let places = 0..self.own.len();
        let places = places.filter(|place| *place >= last || self.own[*place].is_left);
        let places = if self.is_patient {
            places.collect()
        } else {
            Vec::from_iter(places.choose(&mut self.random))
        };
        for place in places {
            self.look(place).await;
        }
    }

    async fn look(&mut self, place: usize) {
        let Own { order, ticket, .. } = self.own[place];
        let request = self.about(place, Method::GET);
        let begun = self.round.now();
        // A look without an answer says nothing.
        let Some(answer) = self.send(&request).await else {
            return;
        };
        let [status, reason] = ["status", "cancelReason"].map(|name| answer.body[name].as_str());
        let seen = match (answer.status, status, reason) {
            (200, Some("created"), None) => Some(Seen::Created),
            (200, Some("awaiting:payment"), None) => Some(Seen::AwaitingPayment),
            (200, Some("complete"), None) => Some(Seen::Complete),
            (200, Some("cancelled"), Some("cancelled_by_buyer")) => Some(Seen::Cancelled),
            (200, Some("cancelled"), Some("expired")) => Some(Seen::Expired),
            _ => None,
        };
        let deed = seen.map(|seen| Deed::Look { order, seen });
        let deed = deed.unwrap_or_else(|| Deed::strange("look", &answer));
        self.record(ticket, deed, begun, true);
    }

    /// Pays an order. It completes later, if nothing else ends it before.
    async fn pay_one(&mut self) {
        let Some(place) = self.live_one() else { return };
        let Own { order, ticket, .. } = self.own[place];
        let request = Request {
            method: Method::POST,
            path: "/api/payments".to_owned(),
            body: Some(json!({ "orderId": self.own[place].id, "token": "tok_visa" })),
            key: Some(format!("{:032x}", self.random.random::<u128>())),
            is_sent_twice: false,
        };
        let begun = self.round.now();
        self.record(ticket, Deed::Pay { order }, begun, false);
        // What it answers is the business of payments: it is not asked here.
        let paid = self.send(&request).await;
        if paid.is_some_and(|paid| paid.status == 201) {
            // Some who have paid are content; others look, and want to be rid of it all the same.
            self.own[place].is_live = self.random.random_bool(0.7);
            self.look(place).await;
        }
    }

    fn about(&self, place: usize, method: Method) -> Request {
        Request {
            method,
            path: format!("/api/orders/{}", self.own[place].id),
            body: None,
            key: None,
            is_sent_twice: false,
        }
    }

    fn live_one(&self) -> Option<usize> {
        self.own.iter().position(|own| own.is_live)
    }

    fn sells(&self) -> bool {
        self.round.sells.load(Ordering::Relaxed) && self.live_one().is_some()
    }

    /// Sends it until there is an answer; some give up after the first time without.
    async fn send(&mut self, request: &Request) -> Option<Answer> {
        let gives_up = !self.is_patient && self.random.random_bool(0.4);
        let hurries = !self.is_patient && self.random.random_bool(0.08);
        let hurry = hurries.then(|| self.random.random_range(0..HURRY));
        if let Some(answer) = self.send_once(request, hurry).await {
            return Some(answer);
        }
        if gives_up {
            self.until_it_is_back().await;
            return None;
        }
        for _try in 0..TRIES {
            pause(BETWEEN).await;
            let answer = self.send_once(request, None).await;
            if answer.is_some() {
                return answer;
            }
        }
        panic!("{} {} is not answered", request.method, request.path);
    }

    /// Whoever goes on while the server is away would only give up again.
    async fn until_it_is_back(&self) {
        for _look in 0..TRIES {
            let shown = self.here().try_get("/api/orders?limit=1").await;
            if shown.is_some_and(|shown| shown.status == 200) {
                return;
            }
            pause(BETWEEN).await;
        }
        panic!("the server does not come back");
    }

    /// The answer, if it is one: a server that has trouble, or is at it still, says nothing of what it did.
    async fn send_once(&self, request: &Request, hurry: Option<u64>) -> Option<Answer> {
        let here = self.here();
        let span = hurry.map_or(PATIENCE, Duration::from_millis);
        let answer = tokio::time::timeout(span, request.send_by(&here)).await;
        let answer = answer.ok().flatten();
        if answer.is_none() {
            self.round.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    fn here(&self) -> Client {
        self.client.at(&self.round.url.read())
    }

    fn record(&self, ticket: usize, deed: Deed, begun: Micros, is_answered: bool) {
        let answered = is_answered.then(|| self.round.now());
        let operation = Operation {
            buyer: self.number,
            deed,
            begun,
            answered,
        };
        self.round.record(ticket, operation);
    }
}

impl Request {
    async fn send_by(&self, client: &Client) -> Option<Answer> {
        if !self.is_sent_twice {
            return self.send_one_by(client).await;
        }
        match tokio::join!(self.send_one_by(client), self.send_one_by(client)) {
            (Some(one), Some(other)) => Some(same(one, other)),
            (one, other) => one.or(other),
        }
    }

    async fn send_one_by(&self, client: &Client) -> Option<Answer> {
        let (method, body, key) = (self.method.clone(), self.body.clone(), self.key.as_deref());
        let answer = client.send(method, &self.path, body, key).await;
        answer.filter(is_an_answer)
    }
}

fn is_an_answer(answer: &Answer) -> bool {
    answer.status < 500 && answer.body["code"] != "idempotency_in_progress"
}

/// What both of two requests under one key were answered.
fn same(one: Answer, other: Answer) -> Answer {
    if (one.status, &one.body) == (other.status, &other.body) {
        return one;
    }
    Answer {
        status: 0,
        body: json!([one.body, other.body]),
        ..one
    }
}
