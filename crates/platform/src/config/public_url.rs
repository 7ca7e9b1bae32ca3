//! The address that people use: it decides about cookies, links and what counts as cross-site.

use std::fmt;

use url::{Host, Url};

/// An origin: scheme, host and port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
    loopback: bool,
}

impl PublicUrl {
    pub(super) fn parse(text: &str) -> Result<PublicUrl, String> {
        let wrong = || format!("{text:?} is not an address such as https://tickets.example.com");
        let url = Url::parse(text).map_err(|_| wrong())?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare || !matches!(url.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let host = url.host().ok_or_else(wrong)?;
        Ok(PublicUrl {
            // In the form of a browser's `Origin`: lower case, no default port.
            origin: url.origin().ascii_serialization(),
            https: url.scheme() == "https",
            loopback: is_loopback(&host),
        })
    }

    /// The origin, as browsers write it: `https://tickets.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether people come by https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the address is of this very machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
