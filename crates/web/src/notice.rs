//! What a page tells of what was just tried.

/// One notice, above what it is about.
pub(crate) struct Notice {
    /// `good` or `bad`: its colours.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Notice {
    pub(crate) fn good(text: &str) -> Notice {
        Notice {
            kind: "good",
            text: text.to_owned(),
        }
    }

    pub(crate) fn bad(text: &str) -> Notice {
        Notice {
            kind: "bad",
            text: text.to_owned(),
        }
    }
}
