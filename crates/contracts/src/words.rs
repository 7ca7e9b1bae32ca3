//! The one way in which an enum of fixed words is written.
//!
//! Owns the macro behind every status and reason, so that JSON, database text, `Display` and `FromStr`
//! always agree on the word.

use utoipa::openapi::{Object, RefOr, Schema, Type};

/// The text is none of the words of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is not a known {kind}")]
pub struct UnknownWord {
    /// What was expected, in words: "order status".
    pub kind: &'static str,
    /// What was found.
    pub word: String,
}

macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        $name:ident: $kind:literal {
            $( $(#[doc = $word_doc:literal])+ $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[doc = $word_doc])+ #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word on the wire and in databases.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::words::UnknownWord { kind: $kind, word: word.to_owned() }),
                }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let words = [$( ($word, concat!($($word_doc),+)), )+];
                $crate::words::schema(concat!($($doc),+), &words)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use words;

/// The schema of such an enum, each word with its meaning. (A derived one would show the names of the variants.)
pub(crate) fn schema(meaning: &str, words: &[(&str, &str)]) -> RefOr<Schema> {
    let mut description = meaning.trim().to_owned();
    for (word, meaning) in words {
        description.push_str(&format!("\n- `{word}`: {}", meaning.trim()));
    }
    Object::builder()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words.iter().map(|(word, _)| *word)))
        .into()
}
