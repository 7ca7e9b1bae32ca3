//! The terms that a listing is found by: its words, without case and accents, and a term of its
//! own for its city and for its category.
//!
//! Words are runs of letters and digits, so that a term which begins with anything else is none.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Details;

/// Characters of a word that count; a longer one is cut, in listings and searches alike.
const LONGEST: usize = 32;

/// What a search asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This very term.
    Exactly(String),
    /// A word that begins like this.
    Prefix(String),
}

/// The terms of a listing.
pub fn terms(details: &Details) -> BTreeSet<String> {
    let labels = [&details.venue, &details.city, &details.category];
    let mut texts = vec![details.title.as_str()];
    texts.extend(labels.into_iter().flatten().map(|label| label.as_str()));
    let mut terms: BTreeSet<String> = texts.into_iter().flat_map(words).collect();
    terms.extend(details.city.iter().map(|city| city_term(city.as_str())));
    let category = details.category.as_ref();
    terms.extend(category.map(|category| category_term(category.as_str())));
    terms
}

/// What somebody who typed `query` wants: all of its words, of which the last may be unfinished.
pub fn wanted(query: &str) -> Vec<Wanted> {
    let mut words = words(query);
    let last = words.pop().map(Wanted::Prefix);
    words.into_iter().map(Wanted::Exactly).chain(last).collect()
}

/// The term of all listings in a city, however it is spelt.
pub fn city_term(city: &str) -> String {
    format!("@{}", words(city).join("-"))
}

/// The term of all listings of a category, however it is spelt.
pub fn category_term(category: &str) -> String {
    format!("#{}", words(category).join("-"))
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let runs = folded.split(|c: char| !c.is_alphanumeric());
    let words = runs.filter(|run| !run.is_empty());
    words
        .map(|word| word.chars().take(LONGEST).collect())
        .collect()
}

/// Lower case, without accents; letters that have no plainer form in Unicode get their usual one.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let bare = text.nfkd().filter(|c| !is_combining_mark(*c));
    for c in bare.flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tessera_contracts::{Currency, Price};

    use super::*;
    use crate::domain::{Label, Title};

    #[test]
    fn words_have_no_case_and_no_accents() {
        assert_eq!(words("Opéra GARNIER"), ["opera", "garnier"]);
        assert_eq!(
            words("Bernabéu; Łódź, Ærø & Straße"),
            ["bernabeu", "lodz", "aero", "strasse"]
        );
        assert_eq!(words("L'Orfeo (1607)"), ["l", "orfeo", "1607"]);
        assert_eq!(words("ΟΔΥΣΣΕΥΣ Οδυσσεύς"), ["οδυσσευσ", "οδυσσευσ"]);
        assert_eq!(words("ﬁn de siècle №9"), ["fin", "de", "siecle", "no9"]);
        assert_eq!(words(" -- !? "), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(40)), ["x".repeat(32)]);
    }

    #[test]
    fn a_listing_has_its_words_its_city_and_its_category() {
        let price = Price::parse("1", Currency::USD).unwrap();
        let details = Details {
            category: Some(Label::parse("Concert").unwrap()),
            venue: Some(Label::parse("Carnegie Hall").unwrap()),
            city: Some(Label::parse("New York").unwrap()),
            ..Details::bare(Title::parse("Carnegie's New Year").unwrap(), price)
        };
        let expected = [
            "#concert",
            "@new-york",
            "carnegie",
            "concert",
            "hall",
            "new",
            "s",
            "year",
            "york",
        ];
        assert_eq!(terms(&details).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_last_word_of_a_query_may_be_unfinished() {
        let expected = [
            Wanted::Exactly("carnegie".to_owned()),
            Wanted::Prefix("ha".to_owned()),
        ];
        assert_eq!(wanted("Carnegie ha"), expected);
        assert_eq!(wanted("…"), []);
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,40}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
