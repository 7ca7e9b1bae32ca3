//! How numbers, money and dates are written in which region: what CLDR says, for the regions that visitors
//! of an English or German page come from.

use std::fmt;
use std::sync::OnceLock;

use super::Language;
use super::dates::Dates;

/// The habits of one language in one region.
pub(super) struct Region {
    /// BCP 47.
    pub(super) tag: &'static str,
    pub(super) language: Language,
    pub(super) marks: Marks,
    pub(super) money: MoneyHabit,
    /// A short date with its weekday. CLDR's pattern `yMMMEd`: ICU4X would write the month of German dates
    /// in digits.
    day: &'static str,
    /// Resolved when the first visitor from there asks, and kept.
    dates: OnceLock<Option<Dates>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) decimal: char,
    /// Between groups of digits, of a number and of an amount of money.
    pub(super) group: &'static str,
    pub(super) money_group: &'static str,
    /// Whether groups above the thousands have two digits: 12,34,567.
    pub(super) lakh: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct MoneyHabit {
    pub(super) place: Place,
    /// Signs that mean another currency elsewhere.
    pub(super) dollar: &'static str,
    pub(super) yen: &'static str,
    /// The region's own currency and its sign, if that is not the one known everywhere.
    pub(super) own: Option<(&'static str, &'static str)>,
}

/// Where the sign of a currency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// $5, but CHF 5.
    Before,
    /// € 5
    BeforeSpaced,
    /// 5 €
    After,
}

impl Region {
    /// The region called `subtag`, as in the `AT` of `de-AT`, or how the language is mostly written.
    pub(super) fn find(language: Language, subtag: Option<&str>) -> &'static Self {
        let plain = match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        };
        let Some(subtag) = subtag else {
            return plain;
        };
        let code = |region: &Self| region.tag.split('-').nth(1);
        let same = |region: &&'static Self| {
            region.language == language
                && code(region).is_some_and(|code| code.eq_ignore_ascii_case(subtag))
        };
        match (REGIONS.iter().find(same), language) {
            (Some(region), _) => region,
            (None, Language::English) if !like_america(subtag) => &WORLD,
            (None, _) => plain,
        }
    }

    /// `None` if ICU4X has no data, which a test rules out.
    pub(super) fn dates(&self) -> Option<&Dates> {
        let dates = self.dates.get_or_init(|| Dates::of(self.tag, self.day));
        dates.as_ref()
    }

    const fn with_own(mut self, code: &'static str, sign: &'static str) -> Self {
        self.money.own = Some((code, sign));
        self
    }

    const fn new(tag: &'static str, marks: Marks, money: MoneyHabit, day: &'static str) -> Self {
        let language = match tag.as_bytes() {
            [b'd', b'e', ..] => Language::German,
            _ => Language::English,
        };
        Self {
            tag,
            language,
            marks,
            money,
            day,
            dates: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag)
    }
}

/// Places outside of the United States where dates and dollars are written as there.
fn like_america(subtag: &str) -> bool {
    let places = ["AS", "GU", "MP", "PR", "UM", "VI"];
    places
        .iter()
        .any(|place| place.eq_ignore_ascii_case(subtag))
}

const COMMAS: Marks = Marks::new('.', ",", ",");
const POINTS: Marks = Marks::new(',', ".", ".");
const SPACES: Marks = Marks::new(',', "\u{a0}", "\u{a0}");
const AUSTRIA: Marks = Marks::new(',', "\u{a0}", ".");
const APOSTROPHES: Marks = Marks::new('.', "'", "'");
const LAKHS: Marks = Marks {
    lakh: true,
    ..COMMAS
};

const AMERICA: MoneyHabit = MoneyHabit::new(Place::Before, "$", "¥");
const INDIA: MoneyHabit = MoneyHabit::new(Place::Before, "$", "JP¥");
const BEFORE: MoneyHabit = MoneyHabit::new(Place::Before, "US$", "JP¥");
const SPACED: MoneyHabit = MoneyHabit::new(Place::BeforeSpaced, "US$", "JP¥");
const AFTER: MoneyHabit = MoneyHabit::new(Place::After, "US$", "JP¥");
const GERMAN_AFTER: MoneyHabit = MoneyHabit::new(Place::After, "$", "¥");
const GERMAN_SPACED: MoneyHabit = MoneyHabit::new(Place::BeforeSpaced, "$", "¥");

const MONTH_FIRST: &str = "E, MMM d, y";
const DAY_FIRST: &str = "E, d MMM y";
const DAY_FIRST_BARE: &str = "E d MMM y";
const DAY_PADDED: &str = "E, dd MMM y";
const DAY_POINT: &str = "E, d. MMM y";

static ENGLISH: Region = Region::new("en", COMMAS, AMERICA, MONTH_FIRST);
/// Where English is written, but no region's own habits are known.
static WORLD: Region = Region::new("en-001", COMMAS, BEFORE, DAY_FIRST);
static GERMAN: Region = Region::new("de", POINTS, GERMAN_AFTER, DAY_POINT);

static REGIONS: [Region; 17] = [
    Region::new("en-US", COMMAS, AMERICA, MONTH_FIRST),
    Region::new("en-GB", COMMAS, BEFORE, DAY_FIRST),
    Region::new("en-IE", COMMAS, BEFORE, DAY_FIRST_BARE),
    Region::new("en-CA", COMMAS, BEFORE, MONTH_FIRST).with_own("cad", "$"),
    Region::new("en-AU", COMMAS, BEFORE, DAY_FIRST_BARE).with_own("aud", "$"),
    Region::new("en-NZ", COMMAS, BEFORE, DAY_FIRST).with_own("nzd", "$"),
    Region::new("en-IN", LAKHS, INDIA, DAY_PADDED),
    Region::new("en-ZA", SPACES, BEFORE, DAY_PADDED).with_own("zar", "R"),
    Region::new("en-SG", COMMAS, BEFORE, DAY_FIRST).with_own("sgd", "$"),
    Region::new("en-HK", COMMAS, BEFORE, DAY_FIRST),
    Region::new("en-DE", POINTS, AFTER, DAY_FIRST),
    Region::new("en-AT", POINTS, SPACED, DAY_FIRST),
    Region::new("en-CH", APOSTROPHES, SPACED, DAY_FIRST),
    Region::new("de-DE", POINTS, GERMAN_AFTER, DAY_POINT),
    Region::new("de-AT", AUSTRIA, GERMAN_SPACED, DAY_POINT),
    Region::new("de-CH", APOSTROPHES, GERMAN_SPACED, DAY_POINT),
    Region::new("de-LI", APOSTROPHES, GERMAN_SPACED, DAY_POINT),
];

impl Marks {
    const fn new(decimal: char, group: &'static str, money_group: &'static str) -> Self {
        Self {
            decimal,
            group,
            money_group,
            lakh: false,
        }
    }
}

impl MoneyHabit {
    const fn new(place: Place, dollar: &'static str, yen: &'static str) -> Self {
        Self {
            place,
            dollar,
            yen,
            own: None,
        }
    }
}

#[cfg(test)]
pub(super) fn every_one() -> impl Iterator<Item = &'static Region> {
    [&ENGLISH, &WORLD, &GERMAN].into_iter().chain(&REGIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_found_by_its_subtag() {
        let tag = |language, subtag| Region::find(language, subtag).tag;
        assert_eq!(tag(Language::English, Some("gb")), "en-GB");
        assert_eq!(tag(Language::English, Some("AT")), "en-AT");
        assert_eq!(tag(Language::German, Some("AT")), "de-AT");
        assert_eq!(tag(Language::English, None), "en");
        assert_eq!(tag(Language::German, None), "de");
    }

    #[test]
    fn a_region_that_is_not_known_writes_as_most_do() {
        let tag = |language, subtag| Region::find(language, Some(subtag)).tag;
        assert_eq!(tag(Language::German, "LU"), "de");
        assert_eq!(tag(Language::German, "GB"), "de");
        assert_eq!(tag(Language::English, "NG"), "en-001");
        assert_eq!(tag(Language::English, "150"), "en-001");
        assert_eq!(tag(Language::English, "pr"), "en");
        assert_eq!(tag(Language::English, ""), "en-001");
    }

    #[test]
    fn dates_can_be_written_in_every_region() {
        for region in every_one() {
            assert!(region.dates().is_some(), "{region:?}");
        }
    }
}
