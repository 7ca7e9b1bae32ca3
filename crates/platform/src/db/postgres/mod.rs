//! The PostgreSQL engine: each body on a pooled connection of its own, in READ COMMITTED.
//!
//! Every decision of a body rests on its statement's guard or on a row that it holds; what PostgreSQL
//! itself gives up on (a deadlock, a serialization failure, a lost connection) is run again from its
//! beginning.

mod alike;
mod answer;
mod catalogue;
mod connect;
mod doubt;
mod error;
mod group;
mod job;
mod merge;
mod migrate;
mod pool;
mod read;
mod server;
mod session;
mod snapshot;
mod text;
mod tls;
mod value;
mod wave;
mod write;

use super::error::DbError;
use super::tx::Seed;
use super::{Durability, Shape, Signals};
use group::Groups;
use pool::Pool;

pub use catalogue::Catalogue;
pub use server::Server;
pub(super) use session::Session;
pub use snapshot::Snapshot;
pub(super) use text::HOLD;

/// How many events of a batch share a transaction: enough to share the cost of its commit.
pub(super) const BATCH: usize = 64;

/// One service's database on a server.
pub(super) struct Engine {
    pool: Pool,
    seed: Seed,
    signals: Signals,
    groups: Groups,
}

impl Engine {
    /// Connects to the database that is named as its owner, and brings it to its shape.
    pub(super) async fn open(
        server: &Server,
        seed: Seed,
        shape: Shape<'_>,
        signals: Signals,
    ) -> Result<Engine, DbError> {
        let name = seed.owner;
        let mut client = server.connect(name).await?;
        match shape {
            Shape::Migrate(migrations) => migrate::apply(&mut client, migrations).await?,
            Shape::Verify(migrations) => migrate::verify(&client, migrations).await?,
        }
        let found = connect::durability(&client).await?;
        refuse_lossy(&found, seed.owner)?;
        Ok(Engine {
            pool: Pool::new(server, name)?,
            seed,
            signals,
            groups: Groups::default(),
        })
    }

    /// What the server says of its commits.
    pub(super) async fn durability(&self) -> Result<Durability, DbError> {
        let connection = self.pool.main().await?;
        connect::durability(&connection.client).await
    }
}

/// A server may be told to lose what it has confirmed. For one database's sessions that is refused; for
/// the server as a whole it is its operator's choice, and said aloud.
fn refuse_lossy(found: &Durability, owner: &str) -> Result<(), DbError> {
    let Durability::Postgres {
        fsync,
        synchronous_commit,
    } = found
    else {
        return Ok(());
    };
    if synchronous_commit == "off" {
        return Err(DbError::Engine(
            "synchronous_commit is off: commits would not be durable".to_owned(),
        ));
    }
    if fsync != "on" {
        tracing::warn!(
            service = owner,
            "fsync is {fsync} on this PostgreSQL: a power failure loses what it has confirmed"
        );
    }
    Ok(())
}
