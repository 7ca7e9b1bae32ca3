//! What people know: their sessions, what they were told, and so what must be so in the end. Asks nobody for anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tessera_payments::operator::Refund;
use tessera_platform::session::{SigningKeys, Verifier};
use uuid::Uuid;

use crate::net::Answer;
use crate::operator::Told;
use crate::persons::Person;
use crate::wish::{Kind, Wish};

/// What a payment is refused with when there is nothing more to be paid.
const OVER: [&str; 4] = [
    "order_cancelled",
    "order_complete",
    "order_expired",
    "already_paid",
];

/// Something that must be so in the end: in words, and a query that finds what is not.
pub type Promise = (String, String);

/// All that people know.
pub struct Memory {
    /// Everybody, the sellers first.
    pub persons: Vec<Person>,
    /// Tickets that were listed, each with the number of its seller.
    pub tickets: Vec<(usize, String)>,
    /// Orders that were made, each with the number of its buyer.
    pub orders: Vec<(usize, String)>,
    /// Those of them of which nobody was told that they are over.
    pub open: Vec<(usize, String)>,
    /// Orders that were paid.
    pub paid: Vec<String>,
    /// How often what was answered.
    pub tally: BTreeMap<String, u32>,
    /// What somebody was told that cannot be.
    pub complaint: Option<String>,
    /// What was answered under each key.
    answers: BTreeMap<String, (u16, Value)>,
    /// What was decided of each order under each reference.
    refunds: BTreeMap<(String, String), Uuid>,
    /// Sessions whose end somebody asked for, who was in them.
    asked: BTreeSet<Uuid>,
    /// People who asked for the end of all their sessions, in one that may have lived.
    asked_for_all: BTreeSet<Uuid>,
    told: Vec<Promise>,
    verifier: Verifier,
}

impl Memory {
    /// What they know at first; tokens are read by `keys`.
    pub fn new(persons: Vec<Person>, keys: &SigningKeys) -> Memory {
        Memory {
            persons,
            tickets: Vec::new(),
            orders: Vec::new(),
            open: Vec::new(),
            paid: Vec::new(),
            tally: BTreeMap::new(),
            complaint: None,
            answers: BTreeMap::new(),
            refunds: BTreeMap::new(),
            asked: BTreeSet::new(),
            asked_for_all: BTreeSet::new(),
            told: Vec::new(),
            verifier: Verifier::new(keys.public_keys()),
        }
    }

    /// Somebody asks for the end of a session, by it. Answers the sessions that have ended once that is answered.
    pub fn ask_for_end(&mut self, who: usize, sid: Uuid, everywhere: bool) -> Vec<Uuid> {
        let Some(person) = self.persons.get_mut(who) else {
            return Vec::new();
        };
        let mut ends = vec![sid];
        if everywhere {
            let others = person.living.iter().map(|held| held.caller.sid);
            let others: Vec<Uuid> = others.filter(|other| *other != sid).collect();
            // One that has ended ends no other: only who asks for the first time can be sure of those.
            let is_first = !self.asked.contains(&sid);
            if self.asked_for_all.insert(person.user) && is_first {
                ends.extend(&others);
            }
            others.iter().for_each(|other| person.set_aside(*other));
        }
        person.set_aside(sid);
        self.asked.insert(sid);
        ends
    }

    /// Somebody asks for the end of their account.
    pub fn ask_to_leave(&mut self, who: usize) {
        if let Some(person) = self.persons.get_mut(who) {
            person.is_leaving = true;
            self.asked_for_all.insert(person.user);
            let sids: Vec<Uuid> = person.living.iter().map(|held| held.caller.sid).collect();
            sids.into_iter().for_each(|sid| person.set_aside(sid));
        }
    }

    /// Counts what was answered.
    pub fn count(&mut self, name: &str) {
        *self.tally.entry(name.trim_end().to_owned()).or_default() += 1;
    }

    /// What a request was answered with.
    pub fn remember(&mut self, wish: &Wish, answer: &Answer) {
        let Answer { status, body, .. } = answer;
        let code = body["code"].as_str().unwrap_or_default();
        self.count(&format!("{} {status} {code}", wish.kind.name()));
        // Whether a session may be refused is judged where the service's own database can be looked into.
        let is_refused = *status == 401 && wish.kind != Kind::SignIn;
        let may_fail = wish.kind == Kind::SignIn && self.is_leaving(wish.who);
        let is_expected = wish.kind.expects().contains(status) || *status == 401 && may_fail;
        if !is_expected && !is_refused {
            self.complain(format!("{} was answered with {status}: {body}", wish.words));
        }
        if is_refused {
            self.forget_session(wish);
        }
        self.compare_with_twin(wish, answer);
        self.receive_token(wish.who, answer);
        self.keep(wish, answer);
    }

    fn is_leaving(&self, who: usize) -> bool {
        let person = self.persons.get(who);
        person.is_some_and(|person| person.is_leaving)
    }

    fn forget_session(&mut self, wish: &Wish) {
        if let (Some(held), Some(person)) = (wish.held(), self.persons.get_mut(wish.who)) {
            person.set_aside(held.caller.sid);
        }
    }

    fn compare_with_twin(&mut self, wish: &Wish, answer: &Answer) {
        let Answer { status, body, .. } = answer;
        if *status == 201
            && let Some(key) = wish.key()
            && let Some((before, known)) = self
                .answers
                .insert(key.to_owned(), (*status, body["id"].clone()))
            && known != body["id"]
        {
            self.complain(format!(
                "{} was answered with {known} ({before}), and with {body}",
                wish.words
            ));
        }
    }

    fn receive_token(&mut self, who: usize, answer: &Answer) {
        let Some(token) = answer.token.clone() else {
            return;
        };
        let verified = self.verifier.recognise(&token);
        match (verified, self.persons.get_mut(who)) {
            (Some(verified), Some(person)) if verified.user.id.uuid() == person.user => {
                person.receive(token, verified);
            }
            _ => self.complain("somebody was handed a token that is not theirs".to_owned()),
        }
    }

    fn keep(&mut self, wish: &Wish, answer: &Answer) {
        let text = |name: &str| {
            let value = answer.body.get(name).and_then(Value::as_str);
            value.unwrap_or_default()
        };
        let (id, code) = (text("id").to_owned(), text("code"));
        match (&wish.kind, answer.status) {
            (Kind::List, 201) => {
                self.promise(
                    format!("ticket {id} was listed"),
                    lacks("tickets.tickets", "id", &id, ""),
                );
                self.tickets.push((wish.who, id));
            }
            (Kind::Reserve, 201) => {
                self.promise(
                    format!("order {id} was made"),
                    lacks("orders.orders", "id", &id, ""),
                );
                self.orders.push((wish.who, id.clone()));
                self.open.push((wish.who, id));
            }
            (Kind::Pay(order), 201) => {
                let more = "AND status IN ('captured', 'voided', 'capture_failed', 'refunded')";
                let lacks = lacks("payments.payments", "id", &id, more);
                self.promise(format!("payment {id} was authorized"), lacks);
                self.paid.push(order.clone());
            }
            // It may be charged yet, and it may not.
            (Kind::Pay(order), 202) => self.paid.push(order.clone()),
            (Kind::Pay(order), 409) if OVER.contains(&code) => {
                self.open.retain(|(_, open)| open != order);
            }
            (Kind::Pay(order), 401) if self.is_leaving(wish.who) => {
                self.open.retain(|(_, open)| open != order);
            }
            (Kind::Cancel(order), 204) => {
                self.open.retain(|(_, open)| open != order);
                let lacks = lacks("orders.orders", "id", order, "AND status = 'cancelled'");
                self.promise(format!("order {order} was cancelled"), lacks);
            }
            (Kind::SignOut(ends), 200) => {
                for sid in ends {
                    let lacks = lacks("auth.ended_sessions", "sid", &sid.to_string(), "");
                    self.promise(format!("session {sid} was ended"), lacks);
                }
            }
            (Kind::Leave, 204) => {
                let user = self
                    .persons
                    .get(wish.who)
                    .map(|it| it.user.simple().to_string());
                let user = user.unwrap_or_default();
                let still =
                    format!("SELECT 'there it is' FROM auth.users WHERE hex(id) = upper('{user}')");
                self.promise(format!("account {user} was deleted"), still);
            }
            _ => {}
        }
    }

    /// What came of an operator's decision.
    pub fn remember_refund(&mut self, order: &str, reference: Option<&str>, told: Told) {
        match told {
            Told::Decided(refund) => self.decided(order, reference, &refund),
            Told::Refused(why) => self.count(&format!("refund {why}")),
            Told::Busy => self.count("refund busy"),
            Told::Wrong(what) => self.complain(format!("a refund of order {order}: {what}")),
        }
    }

    fn decided(&mut self, order: &str, reference: Option<&str>, refund: &Refund) {
        self.count("refund decided");
        if let Some(reference) = reference {
            let twin = (order.to_owned(), reference.to_owned());
            let known = *self.refunds.entry(twin).or_insert(refund.id);
            if known != refund.id {
                self.complain(format!(
                    "{reference} of order {order} stands for {known}, and for {}",
                    refund.id
                ));
            }
        }
        let lacks = lacks(
            "payments.refunds",
            "id",
            &refund.id.to_string(),
            "AND status = 'done'",
        );
        self.promise(format!("refund {} was decided", refund.id), lacks);
    }

    fn promise(&mut self, words: String, query: String) {
        self.told.push((words, query));
    }

    fn complain(&mut self, what: String) {
        self.complaint.get_or_insert(what);
    }

    /// What must be so in the end.
    pub fn promises(&self) -> Vec<Promise> {
        let people = self
            .persons
            .iter()
            .flat_map(|person| self.left_alone(person));
        self.told.iter().cloned().chain(people).collect()
    }

    /// Nobody ends sessions or an account but their owner.
    fn left_alone(&self, person: &Person) -> Vec<Promise> {
        let (user, name) = (person.user.simple(), &person.name);
        let mut promises = Vec::new();
        if !self.asked_for_all.contains(&person.user) {
            let asked = self
                .asked
                .iter()
                .map(|sid| format!("upper('{}')", sid.simple()));
            let asked = asked.collect::<Vec<_>>().join(", ");
            let query = format!(
                "SELECT hex(id) || ' has ended' FROM auth.sessions WHERE hex(user_id) = upper('{user}')
                 AND ended_at IS NOT NULL AND hex(id) NOT IN ({asked})"
            );
            promises.push((
                format!("{name} did not ask for the end of a session"),
                query,
            ));
        }
        if !person.is_leaving {
            let lacks = lacks("auth.users", "id", &user.to_string(), "");
            promises.push((format!("{name} has an account"), lacks));
        }
        promises
    }
}

/// A query that finds something where there is no such row.
fn lacks(table: &str, column: &str, id: &str, more: &str) -> String {
    let id = id.replace('-', "");
    format!(
        "SELECT 'it is not' WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE hex({column}) = upper('{id}') {more})"
    )
}
