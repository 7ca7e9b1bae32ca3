//! The visitor's language, and how amounts, numbers, dates and times are written where the visitor lives.
//!
//! Owns what is read and written in a person's own way: the choice of a language, formats, what was typed
//! into a field, zones and countries. Never computes with money or rounds it, never asks the clock, and
//! holds none of the pages' words.

mod accept;
mod countries;
mod dates;
mod language;
mod money;
mod region;
mod typed;
mod zones;

pub(crate) use countries::{countries, country_name};
pub(crate) use language::Language;
pub(crate) use zones::{instant_to_wall, wall_to_instant, zones};

use accept::Accepted;
use region::Region;

/// A language, and the habits of a region where it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locale(&'static Region);

impl Locale {
    /// The visitor's own choice of a language (a code; an unknown one is none), else the best that the header
    /// Accept-Language names, else English; and the region that the header names with that language.
    pub(crate) fn choose(chosen: Option<&str>, accept_language: Option<&str>) -> Self {
        let accepted = Accepted::read(accept_language.unwrap_or_default());
        let chosen = chosen.and_then(Language::parse);
        let language = chosen.or_else(|| accepted.language());
        let language = language.unwrap_or(Language::English);
        Self(Region::find(language, accepted.region(language)))
    }

    /// The language of the words on the page.
    pub(crate) fn language(self) -> Language {
        self.0.language
    }

    /// Language and region as HTML names them: `de-AT`.
    pub(crate) fn tag(self) -> &'static str {
        self.0.tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(chosen: Option<&str>, accept_language: &str) -> &'static str {
        let locale = Locale::choose(chosen, Some(accept_language));
        assert!(locale.tag().starts_with(locale.language().code()));
        locale.tag()
    }

    #[test]
    fn a_visitor_without_a_choice_gets_what_the_browser_asks_for() {
        assert_eq!(tag(None, "de-AT,de;q=0.9,en;q=0.8"), "de-AT");
        assert_eq!(tag(None, "en-GB,en;q=0.9,en-US;q=0.8"), "en-GB");
        assert_eq!(tag(None, "fr-FR,fr;q=0.9"), "en");
        assert_eq!(tag(None, "fr-CH,de-CH;q=0.9,en;q=0.8"), "de-CH");
        assert_eq!(tag(None, ""), "en");
        assert_eq!(Locale::choose(None, None).tag(), "en");
    }

    #[test]
    fn a_choice_keeps_the_formats_of_the_region() {
        assert_eq!(tag(Some("en"), "de-AT,de;q=0.9,en-IE;q=0.2"), "en-IE");
        assert_eq!(tag(Some("de"), "en-US,en;q=0.9,de-CH;q=0.1"), "de-CH");
        assert_eq!(tag(Some("de"), "en-US,en;q=0.9"), "de");
        assert_eq!(Locale::choose(Some("de"), None).tag(), "de");
    }

    #[test]
    fn a_choice_of_what_there_is_not_is_none() {
        for unknown in ["", "fr", "de-AT", "x".repeat(10_000).as_str()] {
            assert_eq!(tag(Some(unknown), "de-AT,en;q=0.5"), "de-AT");
        }
    }

    #[test]
    fn it_can_be_kept_across_an_await() {
        fn shared<T: Send + Sync + Copy + 'static>(_: T) {}
        shared(Locale::choose(None, None));
    }
}
