//! Which gateway takes the cards, as far as it concerns pages, and what a page needs to take one in Stripe's own form.
//!
//! A card's number is entered into a frame of Stripe's: it never comes into a page of ours.

use axum::http::HeaderValue;
use tessera_platform::config::{CardForm, Settings};
use tessera_platform::http::Failure;
use tessera_platform::http::security_headers::PAGE_POLICY;

use crate::assets;
use crate::locale::Language;

/// Where cards are entered.
#[derive(Clone, Copy)]
pub(crate) enum Gateway<'s> {
    /// Among the test cards of the built-in gateway.
    Test,
    /// In Stripe's form.
    Form(&'s CardForm),
    /// On no page: without a publishable key there is no form.
    NoForm,
}

impl Gateway<'_> {
    pub(crate) fn of(settings: &Settings) -> Gateway<'_> {
        match (&settings.card_form, &settings.stripe) {
            (Some(form), _) => Gateway::Form(form),
            (None, Some(_)) => Gateway::NoForm,
            (None, None) => Gateway::Test,
        }
    }
}

/// What the script of a page needs to talk to Stripe.
pub(crate) struct Stripe {
    /// Its publishable key.
    pub(crate) key: String,
    /// Where its script is.
    pub(crate) script: String,
    /// The language of its forms.
    pub(crate) language: &'static str,
}

impl Stripe {
    pub(crate) fn new(form: &CardForm, language: Language) -> Stripe {
        Stripe {
            key: form.publishable_key.clone(),
            script: form.script.to_string(),
            language: language.code(),
        }
    }

    /// The script of ours that talks to it.
    pub(crate) fn own_script(&self) -> &'static str {
        assets::path("pay.js")
    }
}

/// What a page may load that shows Stripe's form: what any page may, and what Stripe asks for
/// (<https://docs.stripe.com/security/guide#content-security-policy>), but for the addresses that we do not ask for. Of a
/// script from elsewhere, which stands in for Stripe's, its origin is all.
pub(crate) fn policy(form: &CardForm) -> Result<HeaderValue, Failure> {
    const SCRIPTS: &str = "https://js.stripe.com https://*.js.stripe.com";
    let origin = form.script.origin().ascii_serialization();
    let (scripts, frames, connections) = if form.script.host_str() == Some("js.stripe.com") {
        let frames = format!("{SCRIPTS} https://hooks.stripe.com");
        (
            SCRIPTS.to_owned(),
            frames,
            "https://api.stripe.com".to_owned(),
        )
    } else {
        (origin.clone(), origin.clone(), origin)
    };
    let with = |directive: &str, more: &str| {
        (
            format!("{directive} 'self'"),
            format!("{directive} 'self' {more}"),
        )
    };
    let mut policy = PAGE_POLICY.to_owned();
    for (plain, wider) in [
        with("script-src", &scripts),
        with("connect-src", &connections),
    ] {
        policy = policy.replace(&plain, &wider);
    }
    HeaderValue::try_from(format!("{policy}; frame-src {frames}")).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(script: &str) -> CardForm {
        CardForm {
            publishable_key: "pk_test_1".to_owned(),
            script: script.parse().unwrap(),
        }
    }

    #[test]
    fn a_page_with_stripes_form_may_load_what_stripe_asks_for_and_nothing_unsafe() {
        let policy = policy(&form("https://js.stripe.com/endive/stripe.js")).unwrap();
        assert_eq!(
            policy.to_str().unwrap(),
            "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; style-src 'self'; \
             img-src 'self'; connect-src 'self' https://api.stripe.com; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'; frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
        );
    }

    #[test]
    fn a_script_from_elsewhere_brings_its_own_origin_and_no_other() {
        let policy = policy(&form("http://127.0.0.1:4242/double/stripe.js")).unwrap();
        let policy = policy.to_str().unwrap();
        assert!(!policy.contains("stripe"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            policy.matches("http://127.0.0.1:4242").count(),
            3,
            "{policy}"
        );
    }
}
