//! The settings of a server, read once at the start and handed on as typed values.
//!
//! Owns what each setting may be and the line that refuses a wrong one, which always names the
//! setting. Never reads the environment or the command line: the binary does, and fills
//! [`RawSettings`].

mod network;
mod parse;
mod public_url;
mod secret;
mod stripe;

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;

use tessera_contracts::Fees;
use url::Url;

use crate::bus::nats::NatsSettings;
use crate::db::postgres::Server;
use crate::db::{Pace, Place};
use crate::telemetry::traces::TraceSettings;

pub use network::TrustedProxies;
pub use public_url::PublicUrl;
pub use secret::JwtSeed;
pub use stripe::{CardForm, Secret, StripeSettings};

/// A setting that is not what it may be. Its text is the one line that an operator sees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct SettingError {
    /// The setting's name in the environment.
    pub setting: &'static str,
    /// What is wrong with it, and what it may be.
    pub message: String,
}

impl SettingError {
    /// An error in `setting`.
    pub fn new(setting: &'static str, message: impl Into<String>) -> SettingError {
        SettingError {
            setting,
            message: message.into(),
        }
    }
}

/// The settings as they were written, unchecked. Absent and empty mean the default.
///
/// Holds secrets, and therefore does not print.
#[derive(Clone, Default)]
#[expect(
    missing_docs,
    reason = "each field is the setting of the same name; see Settings"
)]
pub struct RawSettings {
    pub listen: Option<String>,
    pub data_dir: Option<String>,
    pub database_url: Option<String>,
    pub database_connections: Option<String>,
    pub nats_url: Option<String>,
    pub nats_creds: Option<String>,
    pub nats_nkey: Option<String>,
    pub nats_ca: Option<String>,
    pub nats_replicas: Option<String>,
    pub nats_monitor_url: Option<String>,
    pub public_url: Option<String>,
    pub trusted_proxies: Option<String>,
    pub jwt_key: Option<String>,
    pub jwt_key_previous: Option<String>,
    pub jwks_url: Option<String>,
    pub api_url: Option<String>,
    pub stripe_key: Option<String>,
    pub stripe_webhook_secret: Option<String>,
    pub stripe_api_base: Option<String>,
    pub stripe_publishable_key: Option<String>,
    pub stripe_js: Option<String>,
    pub buyer_fee_bps: Option<String>,
    pub seller_fee_bps: Option<String>,
    pub lock_seconds: Option<String>,
    pub payment_attempts: Option<String>,
    pub max_live_orders: Option<String>,
    pub rate_limits: Option<String>,
    pub otel_exporter_otlp_endpoint: Option<String>,
    pub otel_exporter_otlp_headers: Option<String>,
    pub otel_traces_sampler: Option<String>,
    pub otel_traces_sampler_arg: Option<String>,
    pub worker_threads: Option<String>,
    pub rust_log: Option<String>,
}

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LISTEN`: where HTTP is served.
    pub listen: SocketAddr,
    /// `DATA_DIR`: the embedded databases, and the keys made at the first start.
    pub data_dir: PathBuf,
    /// Who commits to the embedded databases. Nobody sets it but a simulation.
    pub pace: Pace,
    /// `DATABASE_URL` and `DATABASE_CONNECTIONS`: the PostgreSQL server; without one, files in the data
    /// directory.
    pub database: Option<Server>,
    /// `NATS_URL` and its kin: the bus between processes; without one, a bus inside this one.
    pub nats: Option<NatsSettings>,
    /// `JWKS_URL`: where the public keys of sessions are, for a process without auth.
    pub jwks_url: Option<Url>,
    /// `API_URL`: where the services' APIs are, for the web client alone.
    pub api_url: Option<Url>,
    /// `PUBLIC_URL`: the address that people use.
    pub public_url: PublicUrl,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// `JWT_KEY`: the key that signs sessions; without one it is made at the first start.
    pub jwt_key: Option<JwtSeed>,
    /// `JWT_KEY_PREVIOUS`: the key before it, whose sessions still count.
    pub jwt_key_previous: Option<JwtSeed>,
    /// `STRIPE_KEY` and its kin: card payments through Stripe; without one, through the built-in test gateway.
    pub stripe: Option<StripeSettings>,
    /// `STRIPE_PUBLISHABLE_KEY` and `STRIPE_JS`: the card form of the pages.
    pub card_form: Option<CardForm>,
    /// `BUYER_FEE_BPS` and `SELLER_FEE_BPS`: what the marketplace takes of a sale, alike in all of its processes.
    pub fees: Fees,
    /// `LOCK_SECONDS`: how long an order holds its ticket unpaid, in seconds.
    pub lock_seconds: u32,
    /// `PAYMENT_ATTEMPTS`: how often one order may be tried to be paid; when the last attempt is
    /// declined, the order ends.
    pub payment_attempts: u32,
    /// `MAX_LIVE_ORDERS`: how many unpaid orders one buyer may hold at once; `None` is no limit.
    pub max_live_orders: Option<NonZeroU32>,
    /// `RATE_LIMITS`: whether they are on.
    pub rate_limits: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` and its kin: where traces go, and which of them; without one, nowhere.
    pub traces: Option<TraceSettings>,
    /// `WORKER_THREADS`: threads that work; `None` leaves it to what is served.
    pub worker_threads: Option<NonZeroU16>,
    /// `RUST_LOG`: what is logged.
    pub rust_log: String,
}

impl Settings {
    /// Where the databases are.
    pub fn place(&self) -> Place {
        match &self.database {
            Some(server) => Place::Server(Box::new(server.clone())),
            None => Place::Folder(self.data_dir.clone(), self.pace),
        }
    }

    /// The name of the setting that says so.
    pub fn place_setting(&self) -> &'static str {
        match self.database {
            Some(_) => "DATABASE_URL",
            None => "DATA_DIR",
        }
    }

    /// Whether anything is kept in the data directory.
    pub fn uses_data_dir(&self) -> bool {
        self.database.is_none() || self.makes_keys()
    }

    /// Whether the key that signs sessions is made at the first start.
    fn makes_keys(&self) -> bool {
        self.jwt_key.is_none() && self.jwks_url.is_none()
    }

    /// The defaults, for tests: no rate limits, and a quiet log.
    #[cfg(any(test, feature = "testing"))]
    #[expect(
        clippy::expect_used,
        reason = "the defaults are constants, and for tests alone"
    )]
    pub fn for_tests() -> Settings {
        let raw = RawSettings {
            rate_limits: Some("off".to_owned()),
            rust_log: Some("warn".to_owned()),
            ..RawSettings::default()
        };
        raw.parse().expect("the default settings are valid")
    }

    /// What an operator should know about these settings, a line each, for the log of the start.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.public_url.is_https() && !self.public_url.is_loopback() {
            notes.push(format!(
                "PUBLIC_URL: {} is plain http off this machine; browsers keep the session cookie only over https",
                self.public_url
            ));
        }
        if let Some(note) = self.database.as_ref().and_then(Server::note) {
            notes.push(format!("DATABASE_URL: {note}"));
        }
        if self.database.is_some() && self.makes_keys() {
            notes.push(
                "JWT_KEY: not set, so it is made in DATA_DIR; give one where auth runs more than once"
                    .to_owned(),
            );
        }
        if self
            .stripe
            .as_ref()
            .is_some_and(|stripe| stripe.webhook_secrets.is_empty())
        {
            notes.push(
                "STRIPE_WEBHOOK_SECRET: not set, so Stripe is asked now and then, and tells nothing of its own accord"
                    .to_owned(),
            );
        }
        if self.stripe.is_some() && self.card_form.is_none() {
            notes.push(
                "STRIPE_PUBLISHABLE_KEY: not set, so the pages have no card form, and only the API takes payments"
                    .to_owned(),
            );
        }
        if !self.rate_limits {
            notes.push("RATE_LIMITS: off, for load tests only".to_owned());
        }
        notes
    }
}
