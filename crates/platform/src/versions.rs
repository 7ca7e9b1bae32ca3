//! Remembers the highest version of every aggregate that a service follows, also where an event
//! changed nothing: what arrives late is then known to be old.

use uuid::Uuid;

use crate::db::{DbError, FromRow, Param, Tx};
use crate::params;

const ADVANCE: &str = "INSERT INTO versions (id, version) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version
    WHERE versions.version < excluded.version";

/// Notes that `version` of the aggregate was seen; answers `false` when it is not newer than what
/// was seen before.
pub async fn advance(tx: &mut Tx, aggregate: Uuid, version: i64) -> Result<bool, DbError> {
    let changed = tx.execute(ADVANCE, &params![aggregate, version]).await?;
    Ok(changed == 1)
}

/// What [`advance`] answers, and what [`Tx::hold`] does, asked for together: most of what is about one thing changes
/// another.
pub async fn advance_and_hold<R: FromRow>(
    tx: &mut Tx,
    aggregate: Uuid,
    version: i64,
    hold: (&str, &[Param<'_>]),
) -> Result<(bool, Option<R>), DbError> {
    let advance = params![aggregate, version];
    let (changed, held) = tx.execute_and_hold((ADVANCE, &advance), hold).await?;
    Ok((changed == 1, held))
}
