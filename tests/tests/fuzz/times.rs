//! Times and time zones: one instant has one text, whatever offset it was written with, and what is none is refused.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use proptest::prelude::*;
use serde_json::json;
use tessera_contracts::time;

use crate::cases::{MANY, SOME, hold};
use crate::desk::Desk;
use crate::mutation::{changed_text, changes};

/// Any instant of the years 0 to 9999, to the nanosecond.
fn instant() -> impl Strategy<Value = Timestamp> {
    (-62_000_000_000..253_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

/// What databases keep of it.
fn to_the_millisecond(instant: Timestamp) -> Timestamp {
    let below = instant.as_nanosecond().div_euclid(1_000_000);
    Timestamp::from_millisecond(i64::try_from(below).unwrap()).unwrap()
}

#[test]
fn an_instant_is_read_back_to_the_millisecond_whatever_its_offset() {
    hold(
        MANY,
        (instant(), -1_439..1_440_i32),
        |(instant, minutes)| {
            let kept = to_the_millisecond(instant);
            prop_assert_eq!(time::parse(&time::text(kept)), Ok(kept));
            let offset = Offset::from_seconds(minutes * 60).unwrap();
            let there = instant.to_zoned(TimeZone::fixed(offset));
            let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
            let text = format!(
                "{}{sign}{:02}:{:02}",
                there.datetime(),
                size / 60,
                size % 60
            );
            prop_assert_eq!(time::parse(&text), Ok(kept), "{}", text);
            Ok(())
        },
    );
}

#[test]
fn whatever_is_written_for_a_time_is_one_or_refused() {
    let near = (instant(), changes())
        .prop_map(|(instant, changes)| changed_text(&time::text(instant), &changes));
    let text = prop_oneof![any::<String>(), near, "[-+0-9TZ:. /\\[\\]a-zA-Z]{0,40}"];
    hold(MANY, text, |text| {
        if let Ok(read) = time::parse(&text) {
            prop_assert_eq!(time::parse(&time::text(read)), Ok(read), "{:?}", text);
        }
        Ok(())
    });
}

#[test]
fn a_day_that_no_calendar_has_is_no_time() {
    let drawn = (1_990..2_100_i16, 0..20_i8, 0..40_i8, 0..30_i8);
    hold(MANY, drawn, |(year, month, day, hour)| {
        let text = format!("{year}-{month:02}-{day:02}T{hour:02}:00:00Z");
        let is_one = civil::Date::new(year, month, day).is_ok() && hour < 24;
        prop_assert_eq!(time::parse(&text).is_ok(), is_one, "{}", text);
        Ok(())
    });
}

/// Names of zones, and what is nearly one.
fn zone() -> impl Strategy<Value = String> {
    let known = [
        "Europe/Vienna",
        "america/new_york",
        "UTC",
        "Asia/Kathmandu",
        "Etc/GMT+12",
    ];
    let known = prop::sample::select(known.to_vec());
    prop_oneof![
        known.clone().prop_map(str::to_owned),
        (known, changes()).prop_map(|(name, changes)| changed_text(name, &changes)),
        any::<String>(),
        "[A-Za-z]{1,10}/[./A-Za-z_+-]{0,20}",
        "/?(\\.\\./)*(etc/passwd|usr/share/zoneinfo/UTC)",
    ]
}

#[test]
fn a_listing_begins_at_a_time_that_lies_ahead_in_a_zone_that_exists() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let now = desk.app.clock.now();
    let start = prop_oneof![
        instant().prop_map(time::text),
        (instant(), changes()).prop_map(|(at, changes)| changed_text(&time::text(at), &changes)),
        any::<String>(),
    ];
    hold(SOME, (start, zone()), |(start, zone)| {
        let body = json!({ "title": "Fidelio", "price": "1", "startsAt": start, "timeZone": zone });
        let reply = desk.post("/api/tickets", &seller, body.to_string());
        let answer = reply.json();
        prop_assert!(
            [201, 400].contains(&reply.status),
            "{}: {}",
            reply.status,
            answer
        );
        if reply.status == 400 {
            let errors = answer["errors"].as_array().unwrap();
            let named = errors.iter().map(|error| error["field"].as_str().unwrap());
            prop_assert!(
                named
                    .into_iter()
                    .all(|field| ["startsAt", "timeZone"].contains(&field))
            );
            return Ok(());
        }
        let kept: Timestamp = answer["startsAt"].as_str().unwrap().parse().unwrap();
        prop_assert!(kept > now);
        prop_assert_eq!(time::parse(&start), Ok(kept));
        let shown = answer["timeZone"].as_str().unwrap();
        prop_assert!(
            shown.eq_ignore_ascii_case(zone.trim()),
            "{} for {:?}",
            shown,
            zone
        );
        Ok(())
    });
}
