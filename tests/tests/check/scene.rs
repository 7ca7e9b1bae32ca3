//! A marketplace in which everything has happened once, and copies of its files to damage.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tessera::check::{self, Invariant, Report};
use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::testing::TestUser;
use tessera_tests::market::Market;
use uuid::Uuid;

/// What happened, by the names that damages use: `{sold}` is a ticket, `{complete}` its order.
pub struct Scene {
    pub market: Market,
    /// Where its databases are, and what carries its events.
    pub settings: Settings,
    data: TempDir,
    names: BTreeMap<&'static str, String>,
}

/// A copy of its files, of which no server knows.
pub struct Copy {
    folder: TempDir,
    clock: Clock,
    names: BTreeMap<&'static str, String>,
    /// Holds the lock of the folder, as a server would.
    server: Option<File>,
}

impl Scene {
    /// Opens a marketplace in which nothing has happened, on files: damage is done to these.
    pub async fn open() -> Scene {
        Scene::open_with(|settings| {
            settings.database = None;
            settings.nats = None;
        })
        .await
    }

    /// Opens one on whatever the tests run on.
    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Scene {
        let data = tempfile::tempdir().unwrap();
        let mut used = None;
        let market = Market::open_with(|settings| {
            settings.data_dir = data.path().to_owned();
            change(settings);
            used = Some(settings.clone());
        })
        .await;
        Scene {
            market,
            settings: used.unwrap(),
            data,
            names: BTreeMap::new(),
        }
    }

    /// One on files in which everything has happened.
    pub async fn play() -> Scene {
        Scene::open().await.played().await
    }

    /// Lets orders come to every state, and everything settle.
    pub async fn played(mut self) -> Scene {
        let scene = &mut self;
        scene.sign_up_and_out().await;
        scene.list_and_withdraw().await;
        scene.expire().await;
        scene.pay_and_fail().await;
        scene.complete().await;
        scene.end_while_authorized().await;
        scene.await_payment().await;
        scene.market.app.settle().await;
        self
    }

    /// The statements with ids in the places of `{their names}`, as an engine writes them.
    pub fn fill(&self, sql: &str, written: impl Fn(&str) -> String) -> String {
        fill(&self.names, sql, written)
    }

    async fn sign_up_and_out(&mut self) {
        let app = &self.market.app;
        let body = json!({ "email": "somebody@example.com", "password": "correct horse" });
        let signed_up = app.post("/api/users/signup", body).send().await;
        assert_eq!(signed_up.status, 201, "{}", signed_up.body);
        self.names.insert("user", signed_up.text("id"));
        let cookie = signed_up
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let out = app
            .post("/api/users/signout", json!({}))
            .header("cookie", &cookie)
            .send()
            .await;
        assert_eq!(out.status, 200, "{}", out.body);
    }

    async fn list_and_withdraw(&mut self) {
        let available = self.market.list().await;
        let (app, seller) = (&self.market.app, &self.market.seller);
        let edit = json!({ "title": "Macbeth", "price": "90" });
        let edited = app
            .put(&format!("/api/tickets/{available}"), edit)
            .by(seller)
            .send()
            .await;
        assert_eq!(edited.status, 200, "{}", edited.body);
        self.names.insert("available", available);
        let withdrawn = self.market.list().await;
        let gone = app
            .delete(&format!("/api/tickets/{withdrawn}"))
            .by(seller)
            .send()
            .await;
        assert_eq!(gone.status, 204, "{}", gone.body);
        self.names.insert("withdrawn", withdrawn);
    }

    async fn expire(&mut self) {
        let buyer = self.market.app.sign_in();
        let order = self.market.awaiting_payment(&buyer).await;
        self.market.app.pass(SignedDuration::from_mins(15)).await;
        self.is(&buyer, &order, "cancelled").await;
        self.names.insert("expired", order);
    }

    async fn pay_and_fail(&mut self) {
        let buyer = self.market.app.sign_in();
        let order = self.market.awaiting_payment(&buyer).await;
        for _ in 0..3 {
            let declined = self.market.pay(&buyer, &order, "tok_chargeDeclined").await;
            assert_eq!(declined.status, 402, "{}", declined.body);
        }
        self.market.app.settle().await;
        self.is(&buyer, &order, "cancelled").await;
        self.names.insert("failed", order);
    }

    async fn complete(&mut self) {
        let buyer = self.market.app.sign_in();
        let order = self.market.awaiting_payment(&buyer).await;
        let declined = self.market.pay(&buyer, &order, "tok_chargeDeclined").await;
        assert_eq!(declined.status, 402, "{}", declined.body);
        let paid = self.market.pay(&buyer, &order, "tok_visa").await;
        assert_eq!(paid.status, 201, "{}", paid.body);
        self.market.app.settle().await;
        let shown = self.is(&buyer, &order, "complete").await;
        self.names
            .insert("sold", shown["ticket"]["id"].as_str().unwrap().to_owned());
        self.names.insert("complete", order);
        self.names.insert("captured", paid.text("id"));
    }

    /// The buyer gives the order up before orders hears that the card was authorized.
    async fn end_while_authorized(&mut self) {
        let buyer = self.market.app.sign_in();
        let order = self.market.awaiting_payment(&buyer).await;
        let paid = self.market.pay(&buyer, &order, "tok_visa").await;
        assert_eq!(paid.status, 201, "{}", paid.body);
        assert_eq!(self.market.cancel(&buyer, &order).await.status, 204);
        self.market.app.settle().await;
        assert_eq!(self.market.payments(&buyer, &order).await, ["voided"]);
        self.names.insert("cancelled", order);
        self.names.insert("voided", paid.text("id"));
    }

    async fn await_payment(&mut self) {
        let buyer = self.market.app.sign_in();
        let order = self.market.awaiting_payment(&buyer).await;
        let shown = self.is(&buyer, &order, "awaiting:payment").await;
        self.names.insert(
            "reserved",
            shown["ticket"]["id"].as_str().unwrap().to_owned(),
        );
        self.names.insert("awaiting", order);
    }

    async fn is(&self, buyer: &TestUser, order: &str, status: &str) -> Value {
        let shown = self.market.order(buyer, order).await;
        assert_eq!(shown["status"], status);
        shown
    }

    /// Gives what damages are to find a name.
    pub fn name(&mut self, name: &'static str, id: String) {
        self.names.insert(name, id);
    }

    /// Copies the files as they are now.
    pub fn copy(&self) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.data.path()).unwrap() {
            let path = entry.unwrap().path();
            // SQLite makes the index of the log (`-shm`) anew.
            if path.is_file() && !path.to_string_lossy().ends_with("-shm") {
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Copy {
            folder,
            clock: self.market.app.clock.clone(),
            names: self.names.clone(),
            server: None,
        }
    }
}

impl Copy {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements on the database of a service; `{name}` is the id of that name.
    pub fn damage(&self, service: &str, sql: &str) -> &Copy {
        let bytes = |id: &str| format!("x'{}'", id.parse::<Uuid>().unwrap().simple());
        let sql = fill(&self.names, sql, bytes);
        let database = Connection::open(self.path().join(format!("{service}.db"))).unwrap();
        database
            .execute_batch(&sql)
            .unwrap_or_else(|error| panic!("{service}: {sql}: {error}"));
        self
    }

    /// Makes it look as if a server ran on the files, though nothing moves.
    pub fn pretend_that_a_server_runs(&mut self) {
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path().join("lock"));
        let lock = lock.unwrap();
        lock.try_lock().unwrap();
        self.server = Some(lock);
    }

    /// Checks it, without patience: nothing moves here.
    pub async fn check(&self) -> Report {
        self.check_with(|_| {}).await
    }

    /// Checks it with settings of the test's own.
    pub async fn check_with(&self, change: impl FnOnce(&mut Settings)) -> Report {
        let mut settings = Settings::for_tests();
        settings.data_dir = self.path().to_owned();
        change(&mut settings);
        check::run(&settings, &self.clock, Duration::ZERO)
            .await
            .unwrap()
    }

    /// What is broken.
    pub async fn broken(&self) -> (Vec<Invariant>, Report) {
        let report = self.check().await;
        (broken(&report), report)
    }

    /// The id of a name.
    pub fn id(&self, name: &str) -> &str {
        &self.names[name]
    }

    /// The bytes of all databases.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let databases = files.filter(|path| path.extension().is_some_and(|ending| ending == "db"));
        databases
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
            .collect()
    }
}

fn fill(
    names: &BTreeMap<&'static str, String>,
    sql: &str,
    written: impl Fn(&str) -> String,
) -> String {
    names.iter().fold(sql.to_owned(), |sql, (name, id)| {
        sql.replace(&format!("{{{name}}}"), &written(id))
    })
}

/// What is broken.
pub fn broken(report: &Report) -> Vec<Invariant> {
    let all = Invariant::ALL.into_iter();
    all.filter(|invariant| report.is_broken(*invariant))
        .collect()
}
