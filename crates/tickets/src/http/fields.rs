//! Reads what a seller says of a ticket from the fields of a body.

use std::fmt::Display;

use jiff::Timestamp;
use tessera_contracts::{Currency, FeeRate, Money, Price, PriceError, time};
use tessera_platform::http::{Decimal, Failure, Fields, Patch, Word};

use crate::domain::{Change, CompletedFrom, Country, Details, Label, Title, Zone};

/// All of a new ticket.
pub fn new_details(
    mut fields: Fields<'_>,
    fee: FeeRate,
    now: Timestamp,
) -> Result<Details, Failure> {
    let title = fields.required("title", named("title", Title::parse));
    let currency = fields
        .optional("currency", currency)
        .unwrap_or(Currency::USD);
    let price = fields.required("price", |text: Decimal| price(text.as_str(), currency, fee));
    let rest = optional(&mut fields, None, now);
    fields.finish_with(|| Some(Details::bare(title?, price?).with(rest)))
}

/// A change of a ticket that said `seen`. A price is one of its currency: where only one of the
/// two changes, the other is taken from what was seen.
pub fn change(
    mut fields: Fields<'_>,
    seen: &Details,
    fee: FeeRate,
    now: Timestamp,
) -> Result<(Change, Option<CompletedFrom>), Failure> {
    let mut completed_from = None;
    if fields.has("price") && !fields.has("currency") {
        completed_from = Some(CompletedFrom::Currency(seen.price.currency()));
    }
    let title = fields.change("title", named("title", Title::parse));
    let currency = fields
        .change("currency", currency)
        .unwrap_or(seen.price.currency());
    let mut asked = fields.change("price", |text: Decimal| price(text.as_str(), currency, fee));
    if currency != seen.price.currency() && !fields.has("price") {
        completed_from = Some(CompletedFrom::Price(seen.price));
        asked = price(seen.price.amount().as_str(), currency, fee)
            .map_err(|error| fields.refuse::<()>("price", error.to_string()))
            .ok();
    }
    let rest = optional(&mut fields, seen.starts_at, now);
    fields.finish()?;
    let change = Change {
        title,
        price: asked,
        ..rest
    };
    Ok((change, completed_from))
}

/// The fields that a ticket may be without. `starts_at` is the start that it has.
fn optional(fields: &mut Fields<'_>, starts_at: Option<Timestamp>, now: Timestamp) -> Change {
    let start = |text: String| start(&text, starts_at, now);
    Change {
        title: None,
        price: None,
        category: said(fields.patch("category", named("category", Label::parse))),
        venue: said(fields.patch("venue", named("venue", Label::parse))),
        city: said(fields.patch("city", named("city", Label::parse))),
        country: said(fields.patch("country", named("country", Country::parse))),
        starts_at: said(fields.patch("startsAt", start)),
        time_zone: said(fields.patch("timeZone", named("timeZone", Zone::parse))),
        section: said(fields.patch("section", word("section"))),
        row: said(fields.patch("row", word("row"))),
        seat: said(fields.patch("seat", word("seat"))),
    }
}

fn said<T>(patch: Patch<T>) -> Option<Option<T>> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(value) => Some(Some(value)),
    }
}

/// Puts the name of its field before an error.
fn named<T, E: Display>(
    name: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(String) -> Result<T, String> {
    move |text| parse(&text).map_err(|error| format!("{name} {error}"))
}

/// Rows and seats are numbers to many.
fn word(name: &'static str) -> impl Fn(Word) -> Result<Label, String> {
    let parse = named(name, Label::parse);
    move |Word(text)| parse(text)
}

/// A price that can be charged with the fee on top.
fn price(text: &str, currency: Currency, fee: FeeRate) -> Result<Price, PriceError> {
    let price = Price::parse(text, currency)?;
    if fee.allows(price) {
        return Ok(price);
    }
    Err(PriceError::TooHigh {
        maximum: Money::new(fee.highest_price(Price::MAX_MINOR), currency).amount(),
        currency,
    })
}

fn currency(code: String) -> Result<Currency, tessera_contracts::CurrencyError> {
    code.parse()
}

/// A start lies ahead, unless it is the one that the ticket has.
fn start(text: &str, has: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, String> {
    let start = time::parse(text).map_err(|error| error.to_string())?;
    if start > now || Some(start) == has {
        Ok(start)
    } else {
        Err("startsAt must lie in the future".to_owned())
    }
}
