//! A marketplace on a PostgreSQL server in which everything has happened once.

use std::collections::BTreeMap;
use std::time::Duration;

use tessera::check::{self, Invariant, Report};
use tessera_platform::db::postgres::{Server, Snapshot};
use tessera_platform::db::{Db, DbError, Migration, Row};
use tessera_platform::testing::TEST_DATABASE_URL;

use crate::scene::{Scene, broken};

/// A scene whose databases are in a corner of the server that no other test knows.
pub struct Served {
    pub scene: Scene,
    pub server: Server,
}

/// What there is, or the end of the test where there is no server to run it on.
macro_rules! or_skip {
    ($served:expr) => {
        match $served {
            Some(served) => served,
            None => return,
        }
    };
}
pub(crate) use or_skip;

impl Served {
    /// Opens a marketplace in which nothing has happened.
    pub async fn open() -> Option<Served> {
        let scene = Scene::open_with(|_| {}).await;
        let Some(server) = scene.settings.database.clone() else {
            println!("skipped: {TEST_DATABASE_URL} is not set");
            return None;
        };
        Some(Served { scene, server })
    }

    /// Lets orders come to every state, and everything settle.
    pub async fn play() -> Option<Served> {
        let Served { scene, server } = Served::open().await?;
        let scene = scene.played().await;
        Some(Served { scene, server })
    }

    /// Runs a statement on the database of a service; `{name}` is the id of that name.
    pub async fn damage(&self, service: &str, sql: &str) {
        let sql = self.scene.fill(sql, |id| format!("'{id}'"));
        let database = self.database(service).await;
        let done = database.write(sql.clone(), |tx, sql| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        });
        done.await
            .unwrap_or_else(|error: DbError| panic!("{service}: {sql}: {error}"));
    }

    async fn database(&self, service: &str) -> Db {
        let (name, tables) = databases().find(|(name, _)| *name == service).unwrap();
        let (place, app) = (self.scene.settings.place(), &self.scene.market.app);
        let opened = place.open_beside(name, &tables, &app.clock, &app.ids).await;
        opened.unwrap()
    }

    /// Checks it, without patience: nothing moves here.
    pub async fn check(&self) -> Report {
        let clock = &self.scene.market.app.clock;
        check::run(&self.scene.settings, clock, Duration::ZERO)
            .await
            .unwrap()
    }

    /// What is broken.
    pub async fn broken(&self) -> (Vec<Invariant>, Report) {
        let report = self.check().await;
        (broken(&report), report)
    }

    /// What is in each database: its tables and indexes, and the rows of each table in one number.
    pub async fn contents(&self) -> BTreeMap<&'static str, BTreeMap<String, String>> {
        let mut contents = BTreeMap::new();
        for (name, _) in databases() {
            let snapshot = Snapshot::connect(&self.server, name).await.unwrap();
            let mut found = snapshot.catalogue().await.unwrap();
            for (thing, words) in &mut found {
                if words.starts_with("table: ") {
                    words.push_str(&rows(&snapshot, thing).await);
                }
            }
            contents.insert(name, found);
        }
        contents
    }

    /// The address of the corner.
    pub async fn url(&self) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "the runner of the tests says where the server is"
        )]
        let server = std::env::var(TEST_DATABASE_URL).unwrap();
        let schema = self.database("orders").await;
        let schema = schema.opt("SELECT current_schema()::text", &[]).await;
        let (schema,): (String,) = schema.unwrap().unwrap();
        format!("{server}/?options=-c%20search_path%3D{schema}")
    }
}

fn databases() -> impl Iterator<Item = (&'static str, Vec<Migration>)> {
    tessera::SERVICES
        .iter()
        .flat_map(|service| service.databases())
}

async fn rows(snapshot: &Snapshot, table: &str) -> String {
    let sql = format!(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \"{table}\" AS t"
    );
    let mut rows = String::new();
    let keep = |row: &mut Row<'_>| {
        rows = row.next()?;
        Ok::<(), DbError>(())
    };
    snapshot.each(&sql, &[], keep).await.unwrap();
    rows
}
