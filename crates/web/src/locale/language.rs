//! The languages that pages are written in.

/// A language that all of the pages exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// All of them; the first is for those who understand neither.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// The code of ISO 639, as it is kept in the visitor's cookie.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What those who speak it call it: a switch must be readable for those who do not read the page.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// Reads a code, in either case. `None` for a language that no page is written in.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.code().eq_ignore_ascii_case(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_by_its_code() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.code()), Some(language));
        }
        assert_eq!(Language::parse("DE"), Some(Language::German));
        for unknown in ["", "fr", "deu", "de-AT", " de", "\u{0}"] {
            assert_eq!(Language::parse(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_language_is_called_as_its_speakers_call_it() {
        assert_eq!(Language::English.own_name(), "English");
        assert_eq!(Language::German.own_name(), "Deutsch");
    }
}
