//! The header Accept-Language, as RFC 9110 has it.
//!
//! Anybody can send anything: what cannot be read is passed over, and the work is bounded.

use super::Language;

/// As much of a header as is looked at. Browsers send a tenth of it.
const BYTES: usize = 1_000;
const RANGES: usize = 32;

/// What a visitor reads, the best first; what is written earlier, before what is wished as much.
#[derive(Debug)]
pub(super) struct Accepted<'a>(Vec<Range<'a>>);

#[derive(Debug)]
struct Range<'a> {
    tag: &'a str,
    /// In thousandths; 0 is "not this one".
    quality: u16,
}

impl<'a> Accepted<'a> {
    pub(super) fn read(header: &'a str) -> Self {
        let end = header.floor_char_boundary(BYTES);
        let header = header.get(..end).unwrap_or_default();
        let ranges = header.split(',').take(RANGES).filter_map(Range::read);
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort_by_key(|range| std::cmp::Reverse(range.quality));
        Self(ranges)
    }

    /// The language of ours that the visitor reads best.
    pub(super) fn language(&self) -> Option<Language> {
        self.wished().find_map(|range| match range.tag {
            "*" => self.unmentioned(),
            _ => range.language(),
        })
    }

    /// The region of the visitor's best tag of `language`: `AT`, if that is `de-AT`.
    pub(super) fn region(&self, language: Language) -> Option<&'a str> {
        let mut of_it = self
            .wished()
            .filter(|range| range.language() == Some(language));
        of_it.next()?.region()
    }

    fn wished(&self) -> impl Iterator<Item = &Range<'a>> {
        self.0.iter().filter(|range| range.quality > 0)
    }

    /// A wildcard stands for what no other range names, not even to exclude it.
    fn unmentioned(&self) -> Option<Language> {
        let mentioned = |language| {
            self.0
                .iter()
                .any(|range| range.language() == Some(language))
        };
        let mut all = Language::ALL.into_iter();
        all.find(|language| !mentioned(*language))
    }
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let tag = parts.next().filter(|tag| !tag.is_empty())?;
        let quality = match parts.next() {
            Some(weight) => quality(weight)?,
            None => 1_000,
        };
        Some(Self { tag, quality })
    }

    fn language(&self) -> Option<Language> {
        Language::parse(self.tag.split('-').next()?)
    }

    /// Two letters or three digits, before any extension: a script has four letters, a variant more.
    fn region(&self) -> Option<&'a str> {
        let subtags = self.tag.split('-').skip(1);
        let mut subtags = subtags.take_while(|subtag| subtag.len() > 1);
        subtags.find(|subtag| match subtag.len() {
            2 => subtag.bytes().all(|byte| byte.is_ascii_alphabetic()),
            3 => subtag.bytes().all(|byte| byte.is_ascii_digit()),
            _ => false,
        })
    }
}

/// Reads `q=0.85` as 850.
fn quality(weight: &str) -> Option<u16> {
    let (name, value) = weight.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = match value.trim().split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (value.trim(), ""),
    };
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(header: &str) -> Option<Language> {
        Accepted::read(header).language()
    }

    #[test]
    fn the_language_that_is_wished_most_is_taken() {
        let (english, german) = (Some(Language::English), Some(Language::German));
        assert_eq!(language("de-AT,de;q=0.9,en;q=0.8"), german);
        assert_eq!(language("en;q=0.8, DE ; Q=0.85"), german);
        assert_eq!(language("de;q=0.5,en-GB;q=0.50,fr"), german);
        assert_eq!(language("fr-FR,fr;q=0.9,en;q=0.001"), english);
        assert_eq!(language("de;q=0,en;q=0.1"), english);
        assert_eq!(language("fr-FR,fr"), None);
        assert_eq!(language("de;q=0,en;q=0.000"), None);
    }

    #[test]
    fn a_wildcard_stands_for_what_is_not_named() {
        let (english, german) = (Some(Language::English), Some(Language::German));
        assert_eq!(language("*"), english);
        assert_eq!(language("en;q=0, *"), german);
        assert_eq!(language("en;q=0.3, *;q=0.5"), german);
        assert_eq!(language("de, *;q=0.5"), german);
        assert_eq!(language("de;q=0, en;q=0, *"), None);
        assert_eq!(language("fr, *;q=0"), None);
    }

    #[test]
    fn the_region_is_that_of_the_best_tag_of_the_language() {
        let region = |header, language| Accepted::read(header).region(language);
        let header = "en-GB;q=0.5,fr-CA,de-Latn-CH-1996;q=0.9,de-AT;q=0.8,en-US;q=0.7";
        assert_eq!(region(header, Language::English), Some("US"));
        assert_eq!(region(header, Language::German), Some("CH"));
        assert_eq!(region("en,en-GB;q=0.9", Language::English), None);
        assert_eq!(region("en-001", Language::English), Some("001"));
        assert_eq!(region("de-AT;q=0,de", Language::German), None);
        assert_eq!(region("en-x-us,fr", Language::English), None);
        assert_eq!(region("fr-FR", Language::English), None);
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let german = Some(Language::German);
        for noise in [
            "en;q=1.5",
            "en;q=-1",
            "en;q=",
            "en;q",
            "en;q=0.1234",
            "en;x=1",
            "en;q=1.001",
            ";;;",
            "=,=",
            "é\u{0}",
            "en_GB",
            "-",
            "en;q=nan",
            "en;q=+1",
        ] {
            assert_eq!(language(&format!("{noise},de;q=0.2")), german, "{noise:?}");
        }
        for nothing in ["", ",", ";q=1", "-en", "\u{2028}"] {
            assert_eq!(language(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn an_endless_header_is_not_read_to_its_end() {
        assert_eq!(language(&format!("{}de", "x,".repeat(RANGES))), None);
        assert_eq!(language(&format!("{},de", "é".repeat(1 << 20))), None);
        let first = format!("de,{}", "é".repeat(1 << 20));
        assert_eq!(language(&first), Some(Language::German));
    }
}
