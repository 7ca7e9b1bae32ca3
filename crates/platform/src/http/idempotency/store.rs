//! The table of keys.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::key::Key;
use super::stored::Stored;
use crate::db::{Db, DbError, Tx};
use crate::http::Failure;
use crate::params;

/// The table, for the migrations of every service whose writes take a key.
pub const MIGRATION: &str = "\
CREATE TABLE idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    body text,
    location text,
    resource uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_resource ON idempotency_keys (resource) WHERE resource IS NOT NULL;
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
";

pub(super) const IN_PROGRESS: &str = "idempotency_in_progress";

/// How long a key counts.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How many keys one step of [`prune`] deletes.
const BATCH: i64 = 500;

/// What became of the attempt to claim a key.
pub(super) enum Claim {
    /// It is ours: nobody used it before.
    Fresh,
    /// It was used for the same request, which was answered like this.
    Replay(Stored),
    /// It was used for another request, or its request is still under way.
    Refused(Failure),
}

/// Claims `key`, for the thing that the write creates if it takes two steps.
pub(super) async fn claim(
    tx: &mut Tx,
    key: &Key,
    resource: Option<Uuid>,
) -> Result<Claim, DbError> {
    const SQL: &str = "INSERT INTO idempotency_keys (scope, key, fingerprint, resource, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (scope, key) DO NOTHING";
    let now = tx.now();
    let Key {
        scope,
        key: name,
        fingerprint,
    } = key;
    let ours = tx
        .execute(
            SQL,
            &params![scope, name, fingerprint.as_slice(), resource, now],
        )
        .await?;
    if ours == 1 {
        Ok(Claim::Fresh)
    } else {
        look_up(tx, key).await
    }
}

type Columns = (Vec<u8>, Option<i32>, Option<String>, Option<String>);

const LOOK_UP: &str = "SELECT fingerprint, status, body, location FROM idempotency_keys
    WHERE scope = $1 AND key = $2";

/// What is known of a key that somebody else claimed.
pub(super) async fn look_up(tx: &mut Tx, key: &Key) -> Result<Claim, DbError> {
    // If there is none, it was old and is pruned: it can be claimed now.
    known(tx, key).await?.ok_or_else(|| tx.conflict())
}

/// What is known of a key in this transaction, if anybody claimed it.
pub(super) async fn known(tx: &mut Tx, key: &Key) -> Result<Option<Claim>, DbError> {
    let found = tx.opt(LOOK_UP, &params![&key.scope, &key.key]).await?;
    found.map(|columns| claimed(key, columns)).transpose()
}

/// What is known of a key, if anybody claimed it; claims nothing.
pub(super) async fn peek(db: &Db, key: &Key) -> Result<Option<Claim>, DbError> {
    let found = db.opt(LOOK_UP, &params![&key.scope, &key.key]).await?;
    found.map(|columns| claimed(key, columns)).transpose()
}

fn claimed(key: &Key, columns: Columns) -> Result<Claim, DbError> {
    let (fingerprint, status, body, location) = columns;
    if fingerprint != key.fingerprint {
        let detail = "This Idempotency-Key was used for another request before.";
        return Ok(Claim::Refused(Failure::unprocessable(
            "idempotency_key_reused",
            detail,
        )));
    }
    let Some(status) = status else {
        let detail = "The first request with this Idempotency-Key is still under way.";
        return Ok(Claim::Refused(Failure::conflict(IN_PROGRESS, detail)));
    };
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| DbError::Corrupt("idempotency_keys.status".to_owned()))?;
    Ok(Claim::Replay(Stored {
        status,
        body: body.unwrap_or_default(),
        location,
        replayed: true,
    }))
}

/// Keeps the answer under a key that this transaction claimed.
pub(super) async fn fill(tx: &mut Tx, key: &Key, stored: &Stored) -> Result<(), DbError> {
    const SQL: &str = "UPDATE idempotency_keys SET status = $3, body = $4, location = $5
        WHERE scope = $1 AND key = $2";
    let Stored {
        status,
        body,
        location,
        ..
    } = stored;
    let status = i64::from(status.as_u16());
    // Its row is this transaction's own, so the count of rows tells nothing.
    tx.later(
        SQL,
        &params![&key.scope, &key.key, status, body, location.as_ref()],
    )
    .await
}

/// Claims `key` with its answer, in the hope that nobody has it.
pub(super) async fn keep(tx: &mut Tx, key: &Key, stored: &Stored) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO idempotency_keys (scope, key, fingerprint, status, body, location, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let now = tx.now();
    let params = params![
        &key.scope,
        &key.key,
        key.fingerprint.as_slice(),
        i64::from(stored.status.as_u16()),
        &stored.body,
        stored.location.as_ref(),
        now,
    ];
    tx.hope(SQL, &params).await
}

/// Keeps the answer under the key that is pending for `resource`, if there is one.
pub async fn complete(tx: &mut Tx, resource: Uuid, stored: &Stored) -> Result<(), DbError> {
    const SQL: &str = "UPDATE idempotency_keys SET status = $2, body = $3, location = $4
        WHERE resource = $1 AND status IS NULL";
    let Stored {
        status,
        body,
        location,
        ..
    } = stored;
    let status = i64::from(status.as_u16());
    // No row: the request came without a key. That is as good.
    tx.later(SQL, &params![resource, status, body, location.as_ref()])
        .await
}

/// Deletes a batch of keys that were [`KEPT`] long enough. Answers whether there may be more.
pub async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    const SQL: &str = "DELETE FROM idempotency_keys WHERE (scope, key) IN
        (SELECT scope, key FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT $2)
        AND created_at <= $1";
    let moment = tx.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let deleted = tx.execute(SQL, &params![moment, BATCH]).await?;
    Ok(deleted == BATCH.unsigned_abs())
}
