//! What a call does to the book, and what it is answered.

use serde_json::{Value, json};

use super::answer::seen_by_a_browser;
use super::calls::Call;
use super::page::Page;
use super::params::Params;
use super::request::{Caller, secret_key_required};
use super::{intents, objects};
use crate::book::{Book, Kept, Refused, Shelf, check_paths, expand};

/// A call with all that it needs.
pub(super) struct Wanted<'a> {
    pub(super) call: Call,
    /// The id in the path.
    pub(super) id: &'a str,
    pub(super) params: Params,
    pub(super) caller: Caller,
}

/// Does it, and answers the object.
pub(super) fn act(book: &mut Book, mut wanted: Wanted<'_>) -> Result<Value, Refused> {
    may_ask(book, &mut wanted)?;
    let paths = wanted.params.list("expand");
    check_paths(&paths)?;
    let is_browser = wanted.caller == Caller::Browser;
    let mut value = perform(book, wanted)?;
    for path in paths {
        expand(book, &mut value, &path)?;
    }
    let is_intent = value
        .get("object")
        .is_some_and(|kind| kind == "payment_intent");
    Ok(if is_browser && is_intent {
        seen_by_a_browser(value)
    } else {
        value
    })
}

/// What a browser may ask: to make a token of a card, and to see or confirm an intent whose client secret it has.
fn may_ask(book: &Book, wanted: &mut Wanted<'_>) -> Result<(), Refused> {
    let secret = match wanted.call {
        Call::Retrieve | Call::Confirm => wanted.params.text("client_secret")?,
        _ => None,
    };
    if let Some(secret) = &secret {
        book.check_secret(wanted.id, secret)?;
    }
    match (wanted.caller, wanted.call) {
        (Caller::Server, _) => Ok(()),
        (Caller::Browser, Call::Retrieve | Call::Confirm) if secret.is_some() => Ok(()),
        (
            Caller::Browser,
            Call::CreateToken | Call::CreatePaymentMethod | Call::CreateConfirmationToken,
        ) => Ok(()),
        (Caller::Browser, _) => Err(secret_key_required()),
    }
}

fn perform(book: &mut Book, wanted: Wanted<'_>) -> Result<Value, Refused> {
    let Wanted {
        call, id, params, ..
    } = wanted;
    match call {
        Call::Create => intents::create(book, params),
        Call::Retrieve => one(&book.intents, id, "intent", params),
        Call::List => objects::page(params, &[], |page, _| {
            page.of(&book.intents, "/v1/payment_intents", |_| true)
        }),
        Call::Update => intents::update(book, id, params),
        Call::Confirm => intents::confirm(book, id, params),
        Call::Capture => intents::capture(book, id, params),
        Call::Cancel => intents::cancel(book, id, params),
        Call::RetrieveCharge => one(&book.charges, id, "charge", params),
        Call::ListCharges => objects::charges(book, params),
        Call::Refund => objects::refund(book, params),
        Call::RetrieveRefund => one(&book.refunds, id, "refund", params),
        Call::ListRefunds => objects::refunds(book, params),
        Call::RetrieveEvent => one(&book.events, id, "id", params),
        Call::ListEvents => objects::events(book, params),
        Call::RetrieveDispute => objects::dispute(book, id, params),
        Call::ListDisputes => objects::disputes(book, params),
        Call::RetrieveBalanceTransaction => one(&book.transactions, id, "id", params),
        Call::CreatePaymentMethod => objects::create_method(book, params),
        Call::RetrievePaymentMethod => one(&book.methods, id, "payment_method", params),
        Call::CreateToken => objects::create_token(book, params),
        Call::RetrieveToken => one(&book.tokens, id, "token", params),
        Call::CreateConfirmationToken => objects::create_confirmation_token(book, params),
        Call::RetrieveConfirmationToken => {
            one(&book.confirmation_tokens, id, "confirmation_token", params)
        }
        Call::CreateWebhookEndpoint => objects::create_endpoint(book, params),
        Call::RetrieveWebhookEndpoint => one(&book.endpoints, id, "webhook_endpoint", params),
        Call::ListWebhookEndpoints => objects::page(params, &[], |page: &Page, _| {
            page.of(&book.endpoints, "/v1/webhook_endpoints", |_| true)
        }),
        Call::DeleteWebhookEndpoint => {
            params.finish()?;
            book.endpoints.find(id, "webhook_endpoint")?;
            book.endpoints.remove(id);
            Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
        }
        // No request is routed to it.
        Call::Any => Ok(Value::Null),
    }
}

fn one<T: Kept>(shelf: &Shelf<T>, id: &str, param: &str, params: Params) -> Result<Value, Refused> {
    params.finish()?;
    Ok(shelf.find(id, param)?.json())
}
