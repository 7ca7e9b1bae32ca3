//! The marketplace in its two forms, as a real server that can be struck: one process over SQLite, or processes over
//! PostgreSQL and NATS. It knows nothing of what its users do.

use rand::Rng;
use rand::rngs::StdRng;
use tempfile::TempDir;
use tessera_apart::services::{SERVICES, migrate};
use tessera_tests::apart::Apart;
use tessera_tests::client::Client;
use tessera_tests::process::Server;

/// A marketplace that is there until it is struck, and again after it.
pub enum Market {
    Embedded(Box<Embedded>),
    Distributed(Box<Apart>),
}

/// One process; `None` while it is struck.
pub struct Embedded {
    server: Option<Server>,
    data: TempDir,
    lock_seconds: String,
}

impl Embedded {
    async fn start(&mut self) {
        let settings = [
            ("LOCK_SECONDS", self.lock_seconds.as_str()),
            ("MAX_LIVE_ORDERS", "0"),
        ];
        self.server = Some(Server::start(self.data.path(), &settings).await);
    }
}

impl Market {
    /// One process, and its data in a folder.
    pub async fn embedded(lock_seconds: u64) -> Market {
        let mut embedded = Embedded {
            server: None,
            data: tempfile::tempdir().expect("a folder"),
            lock_seconds: lock_seconds.to_string(),
        };
        embedded.start().await;
        Market::Embedded(Box::new(embedded))
    }

    /// Two processes of orders, one of each other service, and servers of their own.
    pub async fn distributed(lock_seconds: u64) -> Market {
        let mut apart = Apart::servers().await;
        let lock = ("LOCK_SECONDS".to_owned(), lock_seconds.to_string());
        apart.common.settings.push(lock);
        migrate(&apart.common).await.expect("databases");
        for service in SERVICES.into_iter().chain(["orders"]) {
            apart.add(service).await;
        }
        Market::Distributed(Box::new(apart))
    }

    /// Where it is now.
    pub fn url(&self) -> String {
        match self {
            Market::Embedded(embedded) => embedded.server.as_ref().expect("a server").url.clone(),
            Market::Distributed(apart) => apart.url.clone(),
        }
    }

    /// Nobody, at its door.
    pub fn anyone(&self) -> Client {
        Client::new(&self.url())
    }

    /// Kills a part of it between any two instructions, and brings it back. Answers what it was.
    pub async fn strike(&mut self, random: &mut StdRng) -> &'static str {
        match self {
            Market::Embedded(embedded) => {
                embedded.server.take().expect("a server").kill();
                embedded.start().await;
                "the process"
            }
            Market::Distributed(apart) if random.random_bool(0.35) => {
                let postgres = apart.postgres.take().expect("databases");
                apart.postgres = Some(postgres.crash().await.expect("they come back"));
                "PostgreSQL"
            }
            Market::Distributed(apart) => {
                let place = apart
                    .instances
                    .iter()
                    .position(|one| one.service == "orders");
                let killed = apart.instances.remove(place.expect("a process of orders"));
                // Whoever was being answered by it is not; the front finds out by itself.
                killed.process.kill().await.expect("it is killed");
                apart.backends.remove(killed.address);
                apart.add("orders").await;
                "one of orders"
            }
        }
    }

    /// Ends it in good order.
    pub async fn end(self) {
        if let Market::Distributed(apart) = self {
            apart.end().await;
        }
    }
}
