//! The engine under test: SQLite, or a PostgreSQL server that was started for the tests.

use std::num::NonZeroU16;

use uuid::Uuid;

use crate::db::postgres::Server;

/// Where the tests find a PostgreSQL server, if they are to run on one: an address that ends with the port.
pub const TEST_DATABASE_URL: &str = "TESSERA_TEST_DATABASE_URL";

/// Few, so that many tests at once do not take all that the server has.
pub(super) const CONNECTIONS: NonZeroU16 = NonZeroU16::new(6).unwrap();

/// What a test has to know of a server to put something between.
impl Server {
    /// Where it listens.
    pub(super) fn address_for_tests(&self) -> std::net::SocketAddr {
        let (host, port) = self.first_host().expect("a server on a network");
        format!("{host}:{port}").parse().expect("an address")
    }

    /// The way to the same corner through another address.
    pub(super) fn url_for_tests(&self, through: std::net::SocketAddr) -> String {
        let options = self.own_options().replace(' ', "%20").replace('=', "%3D");
        let role = self.role().expect("a role");
        format!("postgres://{role}@{through}/?options={options}")
    }
}

/// A corner of the server for one test: a schema of its own, in each of these databases. `None` where the
/// tests run on SQLite.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests says where the server is, and each test's corner has a name of its own"
)]
pub async fn server_for<'d>(databases: impl Iterator<Item = &'d str>) -> Option<Server> {
    let url = std::env::var(TEST_DATABASE_URL).ok()?;
    let schema = format!("t{}", Uuid::now_v7().simple());
    let whole = Server::parse(&url, CONNECTIONS).expect("the address of a server for tests");
    for database in databases {
        whole.create_database(database).await.expect("a database");
        let config = format!("{url}/{database}").parse::<tokio_postgres::Config>();
        let config = config.expect("the address of a database");
        let (client, connection) = config
            .connect(tokio_postgres::NoTls)
            .await
            .expect("it answers");
        let running = tokio::spawn(connection);
        let create = format!("CREATE SCHEMA {schema}");
        client.batch_execute(&create).await.expect("a schema");
        drop(client);
        drop(running.await);
    }
    // By its name, a test finds its own sessions among all of the server.
    let own = format!("{url}/?application_name={schema}&options=-c%20search_path%3D{schema}");
    Some(Server::parse(&own, CONNECTIONS).expect("the same address"))
}
