//! Where the databases of a process are: files in a folder, or databases of a server.

use std::path::{Path, PathBuf};

use super::error::DbError;
use super::migration::Migration;
use super::postgres::Server;
use super::tx::Seed;
use super::{Db, Pace, Shape};
use crate::clock::Clock;
use crate::ids::Ids;

/// One database for each owner. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Place {
    /// `OWNER.db` in this folder.
    Folder(PathBuf, Pace),
    /// The database `OWNER` on this server.
    Server(Box<Server>),
}

impl Place {
    /// Opens the database of `owner`, and applies the `migrations` that it lacks. A file is made where there
    /// is none; a database on a server is not (see [`Place::create`]).
    ///
    /// `owner` also labels metrics, and is the `source` of events.
    pub async fn open(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        clock: &Clock,
        ids: &Ids,
    ) -> Result<Db, DbError> {
        let seed = Seed::new(owner, clock, ids);
        self.open_as(seed, Shape::Migrate(migrations)).await
    }

    /// Opens the database of `owner`, on which a server may run: refuses one that lacks some of the
    /// `migrations`, or has others that do not go together with these, and changes nothing of its shape.
    pub async fn open_beside(
        &self,
        owner: &'static str,
        migrations: &[Migration],
        clock: &Clock,
        ids: &Ids,
    ) -> Result<Db, DbError> {
        if let Some(path) = self.file(owner).filter(|path| !path.exists()) {
            return Err(DbError::Missing(format!("there is no {}", path.display())));
        }
        let seed = Seed::new(owner, clock, ids);
        self.open_as(seed, Shape::Verify(migrations)).await
    }

    /// Makes the database of `owner` on a server, if there is none. Files need no making.
    pub async fn create(&self, owner: &str) -> Result<(), DbError> {
        match self {
            Place::Folder(..) => Ok(()),
            Place::Server(server) => server.create_database(owner).await,
        }
    }

    /// Where the database of `owner` is, for people.
    pub fn shown(&self, owner: &str) -> String {
        match self {
            Place::Folder(folder, _) => file(folder, owner).display().to_string(),
            Place::Server(_) => format!("database {owner}"),
        }
    }

    async fn open_as(&self, seed: Seed, shape: Shape<'_>) -> Result<Db, DbError> {
        match self {
            Place::Folder(folder, pace) => {
                Db::sqlite(&file(folder, seed.owner), seed, shape, *pace)
            }
            Place::Server(server) => Db::postgres(server, seed, shape).await,
        }
    }

    fn file(&self, owner: &str) -> Option<PathBuf> {
        match self {
            Place::Folder(folder, _) => Some(file(folder, owner)),
            Place::Server(_) => None,
        }
    }
}

fn file(folder: &Path, owner: &str) -> PathBuf {
    folder.join(format!("{owner}.db"))
}
