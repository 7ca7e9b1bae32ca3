//! How a double is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::Clock;

/// How a double is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens: on loopback. Port 0 is any that is free.
    pub listen: SocketAddr,
    /// The API key of servers.
    pub secret_key: String,
    /// The API key of pages.
    pub publishable_key: String,
    /// Its time. What becomes due happens when the double is asked anything the next time, or moved on.
    pub clock: Clock,
    /// Before each further try of a webhook that was not taken. Stripe tries for three days; this double for seconds.
    pub retries: Vec<Duration>,
    /// What its ids are made of: the same seed gives the same ids.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            secret_key: "sk_test_double".to_owned(),
            publishable_key: "pk_test_double".to_owned(),
            clock: Clock::system(),
            retries: [50, 200, 1000].map(Duration::from_millis).to_vec(),
            seed: 1,
        }
    }
}
