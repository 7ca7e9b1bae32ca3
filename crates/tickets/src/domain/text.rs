//! The texts of a listing: each is checked where it comes in, and trusted from then on.

use jiff::tz::TimeZoneDatabase;

/// Why a text is not what it should be, in words that follow the name of its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must not be blank")]
    Blank,
    #[error("must have at most {0} characters")]
    TooLong(usize),
    #[error("must be one line of text")]
    Control,
    #[error("must be two letters, as in US")]
    Country,
    #[error("must be the name of a time zone, as in Europe/Vienna")]
    Zone,
}

/// Makes the type of a text that is only had by `parse`, or from a column that was filled by it.
macro_rules! text {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// What was checked when it was stored.
            pub fn stored(text: String) -> $name {
                $name(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    };
}

text! {
    /// What is sold: one line of up to 200 characters.
    Title
}
text! {
    /// A place, a part of one, or a kind of event: one line of up to 100 characters.
    Label
}
text! {
    /// Two upper-case letters, ISO 3166-1.
    Country
}
text! {
    /// The IANA name of a time zone: `Europe/Vienna`.
    Zone
}

impl Title {
    pub fn parse(text: &str) -> Result<Title, TextError> {
        line(text, 200).map(Title)
    }
}

impl Label {
    pub fn parse(text: &str) -> Result<Label, TextError> {
        line(text, 100).map(Label)
    }
}

impl Country {
    /// Takes either case.
    pub fn parse(text: &str) -> Result<Country, TextError> {
        let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code
            .then(|| Country(text.to_ascii_uppercase()))
            .ok_or(TextError::Country)
    }
}

impl Zone {
    /// Takes any case, and keeps the name as the database of time zones writes it.
    pub fn parse(text: &str) -> Result<Zone, TextError> {
        let zone = TimeZoneDatabase::bundled()
            .get(text)
            .map_err(|_| TextError::Zone)?;
        let name = zone.iana_name().ok_or(TextError::Zone)?;
        Ok(Zone(name.to_owned()))
    }
}

/// One line of text, without the blanks around it.
fn line(text: &str, longest: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Blank);
    }
    if text.chars().count() > longest {
        return Err(TextError::TooLong(longest));
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded_in_characters() {
        assert_eq!(Title::parse("  Fidelio ").unwrap().as_str(), "Fidelio");
        assert!(Title::parse(&"ü".repeat(200)).is_ok());
        assert_eq!(Title::parse(&"ü".repeat(201)), Err(TextError::TooLong(200)));
        assert_eq!(Label::parse(&"a".repeat(101)), Err(TextError::TooLong(100)));
        assert_eq!(Label::parse(" \t"), Err(TextError::Blank));
        for text in ["a\nb", "a\0b", "a\u{7f}b"] {
            assert_eq!(Label::parse(text), Err(TextError::Control), "{text:?}");
        }
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(Country::parse("at").unwrap().as_str(), "AT");
        for text in ["", "A", "AUT", "A1", "Ö"] {
            assert_eq!(Country::parse(text), Err(TextError::Country), "{text:?}");
        }
    }

    #[test]
    fn a_zone_is_one_that_is_known() {
        let zone = |text| Zone::parse(text).map(String::from);
        assert_eq!(zone("europe/vienna"), Ok("Europe/Vienna".to_owned()));
        assert_eq!(zone("UTC"), Ok("UTC".to_owned()));
        for text in ["", "Mars/Olympus", "+02:00", "../etc/passwd"] {
            assert_eq!(zone(text), Err(TextError::Zone), "{text:?}");
        }
    }
}
