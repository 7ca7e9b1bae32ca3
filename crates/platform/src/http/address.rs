//! Whose address a request comes from, also when it comes through proxies of ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::extract::caller;
use super::problem::Failure;
use crate::config::TrustedProxies;

/// The other end of the connection; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The address of the client, as far as it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Ok(ClientAddress(caller(parts)?.address))
    }
}

/// The client's address. `X-Forwarded-For` is read from its end, where our own proxies write, and
/// only for as long as each entry was written by one of them.
pub(super) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    proxies: &TrustedProxies,
) -> IpAddr {
    let peer = extensions
        .get::<PeerAddress>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let mut client = peer.to_canonical();
    if !proxies.contain(client) {
        return client;
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    // A line that is no text ends it: what stands before it may be made up.
    for hop in lines
        .map_while(|line| line.to_str().ok())
        .flat_map(|line| line.rsplit(','))
    {
        let Some(address) = hop_address(hop.trim()) else {
            break;
        };
        client = address;
        if !proxies.contain(client) {
            break;
        }
    }
    client
}

/// Reads `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let plain = hop
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .ok();
    plain
        .or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::RawSettings;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted = Some("127.0.0.1,10.0.0.0/8".to_owned());
        let raw = RawSettings {
            trusted_proxies: trusted,
            ..RawSettings::default()
        };
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddress(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        client_address(&extensions, &headers, &raw.parse().unwrap().trusted_proxies).to_string()
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        assert_eq!(client("192.0.2.7", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::ffff:127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_a_client_claims_before_the_proxies_is_ignored() {
        assert_eq!(
            client("127.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(
            client("127.0.0.1", &["198.51.100.1", "203.0.113.9", "10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(
            client("127.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"]),
            "10.0.0.2"
        );
    }

    #[test]
    fn a_line_that_is_no_text_hides_nothing() {
        let peer = SocketAddr::new("127.0.0.1".parse().unwrap(), 4711);
        let proxies = RawSettings {
            trusted_proxies: Some("127.0.0.1".to_owned()),
            ..RawSettings::default()
        };
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddress(peer));
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
        let appended = HeaderValue::from_bytes(b"\xff, 203.0.113.9").unwrap();
        headers.append("x-forwarded-for", appended);
        let proxies = proxies.parse().unwrap().trusted_proxies;
        let found = client_address(&extensions, &headers, &proxies);
        assert_eq!(found, peer.ip());
    }

    #[test]
    fn addresses_come_with_and_without_ports() {
        assert_eq!(client("127.0.0.1", &["203.0.113.9:1234"]), "203.0.113.9");
        assert_eq!(client("127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &["[2001:db8::1]:1234"]), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
    }
}
