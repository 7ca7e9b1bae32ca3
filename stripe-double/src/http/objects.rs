//! The calls that concern other objects than PaymentIntents.

use serde_json::{Value, json};

use super::page::Page;
use super::params::Params;
use crate::book::{Book, CardInput, Kept, NewRefund, Refusal, Refused, whole};

/// Events can be looked up for 30 days.
const EVENTS_LAST: i64 = 30 * 24 * 60 * 60;

/// A page of a list; `filters` are the further parameters, and their values are handed on in that order.
pub(super) fn page(
    mut params: Params,
    filters: &[&str],
    list: impl FnOnce(&Page, &[Option<String>]) -> Result<Value, Refused>,
) -> Result<Value, Refused> {
    let page = Page::read(&mut params)?;
    let values = filters.iter().map(|filter| params.text(filter));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    params.finish()?;
    list(&page, &values)
}

/// Whether a filter lets a value through.
fn is(filter: Option<&Option<String>>, value: &str) -> bool {
    filter
        .and_then(Option::as_ref)
        .is_none_or(|wanted| wanted == value)
}

pub(super) fn charges(book: &Book, params: Params) -> Result<Value, Refused> {
    page(params, &["payment_intent"], |page, filters| {
        page.of(&book.charges, "/v1/charges", |charge| {
            is(filters.first(), &charge.intent)
        })
    })
}

pub(super) fn refunds(book: &Book, params: Params) -> Result<Value, Refused> {
    page(params, &["payment_intent", "charge"], |page, filters| {
        page.of(&book.refunds, "/v1/refunds", |refund| {
            is(filters.first(), &refund.intent) && is(filters.get(1), &refund.charge)
        })
    })
}

pub(super) fn refund(book: &mut Book, mut params: Params) -> Result<Value, Refused> {
    let wish = NewRefund {
        intent: params.text("payment_intent")?,
        charge: params.text("charge")?,
        amount: params.number("amount")?,
        reason: params.text("reason")?,
        metadata: params
            .metadata()?
            .into_iter()
            .filter(|(key, _)| !key.is_empty())
            .collect(),
    };
    params.finish()?;
    let id = book.refund(wish)?;
    Ok(book.refunds.find(&id, "refund")?.json())
}

pub(super) fn events(book: &Book, mut params: Params) -> Result<Value, Refused> {
    let kinds = params.list("types");
    if kinds.len() > 20 {
        return Err(Refusal::parameter(
            None,
            "types",
            "At most 20 types of events can be asked for.",
        ));
    }
    let since = book.now() - EVENTS_LAST;
    page(params, &["type"], |page, filters| {
        page.of(&book.events, "/v1/events", |event| {
            let named = kinds.is_empty() || kinds.contains(&event.kind);
            named && is(filters.first(), &event.kind) && event.created() >= since
        })
    })
}

pub(super) fn dispute(book: &Book, id: &str, params: Params) -> Result<Value, Refused> {
    params.finish()?;
    Ok(whole(book, book.disputes.find(id, "dispute")?.json()))
}

pub(super) fn disputes(book: &Book, params: Params) -> Result<Value, Refused> {
    let mut list = page(params, &["payment_intent", "charge"], |page, filters| {
        page.of(&book.disputes, "/v1/disputes", |dispute| {
            is(filters.first(), &dispute.intent) && is(filters.get(1), &dispute.charge)
        })
    })?;
    if let Some(Value::Array(disputes)) = list.get_mut("data") {
        for dispute in disputes {
            *dispute = whole(book, dispute.take());
        }
    }
    Ok(list)
}

/// A payment method as a caller gives it.
pub(super) enum MethodInput {
    None,
    Method(String),
    Token(String),
    Card(CardInput),
}

impl MethodInput {
    pub(super) fn into_method(self, book: &mut Book) -> Result<Option<String>, Refused> {
        match self {
            MethodInput::None => Ok(None),
            MethodInput::Method(id) => book.method(&id).map(Some),
            MethodInput::Token(token) => book.method_of_token(&token).map(Some),
            MethodInput::Card(card) => book.method_of_card(&card).map(Some),
        }
    }
}

/// `payment_method`, or `payment_method_data` with a token or a card.
pub(super) fn method_input(params: &mut Params) -> Result<MethodInput, Refused> {
    if let Some(id) = params.text("payment_method")? {
        return Ok(MethodInput::Method(id));
    }
    if !params.has("payment_method_data") {
        return Ok(MethodInput::None);
    }
    let _kind = params.choice("payment_method_data[type]", &["card"])?;
    params.pass_over("payment_method_data[billing_details]");
    let token = params.text("payment_method_data[card][token]")?;
    match (token, card_input(params, "payment_method_data[card]")?) {
        (Some(token), None) => Ok(MethodInput::Token(token)),
        (None, Some(card)) => Ok(MethodInput::Card(card)),
        _ => Err(Refusal::missing("payment_method_data[card]")),
    }
}

/// The fields of a card below `name`, if there are any.
fn card_input(params: &mut Params, name: &str) -> Result<Option<CardInput>, Refused> {
    if !params.has(name) {
        return Ok(None);
    }
    let (month, year) = (format!("{name}[exp_month]"), format!("{name}[exp_year]"));
    let number = params.required(&format!("{name}[number]"))?;
    let month = params
        .number(&month)?
        .ok_or_else(|| Refusal::missing(&month))?;
    let year = params
        .number(&year)?
        .ok_or_else(|| Refusal::missing(&year))?;
    let cvc = params.text(&format!("{name}[cvc]"))?;
    Ok(Some(CardInput {
        number,
        month,
        year,
        cvc,
    }))
}

pub(super) fn create_method(book: &mut Book, mut params: Params) -> Result<Value, Refused> {
    params
        .choice("type", &["card"])?
        .ok_or_else(|| Refusal::missing("type"))?;
    params.pass_over("billing_details");
    let token = params.text("card[token]")?;
    let card = card_input(&mut params, "card")?;
    params.finish()?;
    let id = match (token, card) {
        (Some(token), None) => book.method_of_token(&token)?,
        (None, Some(card)) => book.method_of_card(&card)?,
        _ => return Err(Refusal::missing("card")),
    };
    Ok(book.methods.find(&id, "payment_method")?.json())
}

pub(super) fn create_token(book: &mut Book, mut params: Params) -> Result<Value, Refused> {
    let card = card_input(&mut params, "card")?;
    params.finish()?;
    let id = book.create_token(&card.ok_or_else(|| Refusal::missing("card"))?)?;
    Ok(book.tokens.find(&id, "token")?.json())
}

pub(super) fn create_confirmation_token(
    book: &mut Book,
    mut params: Params,
) -> Result<Value, Refused> {
    let return_url = params.text("return_url")?;
    // What Stripe.js says of its page, and for how much it is: Stripe compares that with the intent, the double not.
    params.pass_over("client_context");
    let input = method_input(&mut params)?;
    params.finish()?;
    let method = input.into_method(book)?;
    let method = method.ok_or_else(|| Refusal::missing("payment_method_data"))?;
    let id = book.create_confirmation_token(method, return_url)?;
    Ok(book
        .confirmation_tokens
        .find(&id, "confirmation_token")?
        .json())
}

pub(super) fn create_endpoint(book: &mut Book, mut params: Params) -> Result<Value, Refused> {
    let (url, events) = (params.required("url")?, params.list("enabled_events"));
    params.finish()?;
    let (id, secret) = book.create_endpoint(url, events)?;
    let mut shown = book.endpoints.find(&id, "webhook_endpoint")?.json();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("secret".to_owned(), json!(secret));
    }
    Ok(shown)
}
