//! What is around every page: its head, the way to the other pages, and its foot.

use tessera_platform::config::Settings;

use crate::assets;
use crate::cards::Gateway;
use crate::catalogue::{self, Catalogue};
use crate::locale::{Language, Locale};

/// The frame of one page.
pub(crate) struct Frame {
    /// The words.
    pub(crate) t: &'static Catalogue,
    pub(crate) locale: Locale,
    /// The name of the page.
    pub(crate) title: String,
    /// The address of who is signed in.
    pub(crate) email: Option<String>,
    /// Whether nobody knows who looks at it, so that it leads to no account.
    pub(crate) is_bare: bool,
    /// The page's own path and query.
    pub(crate) here: String,
    /// The public address.
    pub(crate) origin: String,
    /// Whether payments go to the built-in test gateway, which every page says.
    pub(crate) is_test: bool,
    /// In how many seconds a browser without scripts should look again.
    pub(crate) refresh: Option<i64>,
}

impl Frame {
    pub(crate) fn new(
        settings: &Settings,
        locale: Locale,
        title: String,
        email: Option<String>,
        here: &str,
    ) -> Frame {
        Frame {
            t: catalogue::of(locale.language()),
            locale,
            title,
            email,
            is_bare: false,
            here: here.to_owned(),
            origin: settings.public_url.origin().to_owned(),
            is_test: matches!(Gateway::of(settings), Gateway::Test),
            refresh: None,
        }
    }

    /// The same, for nobody in particular.
    #[must_use]
    pub(crate) fn bare(self) -> Frame {
        Frame {
            is_bare: true,
            ..self
        }
    }

    /// The same, to be looked at again by browsers without scripts.
    #[must_use]
    pub(crate) fn refreshed_in(self, seconds: Option<i64>) -> Frame {
        Frame {
            refresh: seconds,
            ..self
        }
    }

    /// The language and region, as BCP 47 has it.
    pub(crate) fn tag(&self) -> &str {
        self.locale.tag()
    }

    pub(crate) fn style(&self) -> &'static str {
        assets::path("app.css")
    }

    pub(crate) fn script(&self) -> &'static str {
        assets::path("app.js")
    }

    pub(crate) fn icon(&self) -> &'static str {
        assets::path("favicon.svg")
    }

    pub(crate) fn preview(&self) -> &'static str {
        assets::path("preview.png")
    }

    /// The languages that there are.
    pub(crate) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    /// `aria-current` for the entry of the menu that leads here.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        !self.is_bare && self.here.split('?').next() == Some(path)
    }

    /// Where signing in leads back to: here, as the value of a parameter.
    pub(crate) fn next(&self) -> String {
        crate::pages::next::as_parameter(&self.here)
    }
}
