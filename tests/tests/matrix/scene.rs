//! A marketplace in which three people have bought from each other, reached over real connections: all services in this
//! process by a clock that stands still, or the real program.
//!
//! It only makes what the matrices ask for, and reads it back. It expects nothing of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;
use tessera_platform::config::JwtSeed;
use tessera_platform::testing::TestApp;
use tessera_tests::eventually;
use tessera_tests::process::Server;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::forged::SEED;
use crate::wire::{Asked, Seen, Wire};

/// What everybody's password is.
pub const PASSWORD: &str = "correct horse";

/// The address that people use, where nothing else is set.
pub const PUBLIC_URL: &str = "http://127.0.0.1:3000";

/// Each of them is a seller, a buyer and a stranger: Grace bought from Ada, Mary from Grace, and Ada from Mary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    Ada,
    Grace,
    Mary,
}

pub const PEOPLE: [Person; 3] = [Person::Ada, Person::Grace, Person::Mary];

/// What somebody may own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A listing that is for sale.
    Ticket,
    /// An order that waits to be paid.
    Order,
    /// An order that is paid.
    PaidOrder,
    /// The payment of it.
    Payment,
}

/// Somebody's account, and a session of it that lives.
#[derive(Clone, Debug)]
pub struct Account {
    pub email: String,
    pub token: String,
}

struct Owned {
    ticket: String,
    order: String,
    paid: String,
    payment: String,
}

enum Place {
    Inside(Box<TestApp>, JoinHandle<()>),
    /// Held for as long as it is needed.
    Outside {
        _server: Server,
        _folder: TempDir,
    },
}

pub struct Scene {
    pub wire: Wire,
    place: Place,
    accounts: Vec<Account>,
    owned: Vec<Owned>,
    drawn: AtomicUsize,
}

impl Scene {
    /// All services in this process, on whatever the tests run on.
    pub async fn inside() -> Scene {
        let app = Box::pin(TestApp::start_with(tessera::SERVICES, |settings| {
            settings.jwt_key = Some(JwtSeed::new(SEED));
            settings.max_live_orders = None;
        }))
        .await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let services = app.over_http();
        let serving = tokio::spawn(async move { axum::serve(listener, services).await.unwrap() });
        Scene::played(&url, Place::Inside(Box::new(app), serving)).await
    }

    /// The real program.
    pub async fn outside() -> Scene {
        Scene::outside_with(&[("PUBLIC_URL", PUBLIC_URL)]).await
    }

    /// The same with settings of the test's own.
    pub async fn outside_with(more: &[(&str, &str)]) -> Scene {
        let key = STANDARD.encode(SEED);
        let folder = tempfile::tempdir().unwrap();
        let settings = [("JWT_KEY", key.as_str()), ("MAX_LIVE_ORDERS", "0")];
        let settings = [&settings[..], more].concat();
        let server = Server::start(folder.path(), &settings).await;
        let url = server.url.clone();
        let place = Place::Outside {
            _server: server,
            _folder: folder,
        };
        Scene::played(&url, place).await
    }

    async fn played(url: &str, place: Place) -> Scene {
        let mut scene = Scene {
            wire: Wire::to(url),
            place,
            accounts: Vec::new(),
            owned: Vec::new(),
            drawn: AtomicUsize::new(0),
        };
        for person in PEOPLE {
            let account = scene.sign_up(&format!("{person:?}@example.com")).await;
            scene.accounts.push(account);
        }
        for person in PEOPLE {
            let order = scene.fresh(Thing::Order, person).await;
            let (paid, payment) = scene.paid(person).await;
            let ticket = scene.fresh(Thing::Ticket, person).await;
            scene.owned.push(Owned {
                ticket,
                order,
                paid,
                payment,
            });
        }
        scene
    }

    pub fn account(&self, person: Person) -> &Account {
        &self.accounts[person as usize]
    }

    /// Goes on with another session of somebody's.
    pub fn keep(&mut self, person: Person, token: String) {
        self.accounts[person as usize].token = token;
    }

    /// The id of something that is somebody's.
    pub fn id(&self, thing: Thing, owner: Person) -> &str {
        let owned = &self.owned[owner as usize];
        match thing {
            Thing::Ticket => &owned.ticket,
            Thing::Order => &owned.order,
            Thing::PaidOrder => &owned.paid,
            Thing::Payment => &owned.payment,
        }
    }

    /// Makes another one, so that it may be used up; answers its id.
    pub async fn fresh(&self, thing: Thing, owner: Person) -> String {
        match thing {
            Thing::Ticket => self.listed(owner).await,
            Thing::Order => self.reserved(owner).await,
            Thing::PaidOrder => self.paid(owner).await.0,
            Thing::Payment => self.paid(owner).await.1,
        }
    }

    pub async fn sign_up(&self, email: &str) -> Account {
        self.enter("signup", email, 201).await
    }

    /// Another session of an account.
    pub async fn sign_in(&self, email: &str) -> Account {
        self.enter("signin", email, 200).await
    }

    async fn enter(&self, door: &str, email: &str, status: u16) -> Account {
        let credentials = json!({ "email": email, "password": PASSWORD });
        let asked = Asked::new(&format!("POST /api/users/{door}")).json(credentials);
        let seen = self.wire.send(&asked).await;
        assert_eq!(seen.status, status, "{seen:?}");
        let token = seen.header("authorization").strip_prefix("Bearer ");
        Account {
            email: email.to_owned(),
            token: token.unwrap().to_owned(),
        }
    }

    /// An account that somebody may use up.
    pub async fn newcomer(&self) -> Account {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        self.sign_up(&format!("newcomer-{number}@example.com"))
            .await
    }

    /// Sends it with this session.
    pub async fn by(&self, token: &str, asked: Asked) -> Seen {
        let bearer = vec![("authorization", format!("Bearer {token}"))];
        self.wire.send(&asked.with(&bearer)).await
    }

    async fn own(&self, person: Person, asked: Asked, status: u16) -> Seen {
        let seen = self.by(&self.account(person).token, asked).await;
        assert_eq!(seen.status, status, "{person:?}: {seen:?}");
        self.settle().await;
        seen
    }

    /// A listing that orders has heard of: by then it refuses it to its seller, and no longer as unknown.
    async fn listed(&self, seller: Person) -> String {
        let body = json!({ "title": format!("A play that {seller:?} sells"), "price": "120.00" });
        let asked = Asked::new("POST /api/tickets").json(body);
        let ticket = self.own(seller, asked, 201).await.text("id");
        let asked = Asked::new("POST /api/orders").json(json!({ "ticketId": ticket }));
        self.until_answered(seller, &asked, 403).await;
        ticket
    }

    /// An order that may be paid, of which payments has heard.
    async fn reserved(&self, buyer: Person) -> String {
        let seller = PEOPLE[(buyer as usize + 2) % PEOPLE.len()];
        let ticket = self.listed(seller).await;
        let asked = Asked::new("POST /api/orders").json(json!({ "ticketId": ticket }));
        let order = self.own(buyer, asked, 201).await.text("id");
        let path = format!("GET /api/orders/{order}");
        self.until(buyer, &path, "awaiting:payment").await;
        let asked = Asked::new(&format!("GET /api/payments?orderId={order}"));
        self.until_answered(buyer, &asked, 200).await;
        order
    }

    async fn paid(&self, buyer: Person) -> (String, String) {
        let order = self.reserved(buyer).await;
        let body = json!({ "orderId": order, "token": "tok_visa" });
        let asked = Asked::new("POST /api/payments").json(body);
        let payment = self.own(buyer, asked, 201).await.text("id");
        let path = format!("GET /api/payments/{payment}");
        self.until(buyer, &path, "captured").await;
        let asked = Asked::new(&format!("GET /api/orders/{order}"));
        let order_shown = self.own(buyer, asked, 200).await.json();
        let ticket = order_shown["ticket"]["id"].as_str().unwrap();
        let path = format!("GET /api/tickets/{ticket}");
        self.until(buyer, &path, "sold").await;
        (order, payment)
    }

    async fn until_answered(&self, person: Person, asked: &Asked, status: u16) {
        eventually("a service to hear of it", async || {
            let seen = self.by(&self.account(person).token, asked.clone()).await;
            (seen.status == status).then_some(())
        })
        .await;
    }

    async fn until(&self, person: Person, operation: &str, status: &str) {
        eventually(status, async || {
            let seen = self
                .by(&self.account(person).token, Asked::new(operation))
                .await;
            (seen.json()["status"] == status).then_some(())
        })
        .await;
    }

    /// Lets everybody hear of what was done. The real program does so by itself.
    pub async fn settle(&self) {
        if let Place::Inside(app, _) = &self.place {
            app.settle().await;
        }
    }

    /// Waits until every service refuses a session.
    pub async fn until_dead(&self, token: &str) {
        self.settle().await;
        for path in [
            "/api/tickets?seller=me",
            "/api/orders",
            "/api/payments/balance",
            "/api/users/export",
        ] {
            eventually("a session to be over", async || {
                let seen = self.by(token, Asked::new(&format!("GET {path}"))).await;
                (seen.status == 401).then_some(())
            })
            .await;
        }
    }

    /// All that the three of them can read of what they have, and how many events tell of it.
    pub async fn read_back(&self) -> Vec<String> {
        self.settle().await;
        let mut all = Vec::new();
        for person in PEOPLE {
            let order = |thing| format!("/api/payments?orderId={}", self.id(thing, person));
            for path in [
                "/api/users/export".to_owned(),
                "/api/tickets?seller=me&limit=200".to_owned(),
                "/api/orders?limit=200".to_owned(),
                order(Thing::Order),
                order(Thing::PaidOrder),
                "/api/payments/balance".to_owned(),
                "/api/payments/statement?limit=200".to_owned(),
            ] {
                let asked = Asked::new(&format!("GET {path}"));
                let seen = self.by(&self.account(person).token, asked).await;
                assert_eq!(seen.status, 200, "{person:?} {path}: {seen:?}");
                all.push(format!("{person:?} {path}: {}", seen.body));
            }
        }
        if let Place::Inside(app, _) = &self.place {
            for service in ["auth", "tickets", "orders", "expiration", "payments"] {
                all.push(format!(
                    "{service}: {} events",
                    app.published(service).await.len()
                ));
            }
        }
        all
    }

    /// What must stay between a person and the marketplace: their address, and their payments.
    pub fn private(&self, person: Person) -> [&str; 2] {
        let owned = &self.owned[person as usize];
        [&self.account(person).email, &owned.payment]
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Place::Inside(_, serving) = &self.place {
            serving.abort();
        }
    }
}
