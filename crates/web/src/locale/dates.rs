//! Days and times as people of a region write them: ICU4X's words and patterns, on the clock of the event.

use icu_calendar::Gregorian;
use icu_datetime::fieldsets::enums::DateFieldSet;
use icu_datetime::fieldsets::{E, M, T, YMDE, YMDET};
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::pattern::{DateTimePattern, FixedCalendarDateTimeNames};
use icu_datetime::{
    DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter, NoCalendarFormatter,
};
use jiff::Timestamp;
use writeable::TryWriteable;

use super::{Locale, zones};

type Formatter<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;
type Moment = DateTime<Gregorian>;

/// What it takes to write dates in one region. It is found once: to look for it takes longer than to write
/// a hundred dates.
pub(super) struct Dates {
    names: FixedCalendarDateTimeNames<Gregorian, DateFieldSet>,
    day: DateTimePattern,
    long_day: Formatter<YMDE>,
    long_day_and_time: Formatter<YMDET>,
    time: NoCalendarFormatter<T>,
    month: Formatter<M>,
    weekday: Formatter<E>,
}

impl Dates {
    /// `None` for a tag that is none, or a region without data.
    pub(super) fn of(tag: &str, day: &str) -> Option<Self> {
        let locale: icu_locale_core::Locale = tag.parse().ok()?;
        let region = DateTimeFormatterPreferences::from(&locale);
        let day = day.parse().ok()?;
        let mut names = FixedCalendarDateTimeNames::try_new(region).ok()?;
        names.include_for_pattern(&day).ok()?;
        let long = YMDE::long();
        Some(Self {
            names,
            day,
            long_day: Formatter::try_new(region, long).ok()?,
            long_day_and_time: Formatter::try_new(region, long.with_time_hm()).ok()?,
            time: NoCalendarFormatter::try_new(region, T::hm()).ok()?,
            month: Formatter::try_new(region, M::medium()).ok()?,
            weekday: Formatter::try_new(region, E::short()).ok()?,
        })
    }

    fn day(&self, moment: &Moment) -> Option<String> {
        let pattern = self.names.with_pattern_unchecked(&self.day);
        let written = pattern.format(&moment.date);
        Some(written.try_write_to_string().ok()?.into_owned())
    }
}

/// All on the clock of `zone`, an IANA name; one that is not known is UTC.
impl Locale {
    /// `Sat, Jun 1, 2030`, `Sa., 1. Juni 2030`
    pub(crate) fn day(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, Dates::day)
    }

    /// `Saturday, June 1, 2030`, `Samstag, 1. Juni 2030`
    pub(crate) fn long_day(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            Some(dates.long_day.format(&moment.date).to_string())
        })
    }

    /// `8:30 PM`, with a narrow no-break space; `20:30`
    pub(crate) fn time(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            Some(dates.time.format(&moment.time).to_string())
        })
    }

    /// `Jun`, `Jän`: as it stands alone, so without the point that German puts into a date.
    pub(crate) fn month_abbreviation(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            Some(dates.month.format(&moment.date).to_string())
        })
    }

    /// `1`
    pub(crate) fn day_of_month(self, at: Timestamp, zone: Option<&str>) -> String {
        zones::local(at, zone).day().to_string()
    }

    /// `Sat`, `Sa`
    pub(crate) fn weekday_abbreviation(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            Some(dates.weekday.format(&moment.date).to_string())
        })
    }

    /// `Sat, Jun 1, 2030, 8:30 PM`, `Sa., 1. Juni 2030, 20:30`
    pub(crate) fn day_and_time(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            let (day, time) = (dates.day(moment)?, dates.time.format(&moment.time));
            Some(format!("{day}, {time}"))
        })
    }

    /// `Saturday, June 1, 2030 at 8:30 PM`, `Samstag, 1. Juni 2030 um 20:30`
    pub(crate) fn long_day_and_time(self, at: Timestamp, zone: Option<&str>) -> String {
        self.write(at, zone, |dates, moment| {
            Some(dates.long_day_and_time.format(moment).to_string())
        })
    }

    /// What people there call their time at that moment: `CEST`, `GMT+3`.
    pub(crate) fn zone(self, at: Timestamp, zone: Option<&str>) -> String {
        zones::label(at, zone)
    }

    /// A date is never left out: if there is no way to write it in words, it is written in digits.
    fn write(
        self,
        at: Timestamp,
        zone: Option<&str>,
        words: impl FnOnce(&Dates, &Moment) -> Option<String>,
    ) -> String {
        let local = zones::local(at, zone);
        let moment = moment(local);
        let dates = self.0.dates().zip(moment.as_ref());
        let written = dates.and_then(|(dates, moment)| words(dates, moment));
        written.unwrap_or_else(|| local.strftime("%Y-%m-%d %H:%M").to_string())
    }
}

/// `None` never comes, since both count days alike.
fn moment(local: jiff::civil::DateTime) -> Option<Moment> {
    let month = u8::try_from(local.month()).ok()?;
    let day = u8::try_from(local.day()).ok()?;
    let date = Date::try_new_gregorian(i32::from(local.year()), month, day).ok()?;
    let hour = u8::try_from(local.hour()).ok()?;
    let minute = u8::try_from(local.minute()).ok()?;
    let time = Time::try_new(hour, minute, 0, 0).ok()?;
    Some(Moment { date, time })
}

#[cfg(test)]
mod tests {
    use super::super::region::every_one;
    use super::*;

    const BERLIN: Option<&str> = Some("Europe/Berlin");
    const NARROW: char = '\u{202f}';

    fn locale(tag: &str) -> Locale {
        Locale::choose(None, Some(tag))
    }

    /// 20:30 in Berlin.
    fn june() -> Timestamp {
        "2030-06-01T18:30:00Z".parse().unwrap()
    }

    fn january() -> Timestamp {
        "2030-01-05T19:30:00Z".parse().unwrap()
    }

    #[test]
    fn american_dates_begin_with_the_month() {
        for tag in ["en", "en-US"] {
            let locale = locale(tag);
            let time = format!("8:30{NARROW}PM");
            assert_eq!(locale.day(june(), BERLIN), "Sat, Jun 1, 2030");
            assert_eq!(locale.long_day(june(), BERLIN), "Saturday, June 1, 2030");
            assert_eq!(locale.time(june(), BERLIN), time);
            assert_eq!(locale.month_abbreviation(june(), BERLIN), "Jun");
            assert_eq!(locale.day_of_month(june(), BERLIN), "1");
            assert_eq!(locale.weekday_abbreviation(june(), BERLIN), "Sat");
            assert_eq!(
                locale.day_and_time(june(), BERLIN),
                format!("Sat, Jun 1, 2030, {time}")
            );
            assert_eq!(
                locale.long_day_and_time(june(), BERLIN),
                format!("Saturday, June 1, 2030 at {time}")
            );
            assert_eq!(locale.zone(june(), BERLIN), "CEST");
        }
    }

    #[test]
    fn german_dates_begin_with_the_day() {
        let locale = locale("de");
        assert_eq!(locale.day(june(), BERLIN), "Sa., 1. Juni 2030");
        assert_eq!(locale.long_day(june(), BERLIN), "Samstag, 1. Juni 2030");
        assert_eq!(locale.time(june(), BERLIN), "20:30");
        assert_eq!(locale.month_abbreviation(june(), BERLIN), "Jun");
        assert_eq!(locale.day_of_month(june(), BERLIN), "1");
        assert_eq!(locale.weekday_abbreviation(june(), BERLIN), "Sa");
        assert_eq!(
            locale.day_and_time(june(), BERLIN),
            "Sa., 1. Juni 2030, 20:30"
        );
        assert_eq!(
            locale.long_day_and_time(june(), BERLIN),
            "Samstag, 1. Juni 2030 um 20:30"
        );
        assert_eq!(locale.day(january(), BERLIN), "Sa., 5. Jan. 2030");
    }

    #[test]
    fn regions_differ() {
        for (tag, day) in [
            ("en-GB", "Sat, 5 Jan 2030"),
            ("en-IE", "Sat 5 Jan 2030"),
            ("en-CA", "Sat, Jan 5, 2030"),
            ("en-AU", "Sat 5 Jan 2030"),
            ("en-NZ", "Sat, 5 Jan 2030"),
            ("en-IN", "Sat, 05 Jan 2030"),
            ("en-NG", "Sat, 5 Jan 2030"),
            ("en-CH", "Sat, 5 Jan 2030"),
            ("de-AT", "Sa., 5. Jän. 2030"),
            ("de-CH", "Sa., 5. Jan. 2030"),
        ] {
            assert_eq!(locale(tag).day(january(), BERLIN), day, "{tag}");
        }
        assert_eq!(locale("en-GB").time(june(), BERLIN), "20:30");
        assert_eq!(
            locale("en-AU").time(june(), BERLIN),
            format!("8:30{NARROW}pm")
        );
        assert_eq!(locale("en-DE").time(june(), BERLIN), "20:30");
        assert_eq!(
            locale("de-AT").long_day(january(), BERLIN),
            "Samstag, 5. Jänner 2030"
        );
        assert_eq!(locale("de-AT").month_abbreviation(january(), BERLIN), "Jän");
    }

    /// Where ICU4X has a short date with the month in words, the pattern in our table says the same.
    #[test]
    fn short_dates_are_those_of_icu() {
        let digits = |tag: &str| tag == "en-NZ" || tag.starts_with("de");
        for region in every_one().filter(|region| !digits(region.tag)) {
            let tag: icu_locale_core::Locale = region.tag.parse().unwrap();
            let icu = Formatter::try_new((&tag).into(), YMDE::medium()).unwrap();
            let moment = moment(zones::local(january(), None)).unwrap();
            let icu = icu.format(&moment.date).to_string();
            assert_eq!(Locale(region).day(january(), None), icu, "{region:?}");
        }
    }

    #[test]
    fn the_clock_is_that_of_the_zone() {
        let english = locale("en-GB");
        let tokyo = Some("Asia/Tokyo");
        assert_eq!(
            english.day_and_time(june(), tokyo),
            "Sun, 2 Jun 2030, 03:30"
        );
        assert_eq!(english.day_of_month(june(), tokyo), "2");
        for unknown in [None, Some("UTC"), Some(""), Some("Mars/Base")] {
            assert_eq!(
                english.day_and_time(june(), unknown),
                "Sat, 1 Jun 2030, 18:30"
            );
            assert_eq!(english.zone(june(), unknown), "UTC");
        }
    }

    #[test]
    fn noon_and_midnight_are_told_apart() {
        let time = |at: &str| locale("en").time(at.parse().unwrap(), None);
        assert_eq!(time("2030-06-01T00:00:00Z"), format!("12:00{NARROW}AM"));
        assert_eq!(time("2030-06-01T12:05:59Z"), format!("12:05{NARROW}PM"));
        assert_eq!(
            locale("de").time("2030-06-01T00:05:00Z".parse().unwrap(), None),
            "00:05"
        );
    }

    #[test]
    fn any_moment_can_be_written_anywhere() {
        for region in every_one() {
            let locale = Locale(region);
            for at in [
                Timestamp::MIN,
                Timestamp::UNIX_EPOCH,
                june(),
                Timestamp::MAX,
            ] {
                for zone in [None, BERLIN, Some("Pacific/Kiritimati")] {
                    assert!(!locale.day_and_time(at, zone).is_empty());
                    assert!(!locale.long_day_and_time(at, zone).is_empty());
                }
            }
        }
    }
}
