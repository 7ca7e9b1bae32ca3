//! The settings, as flags and environment variables.

use clap::Args;
use tessera_platform::config::{RawSettings, SettingError, Settings};

/// Each flag has the name of its environment variable. They are text here: what each may be is
/// checked in one place for both, and refused by name.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingArgs {
    /// Where HTTP is served [default: 127.0.0.1:3000]
    #[arg(long, env = "LISTEN", global = true, hide_env_values = true)]
    listen: Option<String>,
    /// Where the databases and keys are kept [default: ./data]
    #[arg(long, env = "DATA_DIR", global = true, hide_env_values = true)]
    data_dir: Option<String>,
    /// postgres://user:password@host: each service uses the database named after it [default: files]
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Connections of one process to each of its databases, at most [default: 10]
    #[arg(
        long,
        env = "DATABASE_CONNECTIONS",
        global = true,
        hide_env_values = true
    )]
    database_connections: Option<String>,
    /// nats://user:password@host:4222: the bus between processes [default: one inside this process]
    #[arg(long, env = "NATS_URL", global = true, hide_env_values = true)]
    nats_url: Option<String>,
    /// A file of NATS credentials, in the place of a password
    #[arg(long, env = "NATS_CREDS", global = true, hide_env_values = true)]
    nats_creds: Option<String>,
    /// A file that holds the seed of an nkey, in the place of a password
    #[arg(long, env = "NATS_NKEY", global = true, hide_env_values = true)]
    nats_nkey: Option<String>,
    /// A file of the certificate authorities of the NATS servers [default: those of this machine]
    #[arg(long, env = "NATS_CA", global = true, hide_env_values = true)]
    nats_ca: Option<String>,
    /// How many NATS servers keep a copy of the stream [default: 1]
    #[arg(long, env = "NATS_REPLICAS", global = true, hide_env_values = true)]
    nats_replicas: Option<String>,
    /// Where a NATS server's monitoring answers, to see whether it syncs what it confirms
    #[arg(long, env = "NATS_MONITOR_URL", global = true, hide_env_values = true)]
    nats_monitor_url: Option<String>,
    /// The address that people use [default: http:// and LISTEN]
    #[arg(long, env = "PUBLIC_URL", global = true, hide_env_values = true)]
    public_url: Option<String>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", global = true, hide_env_values = true)]
    trusted_proxies: Option<String>,
    /// What signs sessions: base64 of 32 random bytes [default: made at the first start]
    #[arg(long, env = "JWT_KEY", global = true, hide_env_values = true)]
    jwt_key: Option<String>,
    /// The key before it, whose sessions still count
    #[arg(long, env = "JWT_KEY_PREVIOUS", global = true, hide_env_values = true)]
    jwt_key_previous: Option<String>,
    /// Where a process without auth finds the public keys, as in http://auth:3000/.well-known/jwks.json
    #[arg(long, env = "JWKS_URL", global = true, hide_env_values = true)]
    jwks_url: Option<String>,
    /// Where the web client alone finds the services' APIs
    #[arg(long, env = "API_URL", global = true, hide_env_values = true)]
    api_url: Option<String>,
    /// Card payments through Stripe: its secret key [default: the built-in test gateway]
    #[arg(long, env = "STRIPE_KEY", global = true, hide_env_values = true)]
    stripe_key: Option<String>,
    /// What Stripe signs its webhooks with; two with a comma between, while one takes the other's place
    #[arg(
        long,
        env = "STRIPE_WEBHOOK_SECRET",
        global = true,
        hide_env_values = true
    )]
    stripe_webhook_secret: Option<String>,
    /// Another address of Stripe's API [default: https://api.stripe.com]
    #[arg(long, env = "STRIPE_API_BASE", global = true, hide_env_values = true)]
    stripe_api_base: Option<String>,
    /// Stripe's publishable key, for the card form of the pages [default: no form]
    #[arg(
        long,
        env = "STRIPE_PUBLISHABLE_KEY",
        global = true,
        hide_env_values = true
    )]
    stripe_publishable_key: Option<String>,
    /// Another address of the script that draws it [default: that of Stripe]
    #[arg(long, env = "STRIPE_JS", global = true, hide_env_values = true)]
    stripe_js: Option<String>,
    /// What the marketplace adds to a price, in basis points: 250 are 2.5 % [default: 0]
    #[arg(long, env = "BUYER_FEE_BPS", global = true, hide_env_values = true)]
    buyer_fee_bps: Option<String>,
    /// What it keeps of a price, in basis points [default: 0]
    #[arg(long, env = "SELLER_FEE_BPS", global = true, hide_env_values = true)]
    seller_fee_bps: Option<String>,
    /// How long an unpaid order holds its ticket, in seconds [default: 900]
    #[arg(long, env = "LOCK_SECONDS", global = true, hide_env_values = true)]
    lock_seconds: Option<String>,
    /// How often an order may be tried to be paid [default: 3]
    #[arg(long, env = "PAYMENT_ATTEMPTS", global = true, hide_env_values = true)]
    payment_attempts: Option<String>,
    /// How many unpaid orders one buyer may hold; 0 is no limit [default: 10]
    #[arg(long, env = "MAX_LIVE_ORDERS", global = true, hide_env_values = true)]
    max_live_orders: Option<String>,
    /// on, or off for load tests [default: on]
    #[arg(long, env = "RATE_LIMITS", global = true, hide_env_values = true)]
    rate_limits: Option<String>,
    /// A collector of OpenTelemetry, by HTTP, as in http://otel-collector:4318 [default: no traces]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        global = true,
        hide_env_values = true
    )]
    otel_exporter_otlp_endpoint: Option<String>,
    /// What it is sent besides, as in authorization=Bearer%20…
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_HEADERS",
        global = true,
        hide_env_values = true
    )]
    otel_exporter_otlp_headers: Option<String>,
    /// Which traces are recorded [default: parentbased_always_on]
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER",
        global = true,
        hide_env_values = true
    )]
    otel_traces_sampler: Option<String>,
    /// Of parentbased_traceidratio and traceidratio: their share, from 0 to 1 [default: 1]
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        global = true,
        hide_env_values = true
    )]
    otel_traces_sampler_arg: Option<String>,
    /// Threads that work [default: one for a service that is served alone, otherwise the machine's processors]
    #[arg(long, env = "WORKER_THREADS", global = true, hide_env_values = true)]
    worker_threads: Option<String>,
    /// What is logged, as in info or tessera_platform=debug [default: info]
    #[arg(long, env = "RUST_LOG", global = true, hide_env_values = true)]
    rust_log: Option<String>,
}

impl SettingArgs {
    /// The settings, if each of them is what it may be.
    pub(crate) fn parse(self) -> Result<Settings, SettingError> {
        let raw = RawSettings {
            listen: self.listen,
            data_dir: self.data_dir,
            database_url: self.database_url,
            database_connections: self.database_connections,
            nats_url: self.nats_url,
            nats_creds: self.nats_creds,
            nats_nkey: self.nats_nkey,
            nats_ca: self.nats_ca,
            nats_replicas: self.nats_replicas,
            nats_monitor_url: self.nats_monitor_url,
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxies,
            jwt_key: self.jwt_key,
            jwt_key_previous: self.jwt_key_previous,
            jwks_url: self.jwks_url,
            api_url: self.api_url,
            stripe_key: self.stripe_key,
            stripe_webhook_secret: self.stripe_webhook_secret,
            stripe_api_base: self.stripe_api_base,
            stripe_publishable_key: self.stripe_publishable_key,
            stripe_js: self.stripe_js,
            buyer_fee_bps: self.buyer_fee_bps,
            seller_fee_bps: self.seller_fee_bps,
            lock_seconds: self.lock_seconds,
            payment_attempts: self.payment_attempts,
            max_live_orders: self.max_live_orders,
            rate_limits: self.rate_limits,
            otel_exporter_otlp_endpoint: self.otel_exporter_otlp_endpoint,
            otel_exporter_otlp_headers: self.otel_exporter_otlp_headers,
            otel_traces_sampler: self.otel_traces_sampler,
            otel_traces_sampler_arg: self.otel_traces_sampler_arg,
            worker_threads: self.worker_threads,
            rust_log: self.rust_log,
        };
        raw.parse()
    }
}

impl std::fmt::Debug for SettingArgs {
    /// Some are secrets: none is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SettingArgs").finish_non_exhaustive()
    }
}
