//! A marketplace that takes cards through Stripe: all services in one process, and a double in the place of Stripe, by the
//! same clock.

mod books;
mod front;
mod payer;
mod sound;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stripe_double::{Clock, Options, StripeDouble};
use tessera_contracts::{FeeRate, Fees};
use tessera_platform::clock::Clock as Time;
use tessera_platform::config::{Secret, Settings, StripeSettings};
use tessera_platform::db::Db;
use tessera_platform::testing::{Answer, TestUser};
use tessera_tests::market::Market;

pub use payer::SECURED;

use front::{Front, Place};

/// What a ticket of 120.00 costs here: 2.5 % more.
pub const TOTAL: u64 = 12_300;
/// What its seller gets: 10 % less.
pub const EARNED: u64 = 10_800;

const WEBHOOKS: &str = "/api/payments/webhooks/stripe";

/// A marketplace, its Stripe, and a buyer.
pub struct Till {
    pub market: Market,
    pub stripe: StripeDouble,
    pub buyer: TestUser,
    /// The id of the endpoint that Stripe tells of what happens.
    pub endpoint: String,
    /// What it signs with.
    pub secret: String,
    pub settings: Settings,
    front: Front,
}

impl Till {
    pub async fn open() -> Till {
        Till::open_with(|_| {}).await
    }

    /// Opens one with settings of the test's own.
    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Till {
        let now = Arc::new(Mutex::new(None));
        let stripe = StripeDouble::start(Options {
            clock: clock_of(now.clone()),
            // Stripe has days for a further try, and a test has not.
            retries: [1, 2, 4].map(Duration::from_millis).to_vec(),
            ..Options::default()
        })
        .await
        .unwrap();
        let place = Place::find().await;
        let url = place.url(WEBHOOKS);
        let endpoint = stripe.webhooks().add(&url, &["*"]).unwrap();
        let mut used = None;
        let market = Market::open_with(|settings| {
            settings.stripe = Some(StripeSettings {
                key: Secret::new(stripe.secret_key()),
                webhook_secrets: vec![Secret::new(&endpoint.secret)],
                api_base: stripe.base_url().parse().unwrap(),
                answer_within: Duration::from_secs(8),
            });
            settings.fees = Fees {
                buyer: FeeRate::new(250).unwrap(),
                seller: FeeRate::new(1_000).unwrap(),
            };
            settings.max_live_orders = None;
            change(settings);
            used = Some(settings.clone());
        })
        .await;
        *now.lock() = Some(market.app.clock.clone());
        let front = place.serve(market.app.over_http());
        Till {
            buyer: market.app.sign_in(),
            market,
            stripe,
            endpoint: endpoint.id,
            secret: endpoint.secret,
            settings: used.unwrap(),
            front,
        }
    }

    /// Stops the marketplace between any two things that it does, and starts it again on the same data.
    pub async fn restart(self) -> Till {
        let address = self.front.stop().await;
        let Market { app, seller } = self.market;
        let app = Arc::into_inner(app).expect("nobody else holds the marketplace");
        let app = Arc::new(app.restart().await);
        let front = Place::again(address).await.serve(app.over_http());
        let market = Market { app, seller };
        Till {
            market,
            front,
            ..self
        }
    }

    /// Where a path of the marketplace is reached from outside.
    pub fn url(&self, path: &str) -> String {
        self.front.url(path)
    }

    /// The database of payments.
    pub fn db(&self) -> &Db {
        self.market.app.db("payments")
    }

    /// An order that may be paid, and its ticket.
    pub async fn order(&self) -> (String, String) {
        self.order_at("120.00", "usd").await
    }

    /// The same, of a ticket for this price.
    pub async fn order_at(&self, price: &str, currency: &str) -> (String, String) {
        let ticket = self.list_at(price, currency).await;
        (self.reserve(&ticket).await, ticket)
    }

    /// A ticket for this price, which is for sale.
    pub async fn list_at(&self, price: &str, currency: &str) -> String {
        let ticket = json!({
            "title": "Hamlet", "price": price, "currency": currency, "startsAt": "2030-06-01T18:30:00Z",
        });
        let seller = self.market.seller.clone();
        let listed = self.post("/api/tickets", ticket, &seller).await;
        assert_eq!(listed.status, 201, "{}", listed.body);
        self.market.app.settle().await;
        listed.text("id")
    }

    /// An order of a ticket that is for sale, which may be paid.
    pub async fn reserve(&self, ticket: &str) -> String {
        let wish = json!({ "ticketId": ticket });
        let reserved = self.post("/api/orders", wish, &self.buyer).await;
        assert_eq!(reserved.status, 201, "{}", reserved.body);
        self.market.app.settle().await;
        reserved.text("id")
    }

    pub async fn cancel(&self, order: &str) -> Answer {
        let buyer = self.renewed(&self.buyer);
        self.market.cancel(&buyer, order).await
    }

    /// `POST` by somebody, whose session may be over by the clock.
    pub async fn post(&self, path: &str, body: Value, user: &TestUser) -> Answer {
        let call = self.market.app.post(path, body);
        call.by(&self.renewed(user)).send().await
    }

    pub async fn get(&self, path: &str, user: &TestUser) -> Value {
        let answer = self.market.app.get(path).by(&self.renewed(user));
        let answer = answer.send().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// The same person, signed in now.
    fn renewed(&self, user: &TestUser) -> TestUser {
        self.market.app.sign_in_as(user.id)
    }

    /// Lets everything travel, in both directions, until nothing is on its way.
    pub async fn settle(&self) {
        let webhooks = self.stripe.webhooks();
        loop {
            let told = webhooks.sent().len();
            self.market.app.settle().await;
            // A comparison has work for others, who had theirs behind them.
            self.market.app.settle().await;
            webhooks.settled().await;
            if webhooks.sent().len() == told {
                return;
            }
        }
    }

    /// Lets so many seconds pass, and all that is due in them happen.
    pub async fn pass(&self, seconds: i64) {
        self.market.app.advance(SignedDuration::from_secs(seconds));
        self.stripe.advance(0);
        self.settle().await;
    }

    /// Lets the time pass in which everything that failed is tried again, a little at a time.
    pub async fn recover(&self) {
        for seconds in [1, 4, 16, 64] {
            self.pass(seconds).await;
        }
    }

    /// Lets the hour pass after which payments are compared with Stripe, and what comes of that.
    pub async fn reconcile(&self) {
        self.pass(3_600).await;
        self.recover().await;
    }
}

/// The marketplace's clock, for the double, once there is one.
fn clock_of(clock: Arc<Mutex<Option<Time>>>) -> Clock {
    Clock::new(move || {
        let clock: Option<Time> = clock.lock().clone();
        clock.map_or(0, |clock| clock.now().as_second())
    })
}
