//! The form for a listing: what is written into it, what the API takes of that, and what is wrong with it.

use axum::http::StatusCode;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::{Amount, Currency, Fees, Money, TicketStatus};
use tessera_platform::http::Failure;

use crate::catalogue::{Catalogue, find};
use crate::fields::{FieldError, error_of};
use crate::form::Form;
use crate::locale::{self, Locale, countries, zones};
use crate::shown::{self, Card};

/// Those that are offered; the API takes all that there are.
const CURRENCIES: [&str; 24] = [
    "usd", "eur", "gbp", "chf", "cad", "aud", "nzd", "jpy", "sek", "nok", "dkk", "pln", "czk",
    "huf", "brl", "mxn", "ars", "inr", "sgd", "hkd", "krw", "zar", "ils", "aed",
];

/// The fields that are sent as they are written.
const TEXTS: [&str; 7] = [
    "title", "category", "venue", "city", "section", "row", "seat",
];

/// The form, as a page shows it.
pub(crate) struct TicketForm {
    values: Form,
    pub(crate) errors: Vec<FieldError>,
    /// What is said above all fields.
    pub(crate) notice: Option<String>,
    /// Drawn when the form is shown.
    pub(crate) key: String,
    pub(crate) currencies: Vec<(String, String)>,
    pub(crate) countries: &'static [(&'static str, &'static str)],
    pub(crate) zones: Vec<(String, String)>,
}

impl TicketForm {
    /// The form with these values in it.
    pub(crate) fn new(values: Form, key: String, locale: Locale) -> TicketForm {
        // What a program has listed may be none of those that are offered: it must not be lost by a change of the title.
        let own = |name| Some(values.text(name).to_owned()).filter(|own| !own.is_empty());
        let currencies = offered(CURRENCIES.iter().copied(), own("currency"));
        let zones = offered(zones().iter().map(String::as_str), own("timeZone"));
        TicketForm {
            errors: Vec::new(),
            notice: None,
            key,
            currencies: currencies
                .map(|code| (code.clone(), code.to_ascii_uppercase()))
                .collect(),
            countries: countries(locale.language()),
            zones: zones.map(|zone| (zone.clone(), zone)).collect(),
            values,
        }
    }

    /// What was written into a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.text(name)
    }

    pub(crate) fn error(&self, name: &str) -> Option<&str> {
        error_of(&self.errors, name)
    }

    /// The same, with what the API has against it, in the visitor's language.
    #[must_use]
    pub(crate) fn refused(mut self, t: &Catalogue, refusal: &Failure) -> TicketForm {
        if refusal.status() != StatusCode::BAD_REQUEST {
            // Nothing is wrong with what was written.
            self.notice = Some(t.refusals.try_again.to_owned());
            return self;
        }
        for error in &refusal.problem().errors {
            let field = error.field.clone();
            let rule = field
                .as_deref()
                .and_then(|field| find(t.ticket_form.rules, field));
            let message = rule.unwrap_or(t.refusals.try_again).to_owned();
            // Two things may be wrong with one field; its rule tells of both.
            if !self.errors.iter().any(|known| known.field == field) {
                self.errors.push(FieldError { field, message });
            }
        }
        self
    }
}

/// What is offered, and what is there already.
fn offered<'o>(
    all: impl Iterator<Item = &'o str> + Clone,
    own: Option<String>,
) -> impl Iterator<Item = String> {
    let own = own.filter(|own| !all.clone().any(|known| known == own));
    own.into_iter().chain(all.map(str::to_owned))
}

/// What a listing says, as the form shows it.
pub(crate) fn of_ticket(ticket: &Ticket, locale: Locale) -> Form {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let zone = ticket.time_zone.as_deref();
    let starts = ticket.starts_at.map(|at| locale::instant_to_wall(at, zone));
    Form::default()
        .with("title", ticket.title.clone())
        .with("category", text(&ticket.category))
        .with("price", locale.shown_amount(ticket.price.as_str()))
        .with("currency", ticket.currency.as_str())
        .with("venue", text(&ticket.venue))
        .with("city", text(&ticket.city))
        .with("country", text(&ticket.country))
        .with("startsAt", starts.unwrap_or_default())
        .with("timeZone", text(&ticket.time_zone))
        .with("section", text(&ticket.section))
        .with("row", text(&ticket.row))
        .with("seat", text(&ticket.seat))
}

/// The fields that are one thing together: a price is one of its currency, and a time one of its zone.
const TOGETHER: [[&str; 2]; 2] = [["price", "currency"], ["startsAt", "timeZone"]];

/// What the API takes of a change: what the form says otherwise than as it was `shown`. What was left alone stays as it is,
/// also where a form cannot say it, such as the second of two hours that a clock shows twice.
pub(crate) fn change(form: &Form, shown: &Form, locale: Locale) -> Value {
    let (mut said, before) = (fields(form, locale, true), fields(shown, locale, true));
    let differs: Vec<String> = said
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    let is_changed = |name: &str| differs.iter().any(|changed| changed == name);
    said.retain(|name, _| {
        let together = TOGETHER.iter().find(|names| names.contains(&name.as_str()));
        let mut names = together
            .map_or_else(|| vec![name.as_str()], |names| names.to_vec())
            .into_iter();
        names.any(is_changed)
    });
    Value::Object(said)
}

/// What the API takes of a new listing: what is written.
pub(crate) fn body(form: &Form, locale: Locale) -> Value {
    Value::Object(fields(form, locale, false))
}

fn fields(form: &Form, locale: Locale, clears: bool) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, text: String| {
        if !text.is_empty() {
            body.insert(name.to_owned(), Value::String(text));
        } else if clears {
            body.insert(name.to_owned(), Value::Null);
        }
    };
    for name in TEXTS {
        put(name, form.text(name).to_owned());
    }
    put("price", price(form, locale));
    put("country", form.text("country").to_owned());
    put("timeZone", form.text("timeZone").to_owned());
    put("startsAt", starts_at(form));
    let currency = Some(form.text("currency")).filter(|code| !code.is_empty());
    put("currency", currency.unwrap_or("usd").to_owned());
    body
}

/// The price as the API writes it, so that two spellings of one are the same. What cannot be read is passed on, and refused there.
fn price(form: &Form, locale: Locale) -> String {
    let typed = locale.typed_amount(form.text("price"));
    let currency: Currency = form.text("currency").parse().unwrap_or(Currency::USD);
    match Money::parse(&typed, currency) {
        Ok(money) => money.amount().to_string(),
        Err(_) => typed,
    }
}

/// The beginning, by the clocks of its place. What cannot be read is passed on, and refused by the API.
fn starts_at(form: &Form) -> String {
    let (text, zone) = (form.text("startsAt"), form.text("timeZone"));
    let zone = if zone.is_empty() { "UTC" } else { zone };
    locale::wall_to_instant(text, zone).map_or_else(|| text.to_owned(), |at| at.to_string())
}

/// What buyers would see of a listing of this form, and what it would bring in.
pub(crate) struct Preview {
    pub(crate) card: Card,
    pub(crate) earns: Option<String>,
}

/// What a listing of this form would look like, as far as it can be told yet.
pub(crate) fn preview(form: &Form, fees: Fees, t: &Catalogue, locale: Locale) -> Option<Preview> {
    let title = form.text("title");
    if title.is_empty() {
        return None;
    }
    let currency: Currency = form.text("currency").parse().unwrap_or(Currency::USD);
    let typed = Amount::from(locale.typed_amount(form.text("price")));
    let read = typed.money(currency);
    let price = read.clone().unwrap_or(Money::new(0, currency));
    let text = |name| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let nobody = uuid::Uuid::nil();
    let epoch = jiff::Timestamp::UNIX_EPOCH;
    let ticket = Ticket {
        id: nobody.into(),
        version: 0,
        user_id: nobody.into(),
        title: title.to_owned(),
        price: price.amount(),
        fee: fees.buyer.of(price).amount(),
        total: fees.buyer.on_top_of(price).amount(),
        seller_fee: (!fees.seller.is_none()).then(|| fees.seller.of(price).amount()),
        currency,
        status: TicketStatus::Available,
        order_id: None,
        category: text("category"),
        venue: text("venue"),
        city: text("city"),
        country: text("country"),
        starts_at: starts_at(form).parse().ok(),
        time_zone: text("timeZone").filter(|zone| TimeZone::get(zone).is_ok()),
        section: text("section"),
        row: text("row"),
        seat: text("seat"),
        created_at: epoch,
        updated_at: epoch,
    };
    let mut card = Card::of_ticket(&ticket, t, locale);
    card.leads = false;
    if read.is_err() {
        "–".clone_into(&mut card.price);
    }
    let earns = read.ok().and_then(|_| shown::earns(&ticket, t, locale));
    Some(Preview { card, earns })
}
