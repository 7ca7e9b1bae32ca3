//! Where card payments go, if they go to Stripe: `STRIPE_KEY` and its kin.

use std::fmt;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::SettingError;

/// What cards are charged through, for the service that does so.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// `STRIPE_KEY`: the secret or restricted key.
    pub key: Secret,
    /// `STRIPE_WEBHOOK_SECRET`: what its events are signed with; two of them while one takes the place of the other.
    pub webhook_secrets: Vec<Secret>,
    /// `STRIPE_API_BASE`: where its API is.
    pub api_base: Url,
    /// How long an answer is waited for.
    pub answer_within: Duration,
}

/// What a page needs to take a card, for whoever serves pages. None of it is secret.
#[derive(Clone, Debug)]
pub struct CardForm {
    /// `STRIPE_PUBLISHABLE_KEY`
    pub publishable_key: String,
    /// `STRIPE_JS`: the script that draws the form.
    pub script: Url,
}

/// A text that does not print, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: &str) -> Secret {
        Secret(Zeroizing::new(text.to_owned()))
    }

    /// The text. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The settings as they were written; `None` where nothing was.
pub(super) struct Texts {
    pub(super) key: Option<String>,
    pub(super) webhook_secret: Option<String>,
    pub(super) api_base: Option<String>,
    pub(super) publishable_key: Option<String>,
    pub(super) script: Option<String>,
}

const API_BASE: &str = "https://api.stripe.com";
const SCRIPT: &str = "https://js.stripe.com/endive/stripe.js";
const MOST_WEBHOOK_SECRETS: usize = 2;
/// Less than a call to a gateway may take, so that it can still be told what went wrong.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Reads what the service needs.
pub(super) fn service(texts: &Texts) -> Result<Option<StripeSettings>, SettingError> {
    let Some(key) = &texts.key else {
        return match (&texts.webhook_secret, &texts.api_base) {
            (Some(_), _) => Err(lonely("STRIPE_WEBHOOK_SECRET")),
            (_, Some(_)) => Err(lonely("STRIPE_API_BASE")),
            (None, None) => Ok(None),
        };
    };
    Ok(Some(StripeSettings {
        key: secret_key(key).map_err(|why| SettingError::new("STRIPE_KEY", why))?,
        webhook_secrets: webhook_secrets(texts.webhook_secret.as_deref().unwrap_or_default())
            .map_err(|why| SettingError::new("STRIPE_WEBHOOK_SECRET", why))?,
        api_base: place(texts.api_base.as_deref().unwrap_or(API_BASE))
            .map_err(|why| SettingError::new("STRIPE_API_BASE", why))?,
        answer_within: ANSWER_WITHIN,
    }))
}

/// Reads what pages need.
pub(super) fn form(texts: &Texts) -> Result<Option<CardForm>, SettingError> {
    let Some(key) = &texts.publishable_key else {
        return match &texts.script {
            Some(_) => Err(SettingError::new(
                "STRIPE_JS",
                "it means nothing without STRIPE_PUBLISHABLE_KEY",
            )),
            None => Ok(None),
        };
    };
    if !key.starts_with("pk_") || key.contains(char::is_whitespace) {
        let why = "it must be a publishable key, which begins with pk_";
        return Err(SettingError::new("STRIPE_PUBLISHABLE_KEY", why));
    }
    Ok(Some(CardForm {
        publishable_key: key.clone(),
        script: place(texts.script.as_deref().unwrap_or(SCRIPT))
            .map_err(|why| SettingError::new("STRIPE_JS", why))?,
    }))
}

fn lonely(setting: &'static str) -> SettingError {
    SettingError::new(setting, "it means nothing without STRIPE_KEY")
}

/// None of the errors repeats the text.
fn secret_key(text: &str) -> Result<Secret, String> {
    if text.starts_with("pk_") {
        return Err("it must be a secret key: this is a publishable one".to_owned());
    }
    let begins = ["sk_", "rk_"].iter().any(|prefix| text.starts_with(prefix));
    if !begins || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(
            "it must be a secret or restricted key, which begins with sk_ or rk_".to_owned(),
        );
    }
    Ok(Secret::new(text))
}

fn webhook_secrets(text: &str) -> Result<Vec<Secret>, String> {
    let secrets: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .collect();
    if secrets.len() > MOST_WEBHOOK_SECRETS {
        return Err("at most two of them, with a comma between".to_owned());
    }
    if !secrets
        .iter()
        .all(|secret| secret.chars().all(|c| c.is_ascii_graphic()))
    {
        return Err("it must be as Stripe shows it, and begins with whsec_".to_owned());
    }
    Ok(secrets.into_iter().map(Secret::new).collect())
}

/// Keys and cards never travel in the clear.
fn place(text: &str) -> Result<Url, String> {
    let url = super::parse::address(text)?;
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || is_here {
        Ok(url)
    } else {
        Err("it must be https, unless it is this very machine".to_owned())
    }
}
