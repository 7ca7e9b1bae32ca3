//! From settings as written to settings as meant.

use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::str::FromStr;

use tessera_contracts::{FeeRate, Fees};
use url::Url;

use crate::bus::nats::NatsSettings;
use crate::db::postgres::Server;
use crate::telemetry::traces::TraceSettings;

use super::{JwtSeed, PublicUrl, RawSettings, SettingError, Settings, TrustedProxies, stripe};
use crate::db::Pace;

const LONGEST_LOCK_SECONDS: u32 = 7 * 24 * 60 * 60;

impl RawSettings {
    /// Checks every setting; the first one that is wrong is named.
    pub fn parse(mut self) -> Result<Settings, SettingError> {
        let (stripe, fees) = (self.stripe(), self.fees()?);
        let listen: SocketAddr = or_default("LISTEN", self.listen, "127.0.0.1:3000", listening)?;
        let default_url = format!("http://{listen}");
        Ok(Settings {
            listen,
            data_dir: PathBuf::from(given(self.data_dir).unwrap_or_else(|| "./data".to_owned())),
            pace: Pace::default(),
            database: database(self.database_url, self.database_connections)?,
            nats: nats(NatsTexts {
                url: self.nats_url,
                creds: self.nats_creds,
                nkey: self.nats_nkey,
                ca: self.nats_ca,
                replicas: self.nats_replicas,
                monitor: self.nats_monitor_url,
            })?,
            jwks_url: optional("JWKS_URL", self.jwks_url, address)?,
            api_url: optional("API_URL", self.api_url, address)?,
            public_url: or_default(
                "PUBLIC_URL",
                self.public_url,
                &default_url,
                PublicUrl::parse,
            )?,
            trusted_proxies: or_default(
                "TRUSTED_PROXIES",
                self.trusted_proxies,
                "",
                TrustedProxies::parse,
            )?,
            jwt_key: optional("JWT_KEY", self.jwt_key, JwtSeed::parse)?,
            jwt_key_previous: optional("JWT_KEY_PREVIOUS", self.jwt_key_previous, JwtSeed::parse)?,
            stripe: stripe::service(&stripe)?,
            card_form: stripe::form(&stripe)?,
            fees,
            lock_seconds: or_default("LOCK_SECONDS", self.lock_seconds, "900", |text| {
                number(text, 1, LONGEST_LOCK_SECONDS)
            })?,
            payment_attempts: or_default("PAYMENT_ATTEMPTS", self.payment_attempts, "3", |text| {
                number(text, 1, 100)
            })?,
            max_live_orders: or_default("MAX_LIVE_ORDERS", self.max_live_orders, "10", |text| {
                number(text, 0, 1_000_000).map(NonZeroU32::new)
            })?,
            rate_limits: or_default("RATE_LIMITS", self.rate_limits, "on", on_or_off)?,
            traces: traces(
                self.otel_exporter_otlp_endpoint,
                self.otel_exporter_otlp_headers,
                self.otel_traces_sampler,
                self.otel_traces_sampler_arg,
            )?,
            worker_threads: optional("WORKER_THREADS", self.worker_threads, |text| {
                let number = number(text, 1, 1_024)?;
                NonZeroU16::new(number).ok_or_else(|| "0 is too few".to_owned())
            })?,
            rust_log: given(self.rust_log).unwrap_or_else(|| "info".to_owned()),
        })
    }
}

impl RawSettings {
    fn stripe(&mut self) -> stripe::Texts {
        stripe::Texts {
            key: given(self.stripe_key.take()),
            webhook_secret: given(self.stripe_webhook_secret.take()),
            api_base: given(self.stripe_api_base.take()),
            publishable_key: given(self.stripe_publishable_key.take()),
            script: given(self.stripe_js.take()),
        }
    }

    fn fees(&mut self) -> Result<Fees, SettingError> {
        let (buyer, seller) = (self.buyer_fee_bps.take(), self.seller_fee_bps.take());
        Ok(Fees {
            buyer: or_default("BUYER_FEE_BPS", buyer, "0", fee_rate)?,
            seller: or_default("SELLER_FEE_BPS", seller, "0", fee_rate)?,
        })
    }
}

fn listening(text: &str) -> Result<SocketAddr, String> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse()
        .map_err(|_| format!("{text:?} is not an address and port such as 127.0.0.1:3000"))
}

fn database(
    url: Option<String>,
    connections: Option<String>,
) -> Result<Option<Server>, SettingError> {
    let connections = or_default("DATABASE_CONNECTIONS", connections, "10", |text| {
        let number = number(text, 3, 1_000)?;
        NonZeroU16::new(number).ok_or_else(|| "0 is too few".to_owned())
    })?;
    optional("DATABASE_URL", url, |text| Server::parse(text, connections))
}

struct NatsTexts {
    url: Option<String>,
    creds: Option<String>,
    nkey: Option<String>,
    ca: Option<String>,
    replicas: Option<String>,
    monitor: Option<String>,
}

fn nats(texts: NatsTexts) -> Result<Option<NatsSettings>, SettingError> {
    let replicas = or_default("NATS_REPLICAS", texts.replicas, "1", |text| {
        // What JetStream has.
        let number = number(text, 1, 5)?;
        NonZeroU8::new(number).ok_or_else(|| "0 is too few".to_owned())
    })?;
    let monitor = optional("NATS_MONITOR_URL", texts.monitor, address)?;
    let settings = optional("NATS_URL", texts.url, NatsSettings::parse)?;
    Ok(settings.map(|settings| NatsSettings {
        creds: given(texts.creds).map(PathBuf::from),
        nkey: given(texts.nkey).map(PathBuf::from),
        ca: given(texts.ca).map(PathBuf::from),
        replicas,
        monitor,
        ..settings
    }))
}

/// Without a collector the others mean nothing.
fn traces(
    endpoint: Option<String>,
    headers: Option<String>,
    sampler: Option<String>,
    ratio: Option<String>,
) -> Result<Option<TraceSettings>, SettingError> {
    let Some(endpoint) = given(endpoint) else {
        return Ok(None);
    };
    let (headers, sampler, ratio) = (given(headers), given(sampler), given(ratio));
    TraceSettings::parse(
        &endpoint,
        headers.as_deref(),
        sampler.as_deref(),
        ratio.as_deref(),
    )
    .map(Some)
}

pub(super) fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(format!(
            "{text:?} is not an address such as http://auth:3000"
        )),
    }
}

/// The value, unless it is absent or empty.
fn given(value: Option<String>) -> Option<String> {
    value
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

fn optional<T>(
    setting: &'static str,
    value: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, SettingError> {
    let Some(text) = given(value) else {
        return Ok(None);
    };
    parse(&text)
        .map(Some)
        .map_err(|message| SettingError { setting, message })
}

fn or_default<T>(
    setting: &'static str,
    value: Option<String>,
    default: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, SettingError> {
    let text = given(value);
    parse(text.as_deref().unwrap_or(default)).map_err(|message| SettingError { setting, message })
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    least: T,
    most: T,
) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if least <= number && number <= most => Ok(number),
        _ => Err(format!(
            "{text:?} is not a whole number from {least} to {most}"
        )),
    }
}

fn fee_rate(text: &str) -> Result<FeeRate, String> {
    let most = FeeRate::MAX_BASIS_POINTS;
    let rate = number(text, 0, most).ok().and_then(FeeRate::new);
    rate.ok_or_else(|| {
        format!("{text:?} is not a number of basis points from 0 to {most}; 250 are 2.5 %")
    })
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{text:?} is neither on nor off")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn raw(change: impl FnOnce(&mut RawSettings)) -> Result<Settings, SettingError> {
        let mut raw = RawSettings::default();
        change(&mut raw);
        raw.parse()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn nothing_set_means_the_defaults() {
        let settings = raw(|_| {}).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(settings.public_url.origin(), "http://127.0.0.1:3000");
        assert_eq!(settings.data_dir, PathBuf::from("./data"));
        assert_eq!((settings.lock_seconds, settings.payment_attempts), (900, 3));
        assert_eq!(settings.max_live_orders, NonZeroU32::new(10));
        assert!(settings.rate_limits);
        assert!(settings.jwt_key.is_none());
        assert_eq!(settings.rust_log, "info");
        assert_eq!(settings.notes(), Vec::<String>::new());
    }

    #[test]
    fn an_empty_setting_is_one_that_is_not_set() {
        let settings = raw(|raw| {
            raw.listen = some("");
            raw.stripe_key = some(" ");
            raw.trusted_proxies = some("");
        });
        assert_eq!(settings.unwrap().listen.port(), 3000);
    }

    type Change = fn(&mut RawSettings);

    const WRONG: [(&str, Change); 34] = [
        ("LISTEN", |raw| raw.listen = some("3000")),
        ("PUBLIC_URL", |raw| {
            raw.public_url = some("tickets.example.com")
        }),
        ("PUBLIC_URL", |raw| {
            raw.public_url = some("https://tickets.example.com/shop")
        }),
        ("PUBLIC_URL", |raw| {
            raw.public_url = some("ftp://tickets.example.com")
        }),
        ("TRUSTED_PROXIES", |raw| {
            raw.trusted_proxies = some("10.0.0.0/33")
        }),
        ("JWT_KEY", |raw| raw.jwt_key = some("dG9vIHNob3J0")),
        ("JWT_KEY_PREVIOUS", |raw| {
            raw.jwt_key_previous = some("not base64!")
        }),
        ("LOCK_SECONDS", |raw| raw.lock_seconds = some("0")),
        ("LOCK_SECONDS", |raw| raw.lock_seconds = some("604801")),
        ("PAYMENT_ATTEMPTS", |raw| raw.payment_attempts = some("101")),
        ("MAX_LIVE_ORDERS", |raw| raw.max_live_orders = some("-1")),
        ("RATE_LIMITS", |raw| raw.rate_limits = some("yes")),
        ("DATABASE_URL", |raw| {
            raw.database_url = some("mysql://db.example.com")
        }),
        ("DATABASE_URL", |raw| {
            raw.database_url = some("postgres://o:sk_test@db.example.com/?sslmode=maybe")
        }),
        ("DATABASE_URL", |raw| {
            raw.database_url = some(
                "postgres://o:sk_test@db.example.com/?sslmode=verify-full&sslrootcert=/nowhere",
            )
        }),
        ("DATABASE_CONNECTIONS", |raw| {
            raw.database_connections = some("2")
        }),
        ("NATS_URL", |raw| {
            raw.nats_url = some("http://bus.example.com")
        }),
        ("NATS_URL", |raw| raw.nats_url = some("nats://")),
        ("WORKER_THREADS", |raw| raw.worker_threads = some("0")),
        ("NATS_REPLICAS", |raw| raw.nats_replicas = some("0")),
        ("STRIPE_KEY", |raw| {
            raw.stripe_key = some("pk_sk_test_fictional")
        }),
        ("STRIPE_KEY", |raw| {
            raw.stripe_key = some("mistaken_sk_test")
        }),
        ("STRIPE_WEBHOOK_SECRET", |raw| {
            raw.stripe_webhook_secret = some("whsec_sk_test")
        }),
        ("STRIPE_WEBHOOK_SECRET", |raw| {
            raw.stripe_key = some("sk_test_fictional");
            raw.stripe_webhook_secret = some("whsec_a,whsec_b,whsec_sk_test")
        }),
        ("STRIPE_API_BASE", |raw| {
            raw.stripe_api_base = some("http://127.0.0.1:12111")
        }),
        ("STRIPE_API_BASE", |raw| {
            raw.stripe_key = some("sk_test_fictional");
            raw.stripe_api_base = some("http://stripe.example.com")
        }),
        ("STRIPE_PUBLISHABLE_KEY", |raw| {
            raw.stripe_publishable_key = some("sk_test_fictional")
        }),
        ("STRIPE_JS", |raw| {
            raw.stripe_js = some("https://js.example.com/")
        }),
        ("BUYER_FEE_BPS", |raw| raw.buyer_fee_bps = some("2.5")),
        ("SELLER_FEE_BPS", |raw| raw.seller_fee_bps = some("5001")),
        ("JWKS_URL", |raw| raw.jwks_url = some("auth.example.com")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", |raw| {
            raw.otel_exporter_otlp_endpoint = some("otel-collector:4318")
        }),
        ("OTEL_EXPORTER_OTLP_HEADERS", |raw| {
            raw.otel_exporter_otlp_endpoint = some("http://otel-collector:4318");
            raw.otel_exporter_otlp_headers = some("sk_test_fictional")
        }),
        ("OTEL_TRACES_SAMPLER_ARG", |raw| {
            raw.otel_exporter_otlp_endpoint = some("http://otel-collector:4318");
            raw.otel_traces_sampler_arg = some("1%")
        }),
    ];

    #[test]
    fn a_wrong_setting_is_named_in_one_line() {
        for (setting, change) in WRONG {
            let error = raw(change).unwrap_err();
            assert_eq!(error.setting, setting);
            let line = error.to_string();
            assert!(
                line.starts_with(&format!("{setting}: ")) && !line.contains('\n'),
                "{line}"
            );
            assert!(
                !line.contains("sk_test") && !line.contains("dG9v"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_server_of_databases_is_read_and_its_password_not_shown() {
        let settings = raw(|raw| {
            raw.database_url = some("postgres://orders:s3cret@db.example.com/?sslmode=require");
        });
        let settings = settings.unwrap();
        let shown = format!("{settings:?}");
        assert!(
            shown.contains("db.example.com") && !shown.contains("s3cret"),
            "{shown}"
        );
        assert_eq!(settings.notes().len(), 2, "{:?}", settings.notes());
        assert!(settings.uses_data_dir(), "for the key");
    }

    #[test]
    fn no_limit_of_live_orders_is_written_as_zero() {
        assert_eq!(
            raw(|raw| raw.max_live_orders = some("0"))
                .unwrap()
                .max_live_orders,
            None
        );
    }

    #[test]
    fn keys_do_not_print() {
        let settings = raw(|raw| raw.jwt_key = Some("A".repeat(43) + "=")).unwrap();
        assert!(settings.jwt_key.is_some());
        assert!(!format!("{settings:?}").contains("[0, 0"), "{settings:?}");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let settings =
            raw(|raw| raw.trusted_proxies = some("127.0.0.1, 10.1.0.0/16,2001:db8::/32"));
        let proxies = settings.unwrap().trusted_proxies;
        let trusted = |text: &str| proxies.contain(text.parse::<IpAddr>().unwrap());
        assert!(trusted("127.0.0.1") && trusted("10.1.255.3") && trusted("2001:db8::7"));
        assert!(trusted("::ffff:10.1.0.1"));
        assert!(!trusted("127.0.0.2") && !trusted("10.2.0.1") && !trusted("2001:db9::1"));
    }

    #[test]
    fn the_public_address_is_kept_as_browsers_write_it() {
        let origin = |text: &str| {
            let url = raw(|raw| raw.public_url = some(text)).unwrap().public_url;
            (url.origin().to_owned(), url.is_https(), url.is_loopback())
        };
        let own = |text: &str| text.to_owned();
        let https = own("https://tickets.example.com");
        assert_eq!(
            origin("https://Tickets.Example.com:443/"),
            (https, true, false)
        );
        assert_eq!(
            origin("http://localhost:3000"),
            (own("http://localhost:3000"), false, true)
        );
        assert_eq!(
            origin("http://[::1]:3000"),
            (own("http://[::1]:3000"), false, true)
        );
        assert_eq!(
            origin("http://192.0.2.1"),
            (own("http://192.0.2.1"), false, false)
        );
    }

    #[test]
    fn stripe_is_where_its_key_is() {
        let settings = raw(|raw| {
            raw.stripe_key = some("sk_test_fictional");
            raw.stripe_webhook_secret = some("whsec_new, whsec_old");
            raw.stripe_publishable_key = some("pk_test_fictional");
        });
        let settings = settings.unwrap();
        assert!(!format!("{settings:?}").contains("sk_test"), "{settings:?}");
        assert!(!format!("{settings:?}").contains("whsec"), "{settings:?}");
        assert_eq!(settings.notes(), Vec::<String>::new());
        let stripe = settings.stripe.unwrap();
        assert_eq!(stripe.webhook_secrets.len(), 2);
        assert_eq!(stripe.api_base.as_str(), "https://api.stripe.com/");
        let form = settings.card_form.unwrap();
        assert_eq!(form.script.host_str(), Some("js.stripe.com"));
    }

    #[test]
    fn without_its_signatures_and_its_form_stripe_works_and_the_start_says_so() {
        let notes = raw(|raw| raw.stripe_key = some("rk_test_fictional"))
            .unwrap()
            .notes();
        assert_eq!(notes.len(), 2, "{notes:?}");
    }

    #[test]
    fn fees_are_basis_points() {
        let fees = raw(|raw| {
            raw.buyer_fee_bps = some("250");
            raw.seller_fee_bps = some("5000");
        });
        let fees = fees.unwrap().fees;
        assert_eq!(fees.buyer.to_string(), "2.5 %");
        assert_eq!(fees.seller.to_string(), "50 %");
        assert_eq!(raw(|_| {}).unwrap().fees, Fees::default());
    }

    #[test]
    fn what_an_operator_should_know_is_noted() {
        let notes = raw(|raw| {
            raw.public_url = some("http://tickets.example.com");
            raw.rate_limits = some("off");
        });
        let notes = notes.unwrap().notes();
        assert_eq!(notes.len(), 2, "{notes:?}");
    }
}
