//! How to reach the servers.

use std::num::NonZeroU8;
use std::path::PathBuf;

use async_nats::ServerAddr;
use url::Url;

/// `NATS_URL`, and what belongs to it. Does not show what is secret.
#[derive(Clone)]
pub struct NatsSettings {
    /// `NATS_URL`: the servers of one cluster.
    pub servers: Vec<ServerAddr>,
    /// A token in the place of a user's name and password.
    pub token: Option<String>,
    /// `NATS_CREDS`: a credentials file, of a JWT and its seed.
    pub creds: Option<PathBuf>,
    /// `NATS_NKEY`: a file that holds an nkey's seed.
    pub nkey: Option<PathBuf>,
    /// `NATS_CA`: a file of certificates of authorities, in the place of those that this machine knows.
    pub ca: Option<PathBuf>,
    /// `NATS_REPLICAS`: how many servers keep a copy of the stream.
    pub replicas: NonZeroU8,
    /// `NATS_MONITOR_URL`: where a server's monitoring answers.
    pub monitor: Option<Url>,
}

impl NatsSettings {
    /// Reads `nats://user:password@host:4222` or `nats://token@host` (`tls://` for TLS), several of them
    /// separated by commas.
    ///
    /// # Errors
    /// In words, without anything secret.
    pub fn parse(urls: &str) -> Result<NatsSettings, String> {
        let mut servers: Vec<ServerAddr> = Vec::new();
        for url in urls.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            if !url.starts_with("nats://") && !url.starts_with("tls://") {
                return Err("not of the form nats://host:4222 or tls://host:4222".to_owned());
            }
            let server: ServerAddr = url
                .parse()
                .map_err(|error| format!("not an address: {error}"))?;
            if server.host().is_empty() {
                return Err("it names no host".to_owned());
            }
            servers.push(server);
        }
        let Some(first) = servers.first() else {
            return Err("it names no server".to_owned());
        };
        let token = match (first.username(), first.password()) {
            (Some(token), None) => Some(token.to_owned()),
            _ => None,
        };
        Ok(NatsSettings {
            servers,
            token,
            creds: None,
            nkey: None,
            ca: None,
            replicas: NonZeroU8::MIN,
            monitor: None,
        })
    }
}

impl std::fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<_> = self.servers.iter().map(ServerAddr::host).collect();
        f.debug_struct("NatsSettings")
            .field("hosts", &hosts)
            .finish_non_exhaustive()
    }
}
