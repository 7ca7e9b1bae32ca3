//! What tests ask that are not in Rust, and what the framed page of an authentication asks: all below `/double/`, with
//! JSON in and out. It says what [`crate::StripeDouble`] and [`crate::Webhooks`] say in Rust:
//!
//! - `GET` `requests`, `intents`, `charges`, `refunds`, `disputes`, `events`, `movements`, `hanging`, `clock`
//! - `POST faults` `{call, fault: {kind, …}, times | always}`, `DELETE faults`, `DELETE requests`, `POST release`
//! - `POST clock/advance` `{seconds}`
//! - `POST intents/{id}/` `authenticate` `{outcome}`, `capture` or `refund` `{amount}`, `cancel`, `expire`,
//!   `dispute` `{reason}`; `POST refunds/{id}/fail`; `POST disputes/{id}/close` `{outcome}`
//! - below `webhooks/`: `GET held`, `GET sent`; `POST` `endpoints` `{url, events}`, `endpoints/{id}/rotate`,
//!   `endpoints/{id}/retire`, `mode` `{kind, …}`, `release` `{order}`, `skew` `{seconds}`, `redeliver` `{event}`,
//!   `emit` `{kind, object}`, `settle`; `DELETE endpoints/{id}`
//! - `POST actions/{intent}`, from pages: a form with `client_secret` and `outcome`

use std::sync::Arc;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{Answer, seen_by_a_browser};
use super::calls::Call;
use super::faults::Fault;
use super::request::Request;
use crate::book::{Kept, Outcome, Refusal, Refused, Verdict, whole};
use crate::house::House;
use crate::webhooks::{Mode, Order, Webhooks};

pub(super) async fn answer(house: &Arc<House>, request: &Request) -> Answer {
    let path = request.path.strip_prefix("/double/").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let done = match parts.as_slice() {
        ["webhooks", rest @ ..] => webhooks(house, request, rest).await,
        ["actions", intent] if request.method == Method::POST => {
            finish_action(house, request, intent)
        }
        parts => match request.method {
            Method::GET => looked_at(house, parts),
            Method::DELETE => cleared(house, parts),
            _ => done(house, request, parts),
        },
    };
    match done {
        Ok(value) => Answer::json(200, &value),
        Err(refusal) => house.with(|state| Answer::refused(&refusal, &state.book, true)),
    }
}

fn looked_at(house: &House, parts: &[&str]) -> Result<Value, Refused> {
    Ok(match parts {
        ["requests"] => json!(house.with(|state| state.recording.all())),
        ["intents"] => json!(house.with(|state| state.book.intents.json())),
        ["charges"] => json!(house.with(|state| state.book.charges.json())),
        ["refunds"] => json!(house.with(|state| state.book.refunds.json())),
        ["disputes"] => house.with(|state| {
            let disputes = state.book.disputes.iter();
            disputes
                .map(|dispute| whole(&state.book, dispute.json()))
                .collect()
        }),
        ["events"] => json!(house.with(|state| state.book.events.json())),
        ["movements"] => json!(house.with(|state| state.book.movements.clone())),
        ["hanging"] => json!({ "hanging": house.gate.hanging() }),
        ["clock"] => json!({ "now": house.clock.now() }),
        _ => return Err(nothing_here()),
    })
}

fn cleared(house: &House, parts: &[&str]) -> Result<Value, Refused> {
    match parts {
        ["faults"] => house.with(|state| state.plan.clear()),
        ["requests"] => house.with(|state| state.recording.clear()),
        _ => return Err(nothing_here()),
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
struct PlannedFault {
    call: Call,
    fault: Fault,
    /// One, unless it is said how many.
    times: Option<u32>,
    #[serde(default)]
    always: bool,
}

#[derive(Deserialize)]
struct Seconds {
    seconds: i64,
}

#[derive(Default, Deserialize)]
struct Amount {
    amount: Option<u64>,
}

#[derive(Deserialize)]
struct Ended<T> {
    outcome: T,
}

#[derive(Deserialize)]
struct Disputed {
    reason: String,
}

fn done(house: &House, request: &Request, parts: &[&str]) -> Result<Value, Refused> {
    match parts {
        ["faults"] => {
            let planned: PlannedFault = body(request)?;
            let times = planned.times.or((!planned.always).then_some(1));
            house.with(|state| state.plan.add(planned.call, planned.fault, times));
            Ok(json!({}))
        }
        ["release"] => {
            house.gate.release();
            Ok(json!({}))
        }
        ["clock", "advance"] => {
            house.advance(body::<Seconds>(request)?.seconds);
            Ok(json!({ "now": house.clock.now() }))
        }
        ["intents", id, "authenticate"] => {
            house.complete_action(id, body::<Ended<Outcome>>(request)?.outcome)
        }
        ["intents", id, "capture"] => house.capture_outside(id, body::<Amount>(request)?.amount),
        ["intents", id, "cancel"] => house.cancel_outside(id),
        ["intents", id, "refund"] => house.refund_outside(id, body::<Amount>(request)?.amount),
        ["intents", id, "dispute"] => house.dispute(id, &body::<Disputed>(request)?.reason),
        ["intents", id, "expire"] => house.expire(id),
        ["refunds", id, "fail"] => house.fail_refund(id),
        ["disputes", id, "close"] => {
            house.close_dispute(id, body::<Ended<Verdict>>(request)?.outcome)
        }
        _ => Err(nothing_here()),
    }
}

/// The framed page says how an authentication ended: only whoever has the client secret can. A form, as whatever comes
/// from pages to Stripe.
fn finish_action(house: &House, request: &Request, intent: &str) -> Result<Value, Refused> {
    let param = |name: &str| {
        let mut params = request.params.iter();
        let found = params
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone());
        found.ok_or_else(|| Refusal::missing(name))
    };
    let secret = param("client_secret")?;
    house.with(|state| state.book.check_secret(intent, &secret))?;
    let outcome = match param("outcome")?.as_str() {
        "succeed" => Outcome::Succeed,
        "fail" => Outcome::Fail,
        "abandon" => Outcome::Abandon,
        other => {
            let message = format!("Invalid outcome: {other}");
            return Err(Refusal::parameter(None, "outcome", message));
        }
    };
    Ok(seen_by_a_browser(house.complete_action(intent, outcome)?))
}

#[derive(Deserialize)]
struct NewEndpoint {
    url: String,
    events: Vec<String>,
}

#[derive(Deserialize)]
struct Released {
    order: Order,
}

#[derive(Deserialize)]
struct Named {
    event: String,
}

#[derive(Deserialize)]
struct Emitted {
    kind: String,
    object: Value,
}

async fn webhooks(house: &Arc<House>, request: &Request, parts: &[&str]) -> Result<Value, Refused> {
    let webhooks = Webhooks::new(house.clone());
    let answer = match (request.method.as_str(), parts) {
        ("GET", ["held"]) => {
            let held = webhooks.held().into_iter();
            held.map(|(event, kind)| json!({ "event": event, "kind": kind }))
                .collect()
        }
        ("GET", ["sent"]) => json!(webhooks.sent()),
        ("POST", ["settle"]) => {
            webhooks.settled().await;
            json!({})
        }
        ("POST", ["endpoints"]) => {
            let NewEndpoint { url, events } = body(request)?;
            let (id, secret) = house.with(|state| state.book.create_endpoint(url, events))?;
            json!({ "id": id, "secret": secret })
        }
        ("DELETE", ["endpoints", id]) => {
            webhooks.remove(id);
            json!({})
        }
        ("POST", ["endpoints", id, "rotate"]) => {
            json!({ "secret": house.with(|state| state.book.rotate_secret(id))? })
        }
        ("POST", ["endpoints", id, "retire"]) => {
            house.with(|state| state.book.retire_secrets(id))?;
            json!({})
        }
        ("POST", ["mode"]) => {
            webhooks.mode(body::<Mode>(request)?);
            json!({})
        }
        ("POST", ["release"]) => {
            json!({ "released": webhooks.release(&body::<Released>(request)?.order) })
        }
        ("POST", ["skew"]) => {
            webhooks.skew(body::<Seconds>(request)?.seconds);
            json!({})
        }
        ("POST", ["redeliver"]) => {
            json!({ "deliveries": webhooks.redeliver(&body::<Named>(request)?.event) })
        }
        ("POST", ["emit"]) => {
            let Emitted { kind, object } = body(request)?;
            json!({ "event": webhooks.emit(&kind, object) })
        }
        _ => return Err(nothing_here()),
    };
    Ok(answer)
}

/// No body is an empty object.
fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refused> {
    let text = if request.body.is_empty() {
        b"{}"
    } else {
        request.body.as_slice()
    };
    let wrong = |error: serde_json::Error| Refusal::invalid(None, error.to_string());
    serde_json::from_slice(text).map_err(wrong)
}

fn nothing_here() -> Refused {
    Refusal::invalid(None, "The double has no such control.").with_status(404)
}
