//! When it begins: at an hour when such a thing does, where it takes place.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::demo::catalogue::{Kind, Programme};

/// Hour and minute on the clocks of the place.
type Hour = (i8, i8);

/// The last day that is drawn; with the days up to the right one of the week, all are within 180.
const LAST_DAY: i64 = 174;

/// A moment from tomorrow on, and within 180 days.
pub fn draw(
    random: &mut StdRng,
    programme: &Programme,
    zone: &str,
    now: Timestamp,
) -> Result<Timestamp, jiff::Error> {
    let today = now.in_tz(zone)?.date();
    let date = today.checked_add(random.random_range(1..=LAST_DAY).days())?;
    let date = match weekday(programme) {
        Some(day) => on_or_after(date, day)?,
        None => date,
    };
    let (hour, minute) = hours(programme.kind, date.weekday())
        .choose(random)
        .copied()
        .unwrap_or((20, 0));
    Ok(date.at(hour, minute, 0, 0).in_tz(zone)?.timestamp())
}

/// The day of the week that the title speaks of.
fn weekday(programme: &Programme) -> Option<Weekday> {
    if programme.title.ends_with("Saturday") {
        Some(Weekday::Saturday)
    } else if programme.title.ends_with("Weekend Pass") {
        Some(Weekday::Friday)
    } else {
        None
    }
}

fn on_or_after(date: Date, day: Weekday) -> Result<Date, jiff::Error> {
    date.checked_add(i64::from(date.weekday().until(day)).days())
}

fn hours(kind: Kind, day: Weekday) -> &'static [Hour] {
    let weekend = matches!(day, Weekday::Saturday | Weekday::Sunday);
    match kind {
        Kind::Concert => &[(19, 0), (19, 30), (20, 0), (20, 30)],
        Kind::Theatre if weekend => &[(14, 30), (19, 0), (19, 30)],
        Kind::Theatre => &[(19, 0), (19, 30), (20, 0)],
        Kind::Sports if weekend => &[(13, 0), (15, 0), (17, 30), (20, 0)],
        Kind::Sports => &[(18, 30), (19, 45), (20, 45)],
        Kind::Comedy => &[(20, 0), (21, 0)],
        Kind::Festival => &[(12, 0), (14, 0), (16, 0)],
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rand::SeedableRng;

    use super::*;
    use crate::demo::catalogue::Catalogue;

    /// Moments around changes of the clocks, in both hemispheres, and around midnight.
    const MOMENTS: [&str; 4] = [
        "2030-03-30T23:30:00Z",
        "2030-10-05T15:59:00Z",
        "2030-10-26T23:59:59.999Z",
        "2031-12-31T00:00:00Z",
    ];

    /// Checks every start that is drawn for every venue and programme from several moments on.
    fn each(check: impl Fn(&Programme, Timestamp, jiff::Zoned)) {
        let catalogue = Catalogue::read().unwrap();
        let mut random = StdRng::seed_from_u64(3);
        for moment in MOMENTS {
            let now: Timestamp = moment.parse().unwrap();
            for venue in &catalogue.venues {
                for programme in catalogue.programmes_at(venue) {
                    let start = draw(&mut random, programme, &venue.zone, now).unwrap();
                    check(programme, now, start.in_tz(&venue.zone).unwrap());
                }
            }
        }
    }

    #[test]
    fn it_is_ahead_but_not_by_more_than_half_a_year() {
        each(|_, now, start| {
            let ahead = start.timestamp().duration_since(now);
            assert!(ahead > SignedDuration::from_hours(10), "{now} {start}");
            assert!(
                ahead < SignedDuration::from_hours(181 * 24),
                "{now} {start}"
            );
        });
    }

    #[test]
    fn the_clocks_of_the_place_show_an_hour_of_its_kind() {
        each(|programme, _, start| {
            let hour = (start.hour(), start.minute());
            let hours = hours(programme.kind, start.weekday());
            assert!(hours.contains(&hour), "{}: {start}", programme.title);
        });
    }

    #[test]
    fn a_saturday_is_a_saturday() {
        each(|programme, _, start| {
            if let Some(day) = weekday(programme) {
                assert_eq!(start.weekday(), day, "{}", programme.title);
            }
        });
    }
}
