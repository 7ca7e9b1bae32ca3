//! The connection, and whether the server is one that keeps its word.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use serde_json::Value;

use super::{Nats, NatsSettings, failed, stream};
use crate::bus::BusError;
use crate::instruments;

/// Several subjects in one consumer, and syncing as a setting.
const OLDEST: (u64, u64) = (2, 10);

/// The oldest server that stores several messages at once.
const BATCHES_SINCE: (u64, u64) = (2, 12);

/// How long a request to the server, or a confirmation of what was published, may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How long a start waits for a server: ten seconds.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct ConnectError {
    setting: &'static str,
    reason: String,
}

impl ConnectError {
    pub(super) fn new(setting: &'static str, reason: impl std::fmt::Display) -> ConnectError {
        ConnectError {
            setting,
            reason: reason.to_string(),
        }
    }
}

impl Nats {
    /// Connects, looks at the server's version, and makes or checks the stream.
    pub async fn connect(settings: &NatsSettings, name: &str) -> Result<Arc<Nats>, ConnectError> {
        let bus = Nats::over(client(settings, name).await?, settings);
        if bus.health().is_ok() {
            let stream = bus.stream().await;
            let stream = stream.map_err(|error| ConnectError::new("NATS_URL", error))?;
            stream::note(&bus.wanted(), &stream.cached_info().config);
            look_at_syncing(settings).await;
        }
        Ok(Arc::new(bus))
    }

    /// Connects for a look from outside: waits for nobody, and makes nothing.
    pub async fn look(settings: &NatsSettings, name: &str) -> Result<Nats, ConnectError> {
        let client = options(settings, name)
            .await?
            .connect(settings.servers.clone());
        let client = client.await.map_err(|error| refused(settings, &error))?;
        Ok(Nats::over(client, settings))
    }

    fn over(client: Client, settings: &NatsSettings) -> Nats {
        let context = ContextBuilder::new()
            .timeout(ANSWER_WITHIN)
            .ack_timeout(ANSWER_WITHIN)
            .build(client.clone());
        Nats {
            client,
            context,
            settings: settings.clone(),
            created: AtomicI64::new(0),
            takes_batches: AtomicBool::new(false),
            onlookers: OnceLock::new(),
        }
    }
}

/// A server that is away for the moment is waited for a little; one that is away for longer is no reason not to
/// start: requests are taken, and events wait in the outboxes.
async fn client(settings: &NatsSettings, name: &str) -> Result<Client, ConnectError> {
    for _try in 0..TRIES {
        let connected = options(settings, name)
            .await?
            .connect(settings.servers.clone());
        match connected.await {
            Err(error) if is_away(&error) => rest(BETWEEN).await,
            client => return client.map_err(|error| refused(settings, &error)),
        }
    }
    tracing::warn!("NATS does not answer: starting without it");
    options(settings, name)
        .await?
        .retry_on_initial_connect()
        .connect(settings.servers.clone())
        .await
        .map_err(|error| refused(settings, &error))
}

fn is_away(error: &async_nats::ConnectError) -> bool {
    use ConnectErrorKind::{Dns, Io, MaxReconnects, TimedOut};
    let is_away = matches!(error.kind(), Io | TimedOut | Dns | MaxReconnects);
    is_away && of_tls(error).is_none()
}

/// What the client takes for a broken connection, and is a certificate that does not count, or no TLS at all.
fn of_tls(error: &async_nats::ConnectError) -> Option<&rustls::Error> {
    let of_the_connection = error.source()?.downcast_ref::<std::io::Error>()?;
    of_the_connection.get_ref()?.downcast_ref()
}

/// Names the setting that is wrong, as far as that can be known.
fn refused(settings: &NatsSettings, error: &async_nats::ConnectError) -> ConnectError {
    use ConnectErrorKind::{Authentication, AuthorizationViolation};
    match (error.kind(), of_tls(error)) {
        (Authentication | AuthorizationViolation, _) if settings.creds.is_some() => {
            ConnectError::new("NATS_CREDS", error)
        }
        (Authentication | AuthorizationViolation, _) if settings.nkey.is_some() => {
            ConnectError::new("NATS_NKEY", error)
        }
        (_, Some(error @ rustls::Error::InvalidCertificate(_))) if settings.ca.is_some() => {
            ConnectError::new("NATS_CA", error)
        }
        (_, Some(error)) => ConnectError::new("NATS_URL", format!("TLS: {error}")),
        _ => ConnectError::new("NATS_URL", error),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "servers start in the machine's own time"
)]
async fn rest(span: Duration) {
    tokio::time::sleep(span).await;
}

async fn options(settings: &NatsSettings, name: &str) -> Result<ConnectOptions, ConnectError> {
    let mut options = ConnectOptions::new()
        .name(format!("tessera {name}"))
        .request_timeout(Some(ANSWER_WITHIN))
        // For ever: the outboxes grow meanwhile.
        .max_reconnects(None)
        .event_callback(|event| async move { tell(&event) });
    if let Some(token) = &settings.token {
        options = options.token(token.clone());
    }
    if let Some((name, password)) = &settings.user {
        options = options.user_and_password(name.clone(), password.clone());
    }
    if let Some(path) = &settings.creds {
        options = options.credentials_file(path).await.map_err(|error| {
            ConnectError::new("NATS_CREDS", format!("{}: {error}", path.display()))
        })?;
    }
    if let Some(path) = &settings.nkey {
        let seed = std::fs::read_to_string(path).map_err(|error| {
            ConnectError::new("NATS_NKEY", format!("{}: {error}", path.display()))
        })?;
        options = options.nkey(seed.trim().to_owned());
    }
    if let Some(path) = &settings.ca {
        look_into(path).map_err(|error| {
            ConnectError::new("NATS_CA", format!("{}: {error}", path.display()))
        })?;
        options = options.add_root_certificates(path.clone());
    }
    Ok(options)
}

/// The client would say of a file that it cannot read only that there is something with TLS.
fn look_into(path: &Path) -> Result<(), String> {
    let words = |error: pem::Error| match error {
        pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    let mut certificates = CertificateDer::pem_file_iter(path).map_err(words)?;
    match certificates.next() {
        Some(first) => first.map(drop).map_err(words),
        None => Err("it holds no certificate".to_owned()),
    }
}

fn tell(event: &Event) {
    match event {
        Event::Connected => {
            instruments::bus_connected().set(1.0);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected => {
            instruments::bus_connected().set(0.0);
            tracing::warn!("the connection to NATS is lost: events wait in the outboxes");
        }
        other => tracing::warn!("NATS: {other}"),
    }
}

/// Whether a server of this version stores several messages at once.
pub(super) fn takes_batches(version: &str) -> bool {
    numbers(version) >= BATCHES_SINCE
}

fn numbers(version: &str) -> (u64, u64) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

pub(super) fn refuse_old(version: &str) -> Result<(), BusError> {
    if numbers(version) >= OLDEST {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    Err(failed(format!(
        "the server is {version}; Tessera needs {major}.{minor} or newer"
    )))
}

/// A server tells only its monitoring whether it syncs what it confirms.
async fn look_at_syncing(settings: &NatsSettings) {
    let Some(monitor) = &settings.monitor else {
        tracing::info!(
            "whether NATS syncs what it confirms is not known: set NATS_MONITOR_URL to have it looked at"
        );
        return;
    };
    match syncs_always(monitor.as_str()).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(
            "NATS does not sync what it confirms (sync_interval is not always): after a power failure its stream is filled again from the outboxes"
        ),
        Err(error) => tracing::warn!("NATS_MONITOR_URL: {error}"),
    }
}

async fn syncs_always(monitor: &str) -> Result<bool, reqwest::Error> {
    let url = format!("{}/varz", monitor.trim_end_matches('/'));
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let found: Value = client.get(url).send().await?.json().await?;
    let said = found.pointer("/jetstream/config/sync_always");
    Ok(said == Some(&Value::Bool(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_refused_with_its_version() {
        for good in ["2.10.0", "2.12.8", "3.0.0-beta"] {
            refuse_old(good).unwrap();
        }
        for old in ["2.9.10", "1.4.1", ""] {
            let words = refuse_old(old).unwrap_err().to_string();
            assert!(words.contains("2.10") && words.contains(old), "{words}");
        }
        assert!(takes_batches("2.12.0") && !takes_batches("2.11.9"));
    }
}
