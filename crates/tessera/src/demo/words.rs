//! How a ticket, a time and an id are told to a person.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tessera_contracts::events::OrderTicket;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::{Amount, Currency};
use uuid::Uuid;

/// `85.00 EUR`.
pub fn money(amount: &Amount, currency: Currency) -> String {
    format!("{amount} {}", currency.code())
}

/// `Stalls, row F, seat 12`.
fn seat(section: &Option<String>, row: &Option<String>, seat: &Option<String>) -> String {
    let row = row.as_ref().map(|row| format!("row {row}"));
    let seat = seat.as_ref().map(|seat| format!("seat {seat}"));
    joined(", ", [section.as_deref(), row.as_deref(), seat.as_deref()])
}

/// `Sat 16 Mar 2030, 19:30` on the clocks of the place.
fn start(starts_at: Option<Timestamp>, zone: Option<&str>) -> String {
    let Some(starts_at) = starts_at else {
        return "without a date".to_owned();
    };
    let zone = zone.and_then(|name| TimeZone::get(name).ok());
    let local = starts_at.to_zoned(zone.unwrap_or(TimeZone::UTC));
    local.strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// What is sold, in two lines.
pub fn listing(ticket: &Ticket) -> [String; 2] {
    let Ticket { venue, city, .. } = ticket;
    let place = joined(", ", [venue.as_deref(), city.as_deref()]);
    let start = start(ticket.starts_at, ticket.time_zone.as_deref());
    let seat = seat(&ticket.section, &ticket.row, &ticket.seat);
    let price = money(&ticket.price, ticket.currency);
    [
        format!("{} · {place}", ticket.title),
        format!("{start} · {seat} · {price}"),
    ]
}

/// What was bought, in three lines.
pub fn bought(ticket: &OrderTicket) -> [String; 3] {
    let OrderTicket { venue, city, .. } = ticket;
    let place = joined(", ", [venue.as_deref(), city.as_deref()]);
    let start = start(ticket.starts_at, ticket.time_zone.as_deref());
    let seat = seat(&ticket.section, &ticket.row, &ticket.seat);
    [ticket.title.clone(), format!("{place} · {start}"), seat]
}

/// The end of an id, which is random: enough to tell a handful apart.
pub fn short(id: Uuid) -> String {
    let text = id.simple().to_string();
    text.chars().skip(24).collect()
}

fn joined<'a>(by: &str, parts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_told_by_what_is_known_of_it() {
        let some = |text: &str| Some(text.to_owned());
        let told = seat(&some("Stalls"), &some("F"), &some("12"));
        assert_eq!(told, "Stalls, row F, seat 12");
        assert_eq!(seat(&some("Standing"), &None, &None), "Standing");
    }

    #[test]
    fn a_start_is_told_by_the_clocks_of_the_place() {
        let moment = Some("2030-03-16T18:30:00Z".parse().unwrap());
        let told = |zone| start(moment, zone);
        assert_eq!(told(Some("Europe/Vienna")), "Sat 16 Mar 2030, 19:30");
        assert_eq!(told(Some("Asia/Tokyo")), "Sun 17 Mar 2030, 03:30");
        assert_eq!(told(None), "Sat 16 Mar 2030, 18:30");
    }

    #[test]
    fn a_short_id_is_its_random_end() {
        let id: Uuid = "0198c0de-7a11-7000-8000-0000deadbeef".parse().unwrap();
        assert_eq!(short(id), "deadbeef");
    }
}
