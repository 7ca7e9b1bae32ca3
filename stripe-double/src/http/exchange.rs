//! One request from its arrival to its answer, with all that may go wrong in between.

use std::sync::Arc;
use std::time::Duration;

use super::act::{Wanted, act};
use super::answer::Answer;
use super::calls::{Call, route};
use super::faults::{Fault, Stage};
use super::keys::{Begin, Wish, in_use};
use super::params::Params;
use super::request::{Caller, Request};
use crate::VERSION;
use crate::book::{Book, Cause, Refusal, Refused};
use crate::house::{House, State};

/// Answers a request; `None` means that its connection is dropped.
pub(crate) async fn serve(house: Arc<House>, request: Request) -> Option<Answer> {
    let call = route(request.method.as_str(), &request.path).map(|(call, _)| call);
    let id = house.with(|state| {
        let (id, now) = (state.book.new_id("req"), state.book.now());
        state.recording.note(&id, now, &request, call);
        id
    });
    let mut exchange = Exchange {
        house,
        request,
        id,
        replayed: false,
        fault: None,
    };
    let answer = exchange.run().await;
    let Exchange {
        house,
        request,
        id,
        replayed,
        fault,
    } = exchange;
    house.with(|state| {
        if let Some(recorded) = state.recording.of(&id) {
            recorded.status = answer.as_ref().map(|answer| answer.status);
            recorded.replayed = replayed;
            recorded.fault = fault;
        }
    });
    let answer = answer?
        .with("request-id", id)
        .with("stripe-version", VERSION);
    Some(match request.key {
        Some(key) => answer.with("idempotency-key", key),
        None => answer,
    })
}

struct Exchange {
    house: Arc<House>,
    request: Request,
    /// `req_…`
    id: String,
    replayed: bool,
    fault: Option<Fault>,
}

impl Exchange {
    async fn run(&mut self) -> Option<Answer> {
        let (secret, publishable) = (&self.house.secret_key, &self.house.publishable_key);
        let caller = match self.request.caller(secret, publishable) {
            Ok(caller) => caller,
            Err(refusal) => return Some(self.refused(&refusal)),
        };
        self.house.with(|state| {
            if let Some(recorded) = state.recording.of(&self.id) {
                recorded.is_publishable = caller == Caller::Browser;
            }
        });
        if let Err(refusal) = self.request.check_version() {
            return Some(self.refused(&refusal));
        }
        let path = self.request.path.clone();
        let Some((call, id)) = route(self.request.method.as_str(), &path) else {
            let message = format!("Unrecognized request URL: {} {path}", self.request.method);
            let refusal = Refusal::invalid(None, message).with_status(404).unbegun();
            return Some(self.refused(&refusal));
        };
        match self.arrive(call).await {
            Arrived::Here => {}
            Arrived::Refused(answer) => return Some(answer),
            Arrived::Lost => return None,
        }
        let answer = self.act_once(call, id, caller).await;
        self.send(call, answer).await
    }

    /// What may happen before Stripe looks at the idempotency key.
    async fn arrive(&mut self, call: Call) -> Arrived {
        match self.take(call, Stage::Arrival) {
            Some(Fault::DropBefore) => Arrived::Lost,
            Some(Fault::TooMany { retry_after }) => Arrived::Refused(Answer::too_many(retry_after)),
            Some(Fault::Unavailable) => Arrived::Refused(Answer::unavailable()),
            Some(Fault::KeyInUse) => {
                let key = self.request.key.clone().unwrap_or_default();
                Arrived::Refused(self.refused(&in_use(&key)))
            }
            Some(Fault::Locked) => Arrived::Refused(self.refused(&Refusal::locked())),
            Some(Fault::Missing) => {
                let missing = Refusal::no_such("object", &self.request.path, "id");
                Arrived::Refused(self.refused(&missing))
            }
            Some(Fault::HangBefore { ms }) => {
                self.hang(ms).await;
                Arrived::Here
            }
            _ => Arrived::Here,
        }
    }

    /// Acts, unless the key has been acted upon.
    async fn act_once(&mut self, call: Call, id: &str, caller: Caller) -> Answer {
        let key = self
            .request
            .key
            .clone()
            .filter(|_| self.request.method == hyper::Method::POST);
        if let Some(key) = &key {
            let wish = Wish::new(&self.request.path, &self.request.params);
            let begun = self
                .house
                .with(|state| state.keys.begin(key, wish, state.book.now()));
            match begun {
                Ok(Begin::Fresh) => {}
                Ok(Begin::Again(answer)) => {
                    self.replayed = true;
                    return answer.with("idempotent-replayed", "true");
                }
                Err(refusal) => return self.refused(&refusal),
            }
        }
        let fault = self.take(call, Stage::Action);
        if let Some(Fault::HangInside { ms }) = fault {
            self.hang(ms).await;
        }
        self.house.with(|state| {
            let cause = Cause {
                request: self.id.clone(),
                key: key.clone(),
            };
            state.book.on_behalf_of(Some(cause));
            let mut answer = self.act(&mut state.book, call, id, caller, fault);
            state.book.on_behalf_of(None);
            if let Some(key) = &key {
                answer = answer.with("original-request", self.id.clone());
                state.keys.end(key, &answer);
            }
            answer
        })
    }

    fn act(
        &self,
        book: &mut Book,
        call: Call,
        id: &str,
        caller: Caller,
        fault: Option<Fault>,
    ) -> Answer {
        let once = |book: &mut Book| self.act_now(book, call, id, caller);
        match fault {
            Some(Fault::FailBefore) => Answer::failure(),
            Some(Fault::Refuse) => {
                let refused = Refusal::invalid(None, "It cannot be done at this moment.");
                Answer::refused(&refused, book, caller == Caller::Browser)
            }
            Some(Fault::FailAfter) => {
                once(book);
                Answer::failure()
            }
            Some(Fault::Twice) => {
                once(book);
                once(book)
            }
            Some(Fault::RefuseCapture) => {
                book.refuse_capture(id);
                once(book)
            }
            Some(Fault::RefundFails) => {
                book.refunds_will_fail = true;
                let answer = once(book);
                book.refunds_will_fail = false;
                answer
            }
            _ => once(book),
        }
    }

    fn act_now(&self, book: &mut Book, call: Call, id: &str, caller: Caller) -> Answer {
        let params = Params::new(self.request.params.clone());
        match act(
            book,
            Wanted {
                call,
                id,
                params,
                caller,
            },
        ) {
            Ok(value) => Answer::json(200, &value),
            Err(refusal) => Answer::refused(&refusal, book, caller == Caller::Browser),
        }
    }

    /// What may happen to the answer.
    async fn send(&mut self, call: Call, answer: Answer) -> Option<Answer> {
        match self.take(call, Stage::Answer) {
            Some(Fault::DropAfter) => None,
            Some(Fault::Malformed) => Some(answer.cut()),
            Some(Fault::HangAfter { ms }) => {
                self.hang(ms).await;
                Some(answer)
            }
            _ => Some(answer),
        }
    }

    /// The next planned fault, if it comes in now and none came before.
    fn take(&mut self, call: Call, stage: Stage) -> Option<Fault> {
        if self.fault.is_some() {
            return None;
        }
        self.fault = self.house.with(|state| state.plan.take(call, stage));
        self.fault.clone()
    }

    async fn hang(&self, ms: Option<u64>) {
        match ms {
            Some(ms) => crate::pause(Duration::from_millis(ms)).await,
            None => self.house.gate.hang().await,
        }
    }

    fn refused(&self, refusal: &Refused) -> Answer {
        self.house
            .with(|state: &mut State| Answer::refused(refusal, &state.book, true))
    }
}

enum Arrived {
    Here,
    Refused(Answer),
    Lost,
}
