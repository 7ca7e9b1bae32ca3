//! Where the databases are: `DATABASE_URL`, read.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use url::form_urlencoded;

use super::tls::{self, Trust};

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long a server that says nothing at all is taken to be there.
const SILENT_FOR: Duration = Duration::from_secs(10);

/// The database to connect to when there is none of a service yet.
const MAINTENANCE: &str = "postgres";

/// What every connection is told: no statement, no wait for a lock and no forgotten transaction lasts.
/// (What the URL says of these comes after it, and counts.)
const SESSION: &str = "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s \
    -c default_transaction_isolation=read\\ committed -c timezone=UTC";

/// A PostgreSQL server, and how to sign in to it. Does not show its password.
#[derive(Clone)]
pub struct Server {
    config: Config,
    maintenance: String,
    trust: Trust,
    connections: NonZeroU16,
}

impl Server {
    /// Reads `postgres://user:password@host:5432`, with libpq's parameters behind a `?`; of `sslmode`
    /// all values but `allow`, and `sslrootcert`. A path names the database from which others are made.
    ///
    /// Each process has at most so many `connections` to each of its databases.
    ///
    /// # Errors
    /// In words, without the password.
    pub fn parse(url: &str, connections: NonZeroU16) -> Result<Server, String> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("not of the form postgres://user:password@host:5432".to_owned());
        }
        let (url, mode, trust) = take_tls(url)?;
        let mut config: Config = url.parse().map_err(|error| words(&error))?;
        if config.get_hosts().is_empty() {
            return Err("it names no host".to_owned());
        }
        config.ssl_mode(mode);
        let options = match config.get_options() {
            Some(own) => format!("{SESSION} {own}"),
            None => SESSION.to_owned(),
        };
        config.options(options);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENT_FOR);
        }
        if config.get_application_name().is_none() {
            config.application_name("tessera");
        }
        let maintenance = config.get_dbname().unwrap_or(MAINTENANCE).to_owned();
        Ok(Server {
            config,
            maintenance,
            trust,
            connections,
        })
    }

    /// How to connect to the database `name`.
    pub(super) fn to(&self, name: &str) -> Config {
        let mut config = self.config.clone();
        config.dbname(name);
        config
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(super) fn maintenance(&self) -> &str {
        &self.maintenance
    }

    pub(super) fn connections(&self) -> NonZeroU16 {
        self.connections
    }

    /// What an operator should know of it.
    pub fn note(&self) -> Option<&'static str> {
        let encrypted = self.config.get_ssl_mode() != SslMode::Disable;
        (encrypted && !self.trust.verifies() && !self.is_on_this_machine()).then_some(
            "the server's certificate is not verified; sslmode=verify-full (and sslrootcert) does so",
        )
    }

    /// The first host that it names, and its port.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn first_host(&self) -> Option<(String, u16)> {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        self.config.get_hosts().iter().find_map(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => Some((name.clone(), port)),
            tokio_postgres::config::Host::Unix(_) => None,
        })
    }

    /// As whom it is signed in to.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn role(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// The options that its URL names, without ours.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn own_options(&self) -> String {
        let all = self.config.get_options().unwrap_or_default();
        all.strip_prefix(SESSION).unwrap_or(all).trim().to_owned()
    }

    fn is_on_this_machine(&self) -> bool {
        self.config.get_hosts().iter().all(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => {
                matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1")
            }
            tokio_postgres::config::Host::Unix(_) => true,
        })
    }
}

/// Takes what is said of TLS out of the URL: the driver knows only some of libpq's words.
fn take_tls(url: &str) -> Result<(String, SslMode, Trust), String> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match form_urlencoded::parse(pair.as_bytes()).next() {
            Some((name, value)) if name == "sslmode" => mode = Some(value.into_owned()),
            Some((name, value)) if name == "sslrootcert" => roots = Some(PathBuf::from(&*value)),
            _ => rest.push(pair),
        }
    }
    let url = match rest.as_slice() {
        [] => base.to_owned(),
        rest => format!("{base}?{}", rest.join("&")),
    };
    let (mode, verify) = match mode.as_deref() {
        None | Some("prefer") => (SslMode::Prefer, false),
        Some("disable") => (SslMode::Disable, false),
        // As in libpq: a root certificate that is given is used.
        Some("require") => (SslMode::Require, roots.is_some()),
        Some("verify-ca" | "verify-full") => (SslMode::Require, true),
        Some(other) => {
            return Err(format!(
                "sslmode={other} is none of disable, prefer, require, verify-full"
            ));
        }
    };
    let trust = if verify {
        tls::verifying(roots.as_deref())?
    } else {
        tls::trusting()?
    };
    Ok((url, mode, trust))
}

fn words(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    source.unwrap_or_else(|| error.to_string())
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("hosts", &self.config.get_hosts())
            .finish_non_exhaustive()
    }
}
