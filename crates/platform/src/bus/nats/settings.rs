//! How to reach the servers.

use std::num::NonZeroU8;
use std::path::PathBuf;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;
use url::Url;

/// `NATS_URL`, and what belongs to it. Does not show what is secret.
#[derive(Clone)]
pub struct NatsSettings {
    /// `NATS_URL`: the servers of one cluster.
    pub servers: Vec<ServerAddr>,
    /// A token in the place of a user's name and password.
    pub token: Option<String>,
    /// A user's name and password.
    pub user: Option<(String, String)>,
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
        // The client itself passes over what an address says of its user.
        let (token, user) = match (first.username(), first.password()) {
            (Some(token), None) => (Some(decoded(token)?), None),
            (Some(name), Some(password)) => (None, Some((decoded(name)?, decoded(password)?))),
            _ => (None, None),
        };
        Ok(NatsSettings {
            servers,
            token,
            user,
            creds: None,
            nkey: None,
            ca: None,
            replicas: NonZeroU8::MIN,
            monitor: None,
        })
    }
}

/// As it was before it was written into an address.
fn decoded(part: &str) -> Result<String, String> {
    let text = percent_decode_str(part).decode_utf8();
    text.map(Into::into)
        .map_err(|_| "its user is not UTF-8".to_owned())
}

impl std::fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<_> = self.servers.iter().map(ServerAddr::host).collect();
        f.debug_struct("NatsSettings")
            .field("hosts", &hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_one_is_stands_before_the_host_and_may_be_written_with_escapes() {
        let parsed = |who: &str| {
            let settings = NatsSettings::parse(&format!("nats://{who}127.0.0.1:4222")).unwrap();
            (settings.token, settings.user)
        };
        assert_eq!(parsed(""), (None, None));
        assert_eq!(parsed("t%2Fk@"), (Some("t/k".to_owned()), None));
        let user = ("me".to_owned(), "p@ss word".to_owned());
        assert_eq!(parsed("me:p%40ss%20word@"), (None, Some(user)));
    }
}
