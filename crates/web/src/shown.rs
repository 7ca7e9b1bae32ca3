//! Listings and orders as templates show them: in the visitor's language and formats, and nothing left to decide.

use jiff::Timestamp;
use tessera_contracts::events::OrderTicket;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::{Money, TicketStatus};

use crate::catalogue::{Catalogue, fill};
use crate::locale::{Locale, country_name};

/// The tones that cards come in, by category.
const TONES: u32 = 6;

/// When an event begins, by the clocks of its place.
pub(crate) struct When {
    locale: Locale,
    at: Timestamp,
    /// The IANA name of its time zone.
    zone: Option<String>,
}

impl When {
    pub(crate) fn new(locale: Locale, at: Timestamp, zone: Option<&str>) -> When {
        When {
            locale,
            at,
            zone: zone.map(str::to_owned),
        }
    }

    pub(crate) fn weekday(&self) -> String {
        self.locale
            .weekday_abbreviation(self.at, self.zone.as_deref())
    }

    pub(crate) fn day(&self) -> String {
        self.locale.day_of_month(self.at, self.zone.as_deref())
    }

    pub(crate) fn month(&self) -> String {
        self.locale
            .month_abbreviation(self.at, self.zone.as_deref())
    }

    pub(crate) fn time(&self) -> String {
        self.locale.time(self.at, self.zone.as_deref())
    }

    pub(crate) fn zone(&self) -> String {
        self.locale.zone(self.at, self.zone.as_deref())
    }

    /// Day and time, in full.
    pub(crate) fn full(&self) -> String {
        self.locale.long_day_and_time(self.at, self.zone.as_deref())
    }

    /// For machines.
    pub(crate) fn iso(&self) -> String {
        self.at.to_string()
    }
}

/// What is sold, as a card shows it.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) category: Option<String>,
    /// The class of its colours.
    pub(crate) tone: u32,
    pub(crate) when: Option<When>,
    pub(crate) venue: Option<String>,
    /// City and country.
    pub(crate) place: Option<String>,
    /// Section, row and seat.
    pub(crate) seat: Option<String>,
    /// What a buyer pays.
    pub(crate) price: String,
    /// The word of its state.
    pub(crate) status: &'static str,
    /// Whether there is a page that it leads to.
    pub(crate) leads: bool,
    /// Of the listing, so that an older change is known as such.
    pub(crate) version: i64,
}

/// What the seller gets for it, where that is not simply the price.
pub(crate) fn earns(ticket: &Ticket, t: &Catalogue, locale: Locale) -> Option<String> {
    let fee = ticket.seller_fee.as_ref()?.money(ticket.currency).ok()?;
    let price = ticket.price.money(ticket.currency).ok()?;
    let rest = Money::new(price.minor() - fee.minor(), ticket.currency);
    let rest = locale.money(&rest.amount(), ticket.currency);
    Some(fill(t.card.earns, &[&rest]))
}

impl Card {
    pub(crate) fn of_ticket(ticket: &Ticket, t: &Catalogue, locale: Locale) -> Card {
        let price = locale.money(&ticket.total, ticket.currency);
        Card {
            id: ticket.id.to_string(),
            title: ticket.title.clone(),
            tone: tone(ticket.category.as_deref().unwrap_or_default()),
            category: ticket.category.clone(),
            when: ticket
                .starts_at
                .map(|at| When::new(locale, at, ticket.time_zone.as_deref())),
            venue: ticket.venue.clone(),
            place: place(locale, ticket.city.as_deref(), ticket.country.as_deref()),
            seat: seat(t, [&ticket.section, &ticket.row, &ticket.seat]),
            price,
            status: ticket.status.as_str(),
            leads: true,
            version: ticket.version,
        }
    }

    /// The ticket of an order, which costs `price`.
    pub(crate) fn of_order(
        ticket: &OrderTicket,
        price: String,
        t: &Catalogue,
        locale: Locale,
    ) -> Card {
        Card {
            id: ticket.id.to_string(),
            title: ticket.title.clone(),
            category: None,
            tone: tone(""),
            when: ticket
                .starts_at
                .map(|at| When::new(locale, at, ticket.time_zone.as_deref())),
            venue: ticket.venue.clone(),
            place: place(locale, ticket.city.as_deref(), ticket.country.as_deref()),
            seat: seat(t, [&ticket.section, &ticket.row, &ticket.seat]),
            price,
            status: TicketStatus::Reserved.as_str(),
            leads: true,
            version: ticket.version,
        }
    }

    /// Venue, city and country, in one line.
    pub(crate) fn where_(&self) -> Option<String> {
        joined(", ", [self.venue.as_deref(), self.place.as_deref()])
    }
}

/// The same for the same category, in every run.
fn tone(category: &str) -> u32 {
    let letters = category.to_lowercase();
    let sum = letters.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    sum % TONES + 1
}

fn place(locale: Locale, city: Option<&str>, country: Option<&str>) -> Option<String> {
    let country = country.map(|code| country_name(code, locale.language()).unwrap_or(code));
    joined(", ", [city, country])
}

fn seat(t: &Catalogue, [section, row, seat]: [&Option<String>; 3]) -> Option<String> {
    let named = |name: &str, value: &Option<String>| {
        // "Row Row 3" helps nobody.
        value.as_ref().map(|value| {
            if value.to_lowercase().starts_with(&name.to_lowercase()) {
                value.clone()
            } else {
                format!("{name}\u{a0}{value}")
            }
        })
    };
    let names = &t.ticket_form;
    let parts = [
        section.clone(),
        named(names.row, row),
        named(names.seat, seat),
    ];
    joined(" · ", parts.each_ref().map(Option::as_deref))
}

/// Those that there are, with `between` them.
fn joined<const N: usize>(between: &str, parts: [Option<&str>; N]) -> Option<String> {
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(between))
}
