//! Which peers are proxies of ours.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks (`10.0.0.0/8`), separated by commas.
    pub(super) fn parse(text: &str) -> Result<TrustedProxies, String> {
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        entries
            .map(network)
            .collect::<Result<_, _>>()
            .map(TrustedProxies)
    }

    /// Whether `address` is a proxy of ours.
    pub fn contain(&self, address: IpAddr) -> bool {
        // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(entry: &str) -> Result<IpNet, String> {
    let single = entry
        .parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()));
    single
        .or_else(|_| entry.parse::<IpNet>())
        .map_err(|_| format!("{entry:?} is neither an address nor a network such as 10.0.0.0/8"))
}
