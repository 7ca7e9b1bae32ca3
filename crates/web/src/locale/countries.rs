//! The countries of ISO 3166-1, as people call them.
//!
//! Owns names and codes alone: nothing is decided by them.

use std::sync::LazyLock;

use super::Language;

/// A code, and the name in one language.
type Country = (&'static str, &'static str);

static ENGLISH: LazyLock<Countries> = LazyLock::new(|| Countries::read(Language::English));
static GERMAN: LazyLock<Countries> = LazyLock::new(|| Countries::read(Language::German));

struct Countries {
    by_name: Vec<Country>,
    by_code: Vec<Country>,
}

/// All countries, as a reader of `language` looks for them.
pub(crate) fn countries(language: Language) -> &'static [Country] {
    &Countries::of(language).by_name
}

/// The name of the country with that code, in either case. `None` if there is none.
pub(crate) fn country_name(code: &str, language: Language) -> Option<&'static str> {
    let countries = &Countries::of(language).by_code;
    let code = code.to_ascii_uppercase();
    let found = countries.binary_search_by(|(each, _)| (*each).cmp(&code));
    countries.get(found.ok()?).map(|(_, name)| *name)
}

impl Countries {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn read(language: Language) -> Self {
        let lines = include_str!("countries.csv").lines();
        let by_code: Vec<Country> = lines.filter_map(|line| read(line, language)).collect();
        let mut by_name = by_code.clone();
        by_name.sort_by_cached_key(|(_, name)| sort_key(name));
        Self { by_name, by_code }
    }
}

/// A line is `AT,Austria,Österreich`, and lines are sorted by their codes: tests hold them to it.
fn read(line: &'static str, language: Language) -> Option<Country> {
    let (code, names) = line.split_once(',')?;
    let (english, german) = names.split_once(',')?;
    match language {
        Language::English => Some((code, english)),
        Language::German => Some((code, german)),
    }
}

/// Letters by their base, as dictionaries have them, and nothing but letters and spaces.
fn sort_key(name: &str) -> String {
    let lower = name.chars().flat_map(char::to_lowercase).map(base);
    lower.filter(|c| c.is_alphabetic() || *c == ' ').collect()
}

/// The accents that names in the list have.
fn base(letter: char) -> char {
    match letter {
        'ä' | 'å' | 'ã' | 'á' => 'a',
        'ç' => 'c',
        'é' => 'e',
        'í' => 'i',
        'ö' | 'ô' => 'o',
        'ü' => 'u',
        '-' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_countries_have_a_name_in_both_languages() {
        for language in Language::ALL {
            let countries = countries(language);
            assert_eq!(countries.len(), 249);
            for (code, name) in countries {
                assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()));
                assert!(!name.is_empty() && name.trim() == *name && !name.contains(','));
                assert_eq!(country_name(code, language), Some(*name));
            }
        }
        let lines: Vec<_> = include_str!("countries.csv").lines().collect();
        assert_eq!(lines.len(), 249);
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|line| line.split(',').count() == 3));
    }

    #[test]
    fn no_two_countries_share_a_code_or_a_name() {
        for language in Language::ALL {
            for (index, (code, name)) in countries(language).iter().enumerate() {
                let others = countries(language).iter().skip(index + 1);
                for (other_code, other_name) in others {
                    assert!(code != other_code && name != other_name, "{name}");
                }
            }
        }
    }

    #[test]
    fn accents_do_not_matter_to_the_order() {
        let place = |name: &str, language| {
            let mut names = countries(language).iter().map(|(_, name)| *name);
            names.position(|each| each == name).unwrap()
        };
        let in_order = |language, names: &[&'static str]| {
            assert!(
                names.is_sorted_by_key(|name| place(name, language)),
                "{names:?}"
            );
        };
        in_order(
            Language::German,
            &["Afghanistan", "Ägypten", "Ålandinseln", "Albanien"],
        );
        in_order(Language::German, &["Oman", "Österreich", "Pakistan"]);
        in_order(Language::German, &["Tunesien", "Türkei", "Turkmenistan"]);
        in_order(
            Language::English,
            &["Afghanistan", "Åland Islands", "Albania"],
        );
        in_order(
            Language::English,
            &["Costa Rica", "Côte d’Ivoire", "Croatia"],
        );
        assert_eq!(
            countries(Language::English).last(),
            Some(&("ZW", "Zimbabwe"))
        );
        assert_eq!(countries(Language::German).last(), Some(&("CY", "Zypern")));
        for (_, name) in Language::ALL.into_iter().flat_map(countries) {
            assert!(
                sort_key(name).is_ascii(),
                "{name} has an accent that base() does not know"
            );
        }
    }

    #[test]
    fn a_country_is_found_by_its_code() {
        assert_eq!(country_name("AT", Language::German), Some("Österreich"));
        assert_eq!(country_name("at", Language::English), Some("Austria"));
        for unknown in ["", "A", "XX", "UK", "AUT", "ÄÖ", "a\u{0}"] {
            assert_eq!(
                country_name(unknown, Language::English),
                None,
                "{unknown:?}"
            );
        }
    }
}
