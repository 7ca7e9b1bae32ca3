//! Time zones: which there are, what clock they show, and what people call them.
//!
//! A zone that is not known is UTC when a time is shown, and nothing when one is read: a moment that is
//! wrong by hours must not be saved.

use std::sync::LazyLock;

use icu_time::zone::iana::IanaParserExtended;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{self, TimeZone};

/// What comes before the first stroke in the names of places. Others are rules (`EST5EDT`), old names
/// (`US/Eastern`), or copies (`posix/Europe/Berlin`).
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = tz::db().available().map(|name| name.as_str().to_owned());
    let mut zones: Vec<String> = all.filter(|name| is_place(name)).collect();
    zones.push("UTC".to_owned());
    zones.sort_unstable();
    zones.dedup();
    zones
});

/// The names that a place's zone can be chosen by, sorted: one for each zone, as `Europe/Berlin`, and `UTC`.
pub(crate) fn zones() -> &'static [String] {
    &ZONES
}

fn is_place(name: &str) -> bool {
    let area = name.split_once('/').map(|(area, _)| area);
    area.is_some_and(|area| AREAS.contains(&area))
        && IanaParserExtended::new().parse(name).canonical == name
}

/// What the clocks of `zone` show.
pub(super) fn local(at: Timestamp, zone: Option<&str>) -> DateTime {
    known_or_utc(zone).to_datetime(at)
}

/// What people there call their time at that moment: `CEST`, `GMT+3`.
pub(super) fn label(at: Timestamp, zone: Option<&str>) -> String {
    let zone = known_or_utc(zone);
    let info = zone.to_offset_info(at);
    let name = info.abbreviation();
    // Where no name is in use, the database has the distance in digits.
    if name.starts_with(['+', '-']) {
        from_greenwich(info.offset().seconds())
    } else {
        name.to_owned()
    }
}

fn from_greenwich(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "GMT".to_owned(),
        (hours, 0) => format!("GMT{sign}{hours}"),
        (hours, minutes) => format!("GMT{sign}{hours}:{minutes:02}"),
    }
}

/// Reads the value of `<input type="datetime-local">` as the clocks of `zone`. A time that they skip is as
/// much later, and of one that they show twice the first is meant.
pub(crate) fn wall_to_instant(text: &str, zone: &str) -> Option<Timestamp> {
    let (date, time) = text.trim().split_once('T')?;
    let wall = DateTime::from_parts(read_date(date)?, read_time(time)?);
    let zone = tz::db().get(zone).ok()?;
    let zoned = zone.to_ambiguous_zoned(wall).compatible().ok()?;
    Some(zoned.timestamp())
}

// Jiff would read much that no browser sends: weeks, offsets, times without colons.
fn read_date(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| plain)
}

fn read_time(text: &str) -> Option<Time> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    let colon = text.get(2..3) == Some(":");
    text.parse().ok().filter(|_| plain && colon)
}

/// The value of `<input type="datetime-local">`. Seconds are told only if there are any, since a browser
/// then shows them.
pub(crate) fn instant_to_wall(at: Timestamp, zone: Option<&str>) -> String {
    let wall = local(at, zone);
    let format = if wall.second() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    };
    wall.strftime(format).to_string()
}

fn known_or_utc(zone: Option<&str>) -> TimeZone {
    let known = zone.and_then(|name| tz::db().get(name).ok());
    known.unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn zones_are_called_as_people_call_them() {
        let summer = at("2030-06-01T18:30:00Z");
        let winter = at("2030-12-01T18:30:00Z");
        assert_eq!(label(summer, Some("Europe/Berlin")), "CEST");
        assert_eq!(label(winter, Some("Europe/Berlin")), "CET");
        assert_eq!(label(summer, Some("America/New_York")), "EDT");
        assert_eq!(label(summer, Some("Europe/Istanbul")), "GMT+3");
        assert_eq!(label(summer, Some("America/Sao_Paulo")), "GMT-3");
        assert_eq!(label(summer, Some("Asia/Kathmandu")), "GMT+5:45");
        assert_eq!(label(winter, Some("Atlantic/Azores")), "GMT-1");
        assert_eq!(label(summer, Some("Atlantic/Azores")), "GMT");
        for unknown in [None, Some("UTC"), Some(""), Some("Mars/Base"), Some("../x")] {
            assert_eq!(label(summer, unknown), "UTC", "{unknown:?}");
        }
    }

    #[test]
    fn a_wall_time_is_read_by_its_zone() {
        let read = |text| wall_to_instant(text, "Europe/Berlin");
        assert_eq!(read("2030-06-01T20:30"), Some(at("2030-06-01T18:30:00Z")));
        assert_eq!(
            read("2030-12-01T20:30:15"),
            Some(at("2030-12-01T19:30:15Z"))
        );
        assert_eq!(
            read("2030-12-01T20:30:15.250"),
            Some(at("2030-12-01T19:30:15.25Z"))
        );
        assert_eq!(
            wall_to_instant("2030-06-01T20:30", "UTC"),
            Some(at("2030-06-01T20:30:00Z"))
        );
    }

    #[test]
    fn a_time_that_is_skipped_is_later_and_one_that_comes_twice_is_the_first() {
        let read = |text| wall_to_instant(text, "America/New_York");
        assert_eq!(read("2026-03-08T02:30"), Some(at("2026-03-08T07:30:00Z")));
        assert_eq!(read("2026-11-01T01:30"), Some(at("2026-11-01T05:30:00Z")));
    }

    #[test]
    fn what_is_no_wall_time_is_none() {
        for text in "|T|2030-06-01|2030-06-01T|T20:30|2030-06-01 20:30|2030-06-01T20|\
             2030-06-01T2030|20300601T20:30|2030-06-01T24:30|2030-02-30T20:30|\
             2030-06-01T20:30Z|2030-06-01T20:30+02:00|2030-06-01T20:30-02:00|\
             12030-06-01T20:30|+002030-06-01T20:30|-2030-06-1T20:30|2030-W22-6T20:30|\
             2030-06-01T20:30[UTC]|é"
            .split('|')
        {
            assert_eq!(wall_to_instant(text, "Europe/Berlin"), None, "{text:?}");
        }
        for zone in ["", "Mars/Base", "Europe"] {
            assert_eq!(wall_to_instant("2030-06-01T20:30", zone), None, "{zone:?}");
        }
    }

    #[test]
    fn an_instant_is_shown_as_it_was_read() {
        let zone = Some("Europe/Berlin");
        assert_eq!(
            instant_to_wall(at("2030-06-01T18:30:00Z"), zone),
            "2030-06-01T20:30"
        );
        assert_eq!(
            instant_to_wall(at("2030-06-01T18:30:15Z"), zone),
            "2030-06-01T20:30:15"
        );
        assert_eq!(
            instant_to_wall(at("2030-06-01T18:30:00Z"), None),
            "2030-06-01T18:30"
        );
        assert_eq!(
            instant_to_wall(at("0800-06-01T18:30:00Z"), None),
            "0800-06-01T18:30"
        );
        for text in ["2030-06-01T20:30", "2030-12-31T23:59:59"] {
            let instant = wall_to_instant(text, "Asia/Tokyo").unwrap();
            assert_eq!(instant_to_wall(instant, Some("Asia/Tokyo")), text);
        }
    }

    #[test]
    fn every_place_can_be_chosen_once() {
        let zones = zones();
        assert!(zones.is_sorted());
        assert!((350..500).contains(&zones.len()), "{}", zones.len());
        let has = |name: &str| zones.iter().any(|zone| zone == name);
        for name in [
            "UTC",
            "Europe/Berlin",
            "Europe/Vienna",
            "Europe/Kyiv",
            "Asia/Kolkata",
            "America/New_York",
            "America/Argentina/Buenos_Aires",
            "Australia/Sydney",
            "Pacific/Auckland",
        ] {
            assert!(has(name), "{name}");
        }
        for name in [
            "Asia/Calcutta",
            "Europe/Kiev",
            "US/Eastern",
            "EST5EDT",
            "Etc/GMT+3",
            "GMT",
            "Etc/UTC",
            "America/Buenos_Aires",
            "posix/Europe/Berlin",
        ] {
            assert!(!has(name), "{name}");
        }
        let day = at("2030-06-01T00:00:00Z");
        for zone in zones {
            let known = tz::db().get(zone).unwrap();
            let offset = known.to_offset(day).seconds();
            assert!(offset.abs() <= 14 * 3_600, "{zone}");
        }
    }
}
