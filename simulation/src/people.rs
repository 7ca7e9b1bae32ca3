//! Those who sell and buy, sign in and out, and leave, and an operator who gives money back: what they want is drawn here.
//! What they know of it is in `memory.rs`.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use tessera_platform::session::SigningKeys;

use crate::memory::Memory;
use crate::net::{Call, Net};
use crate::operator::{Operator, Told};
use crate::persons::{Held, PASSWORD, Person, SELLERS};
use crate::wish::{Act, GiveBack, Kind, Wish};

const CARDS: [&str; 4] = ["tok_visa", "tok_visa", "tok_visa", "tok_chargeDeclined"];
/// Where one is told something of one's own.
const KNOCKED_AT: [(&str, &str); 3] = [
    ("tickets", "/api/tickets?seller=me"),
    ("orders", "/api/orders"),
    (
        "payments",
        "/api/payments?orderId=0198c0de-7a11-7000-8000-000000000001",
    ),
];

/// The people, and what they remember.
pub struct People {
    net: Net,
    operator: Operator,
    memory: Arc<Mutex<Memory>>,
    wishes: u32,
}

impl People {
    /// Two sellers, and so many buyers.
    pub fn new(
        buyers: usize,
        net: Net,
        operator: Operator,
        keys: &SigningKeys,
        (now, chance): (Timestamp, &mut StdRng),
    ) -> Result<People, String> {
        let person = |number| Person::new(number, keys, now, chance);
        let persons = (0..SELLERS + buyers)
            .map(person)
            .collect::<Result<_, _>>()?;
        Ok(People {
            net,
            operator,
            memory: Arc::new(Mutex::new(Memory::new(persons, keys))),
            wishes: 0,
        })
    }

    /// What they know.
    pub fn memory(&self) -> &Mutex<Memory> {
        &self.memory
    }

    /// Draws what somebody wants next.
    pub fn wish(&mut self, chance: &mut StdRng) -> Wish {
        self.wishes += 1;
        let shared = self.memory.clone();
        let mut memory = shared.lock();
        let ticket = mostly_new(&memory.tickets, chance);
        let open = mostly_new(&memory.open, chance).filter(|_| chance.random_bool(0.8));
        let order = open.or_else(|| mostly_new(&memory.orders, chance));
        let buyers = SELLERS..memory.persons.len().max(SELLERS + 1);
        let buyer = drawn(&memory, buyers, chance);
        let anybody = chance.random_range(0..memory.persons.len().max(1));
        let paid = mostly_new(&memory.paid, chance);
        let memory = &mut *memory;
        // First what needs neither a ticket nor an order.
        let wish = match (chance.random_range(0..100), ticket, order) {
            (83..86, ..) => self.knock(memory, anybody, chance),
            (86..89, ..) => self.sign_out(memory, anybody, chance),
            (89..92, ..) => self.renew(memory, anybody, chance),
            (92..94, ..) if may_leave(memory, anybody) => self.leave(memory, anybody, chance),
            (0..12, ..) | (_, None, _) => self.list(memory, chance),
            (12..19, Some((seller, ticket)), _) => self.edit(memory, seller, &ticket, chance),
            (19..22, Some((seller, ticket)), _) => self.withdraw(memory, seller, &ticket, chance),
            (22..52, Some((_, ticket)), _) | (_, Some((_, ticket)), None) => {
                self.reserve(memory, buyer, &ticket, chance)
            }
            (52..77, _, Some((buyer, order))) => self.pay(memory, buyer, &order, chance),
            (77..83, _, Some((buyer, order))) => self.cancel(memory, buyer, order, chance),
            (94..99, _, Some((_, order))) if paid.is_some() || chance.random_range(0..8) == 0 => {
                self.give_back(paid.unwrap_or(order), chance)
            }
            (94..99, _, Some((buyer, order))) => self.pay(memory, buyer, &order, chance),
            (_, _, Some((buyer, order))) => self.look(memory, buyer, &order, chance),
        };
        Wish {
            tries: chance.random_range(1..=4),
            ..wish
        }
    }

    /// Somebody whose sessions have ended tries every door by them, once nothing goes wrong any more.
    pub fn knocks(&self) -> Vec<Wish> {
        let memory = self.memory.lock();
        let people = memory.persons.iter().enumerate();
        let past = people.flat_map(|(who, person)| person.past.iter().map(move |held| (who, held)));
        let every = past.flat_map(|(who, held)| KNOCKED_AT.map(|door| (who, held, door)));
        every
            .map(|(who, held, (service, path))| {
                let call = self.call(Some(held.clone()), Method::GET, service, path.to_owned());
                Wish::asked(&memory, who, Kind::Knock, call)
            })
            .collect()
    }

    /// Does it until it is answered, and remembers the answer.
    pub fn fulfil(&self, wish: Wish) -> impl Future<Output = ()> + Send + 'static {
        let (net, memory) = (self.net.clone(), self.memory.clone());
        let operator = self.operator.clone();
        async move {
            match &wish.act {
                Act::Ask(call) => ask(&net, &memory, &wish, call).await,
                Act::GiveBack(decision) => decide(&operator, &memory, &wish, decision).await,
            }
        }
    }

    fn call(
        &self,
        held: Option<Held>,
        method: Method,
        service: &'static str,
        path: String,
    ) -> Call {
        Call {
            service,
            key: (method == Method::POST).then(|| format!("key-{}", self.wishes)),
            method,
            path,
            held,
            body: None,
        }
    }

    /// A wish of somebody who is signed in. Who is not signs in first.
    fn signed_in(
        &self,
        memory: &Memory,
        who: usize,
        chance: &mut StdRng,
        (kind, method, service, path): (Kind, Method, &'static str, String),
        body: Option<Value>,
    ) -> Wish {
        let person = memory.persons.get(who);
        match person.and_then(|person| person.token(chance)) {
            Some(held) => {
                let call = self.call(Some(held), method, service, path);
                Wish::asked(memory, who, kind, Call { body, ..call })
            }
            None => self.sign_in(memory, who),
        }
    }

    fn sign_in(&self, memory: &Memory, who: usize) -> Wish {
        let email = memory.persons.get(who).map(|person| person.email.as_str());
        let call = self.call(None, Method::POST, "auth", "/api/users/signin".to_owned());
        let body = Some(json!({ "email": email, "password": PASSWORD }));
        Wish::asked(
            memory,
            who,
            Kind::SignIn,
            Call {
                body,
                key: None,
                ..call
            },
        )
    }

    fn list(&self, memory: &Memory, chance: &mut StdRng) -> Wish {
        let seller = drawn(memory, 0..SELLERS, chance);
        let body = json!({
            "title": format!("Hamlet {}", self.wishes), "price": price(chance), "startsAt": "2031-06-01T18:30:00Z",
        });
        let asked = (
            Kind::List,
            Method::POST,
            "tickets",
            "/api/tickets".to_owned(),
        );
        self.signed_in(memory, seller, chance, asked, Some(body))
    }

    fn edit(&self, memory: &Memory, seller: usize, ticket: &str, chance: &mut StdRng) -> Wish {
        let body = Some(json!({ "price": price(chance) }));
        let path = format!("/api/tickets/{ticket}");
        let asked = (Kind::Edit, Method::PUT, "tickets", path);
        self.signed_in(memory, seller, chance, asked, body)
    }

    fn withdraw(&self, memory: &Memory, seller: usize, ticket: &str, chance: &mut StdRng) -> Wish {
        let path = format!("/api/tickets/{ticket}");
        let asked = (Kind::Withdraw, Method::DELETE, "tickets", path);
        self.signed_in(memory, seller, chance, asked, None)
    }

    fn reserve(&self, memory: &Memory, buyer: usize, ticket: &str, chance: &mut StdRng) -> Wish {
        let asked = (
            Kind::Reserve,
            Method::POST,
            "orders",
            "/api/orders".to_owned(),
        );
        let body = Some(json!({ "ticketId": ticket }));
        self.signed_in(memory, buyer, chance, asked, body)
    }

    fn pay(&self, memory: &Memory, buyer: usize, order: &str, chance: &mut StdRng) -> Wish {
        let card = CARDS.choose(chance).copied().unwrap_or_default();
        let kind = Kind::Pay(order.to_owned());
        let asked = (kind, Method::POST, "payments", "/api/payments".to_owned());
        let body = Some(json!({ "orderId": order, "token": card }));
        self.signed_in(memory, buyer, chance, asked, body)
    }

    fn cancel(&self, memory: &Memory, buyer: usize, order: String, chance: &mut StdRng) -> Wish {
        let path = format!("/api/orders/{order}");
        let asked = (Kind::Cancel(order), Method::DELETE, "orders", path);
        self.signed_in(memory, buyer, chance, asked, None)
    }

    fn look(&self, memory: &Memory, buyer: usize, order: &str, chance: &mut StdRng) -> Wish {
        let path = format!("/api/payments?orderId={order}");
        let asked = (Kind::Look, Method::GET, "payments", path);
        self.signed_in(memory, buyer, chance, asked, None)
    }

    fn knock(&self, memory: &Memory, who: usize, chance: &mut StdRng) -> Wish {
        let past = memory
            .persons
            .get(who)
            .and_then(|it| it.past.choose(chance));
        let [first, ..] = KNOCKED_AT;
        let (service, path) = KNOCKED_AT.choose(chance).copied().unwrap_or(first);
        let path = path.to_owned();
        match past {
            Some(held) => {
                let call = self.call(Some(held.clone()), Method::GET, service, path);
                Wish::asked(memory, who, Kind::Knock, call)
            }
            None => {
                let asked = (Kind::Knock, Method::GET, service, path);
                self.signed_in(memory, who, chance, asked, None)
            }
        }
    }

    fn renew(&self, memory: &Memory, who: usize, chance: &mut StdRng) -> Wish {
        let path = "/api/users/currentuser".to_owned();
        let asked = (Kind::Renew, Method::GET, "auth", path);
        self.signed_in(memory, who, chance, asked, None)
    }

    fn sign_out(&self, memory: &mut Memory, who: usize, chance: &mut StdRng) -> Wish {
        let everywhere = chance.random_bool(0.4);
        let is_ancient = chance.random_range(0..4) == 0;
        let person = memory.persons.get(who);
        let held = match is_ancient {
            true => person.map(|person| person.ancient.clone()),
            false => person.and_then(|person| person.token(chance)),
        };
        let Some(held) = held else {
            return self.sign_in(memory, who);
        };
        let ends = match is_ancient {
            true => Vec::new(),
            false => memory.ask_for_end(who, held.caller.sid, everywhere),
        };
        let path = "/api/users/signout".to_owned();
        let call = self.call(Some(held), Method::POST, "auth", path);
        let body = Some(json!({ "everywhere": everywhere }));
        Wish::asked(
            memory,
            who,
            Kind::SignOut(ends),
            Call {
                body,
                key: None,
                ..call
            },
        )
    }

    fn leave(&self, memory: &mut Memory, who: usize, chance: &mut StdRng) -> Wish {
        let path = "/api/users/me".to_owned();
        let body = Some(json!({ "password": PASSWORD }));
        let asked = (Kind::Leave, Method::DELETE, "auth", path);
        let wish = self.signed_in(memory, who, chance, asked, body);
        if wish.kind == Kind::Leave {
            memory.ask_to_leave(who);
        }
        wish
    }

    fn give_back(&self, order: String, chance: &mut StdRng) -> Wish {
        let amount = chance.random_bool(0.7);
        let amount = amount.then(|| format!("{}.00", chance.random_range(1..60)));
        let reference = ["letter 1", "letter 1", "letter 2", ""]
            .choose(chance)
            .copied();
        let reference = reference.filter(|it| !it.is_empty()).map(str::to_owned);
        let unheard = u32::from(reference.is_some() && chance.random_range(0..3) == 0);
        let words = format!("the operator gives back {amount:?} of {order} as {reference:?}");
        let decision = GiveBack {
            order,
            amount,
            reference,
            unheard,
        };
        Wish {
            who: 0,
            words,
            kind: Kind::GiveBack,
            act: Act::GiveBack(decision),
            tries: 1,
        }
    }
}

/// Makes the request until it is answered.
async fn ask(net: &Net, memory: &Mutex<Memory>, wish: &Wish, call: &Call) {
    for _ in 0..wish.tries {
        let answer = net.ask(call).await;
        // Too slow, or somebody else's turn: the outcome is not known, as where nothing is answered.
        if let Some(answer) = answer.filter(|answer| answer.status != 503) {
            return memory.lock().remember(wish, &answer);
        }
        pause().await;
    }
    memory.lock().count("not answered");
}

/// Decides until what came of it is heard.
async fn decide(operator: &Operator, memory: &Mutex<Memory>, wish: &Wish, decision: &GiveBack) {
    let GiveBack {
        order,
        amount,
        reference,
        unheard,
    } = decision;
    let Ok(id) = order.parse() else {
        return;
    };
    for time in 0..wish.tries {
        let told = operator
            .give_back(id, amount.clone(), reference.clone())
            .await;
        if time >= *unheard && !matches!(told, Told::Busy) {
            return memory
                .lock()
                .remember_refund(order, reference.as_deref(), told);
        }
        pause().await;
    }
    memory.lock().count("refund not heard of");
}

/// Mostly one who stays.
fn drawn(memory: &Memory, from: Range<usize>, chance: &mut StdRng) -> usize {
    let mut draw = || chance.random_range(from.clone());
    let (first, second) = (draw(), draw());
    let first_leaves = memory.persons.get(first).is_some_and(|it| it.is_leaving);
    if first_leaves { second } else { first }
}

/// Nobody leaves for the second time, and somebody stays on each side.
fn may_leave(memory: &Memory, who: usize) -> bool {
    let side = match who < SELLERS {
        true => memory.persons.get(..SELLERS),
        false => memory.persons.get(SELLERS..),
    };
    let stay = side.unwrap_or_default().iter().filter(|it| !it.is_leaving);
    stay.count() > 1 && memory.persons.get(who).is_some_and(|it| !it.is_leaving)
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
