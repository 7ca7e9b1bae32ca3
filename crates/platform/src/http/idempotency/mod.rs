//! The same `Idempotency-Key` gets the same answer.
//!
//! A key is claimed in the transaction of the business write, and its answer is kept in the same
//! one: either both happened or neither. A refusal by a rule of the business rolls that transaction
//! back, and is kept in one of its own. What may go differently the next time (400, 401, 429, 5xx,
//! and every refusal that says when to come back) is not kept.
//!
//! A write that takes two steps (a payment: intent, then outcome) claims its key as pending for the
//! thing that it creates, with [`begin`]; whoever records the outcome [`complete`]s it, after a
//! crash too.

mod key;
mod store;
mod stored;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use uuid::Uuid;

pub use key::{IdempotencyKey, Key};
pub use store::{KEPT, MIGRATION, complete, prune};
pub use stored::Stored;

use super::problem::Failure;
use crate::BoxFuture;
use crate::db::{Db, DbError, Turn, Tx};
use store::Claim;

/// What [`begin`] found.
#[derive(Debug)]
pub enum Begun<T> {
    /// The first step is done, and the key pending.
    Started(T),
    /// The answer is known already.
    Replayed(Stored),
}

/// The answer that is kept under `key`, if there is one: looked for before anything else of the request is
/// looked at, since what was right at first may be wrong by now.
pub async fn replay(db: &Db, key: Option<&Key>) -> Result<Option<Stored>, Failure> {
    let Some(key) = key else { return Ok(None) };
    match store::peek(db, key).await? {
        Some(Claim::Replay(stored)) => Ok(Some(stored)),
        Some(Claim::Refused(failure)) => Err(failure),
        Some(Claim::Fresh) | None => Ok(None),
    }
}

/// Runs one write under `key`, and answers what `respond` makes of its outcome, or what the first
/// write under this key answered. Without a key it is a plain write.
pub async fn write<I, T, E, F>(
    db: &Db,
    key: Option<Key>,
    input: I,
    body: F,
    respond: fn(&T) -> Stored,
) -> Result<Stored, Failure>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Into<Failure> + Send + 'static,
{
    write_in(db, None, key, input, body, respond).await
}

/// Like [`write()`], for what comes in crowds.
pub async fn write_grouped<I, T, E, F>(
    db: &Db,
    turn: Turn,
    key: Option<Key>,
    input: I,
    body: F,
    respond: fn(&T) -> Stored,
) -> Result<Stored, Failure>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Into<Failure> + Send + 'static,
{
    write_in(db, Some(turn), key, input, body, respond).await
}

async fn write_in<I, T, E, F>(
    db: &Db,
    turn: Option<Turn>,
    key: Option<Key>,
    input: I,
    body: F,
    respond: fn(&T) -> Stored,
) -> Result<Stored, Failure>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Into<Failure> + Send + 'static,
{
    let Some(key) = key.map(Arc::new) else {
        let done = run_in(db, turn, input, body).await;
        return Ok(respond(&done.map_err(Into::into)?));
    };
    let keyed = Keyed {
        key: key.clone(),
        input,
        body,
    };
    let outcome = run_in(
        db,
        turn,
        (keyed, respond, turn),
        |tx, (keyed, respond, turn)| {
            let hopes = turn.is_some() && tx.may_hope();
            Box::pin(keyed.run_and_keep(tx, hopes, *respond))
        },
    );
    let failure = match outcome.await {
        Ok(stored) => return Ok(stored),
        Err(failure) => failure,
    };
    // What it met may be its twin's doing, whose answer counts. A refusal that is kept finds that out by itself.
    if !is_kept(&failure)
        && let Some(stored) = replay(db, Some(&key)).await?
    {
        return Ok(stored);
    }
    keep_refusal(db, key, failure).await
}

async fn run_in<I, T, E, F>(db: &Db, turn: Option<Turn>, input: I, body: F) -> Result<T, E>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    match turn {
        Some(turn) => db.write_grouped(turn, input, body).await,
        None => db.write(input, body).await,
    }
}

/// Runs the first step of a write in two steps, and leaves `key` pending for `resource`, the thing
/// that the step creates. Refusals are kept as [`write()`] keeps them.
pub async fn begin<I, T, E, F>(
    db: &Db,
    key: Option<Key>,
    resource: Uuid,
    input: I,
    body: F,
) -> Result<Begun<T>, Failure>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Into<Failure> + Send + 'static,
{
    let Some(key) = key.map(Arc::new) else {
        return db
            .write(input, body)
            .await
            .map(Begun::Started)
            .map_err(Into::into);
    };
    let keyed = Keyed {
        key: key.clone(),
        input,
        body,
    };
    let outcome = db
        .write((keyed, resource), |tx, (keyed, resource)| {
            Box::pin(keyed.run(tx, Some(*resource)))
        })
        .await;
    match outcome {
        Ok(begun) => Ok(begun),
        Err(failure) => keep_refusal(db, key, failure).await.map(Begun::Replayed),
    }
}

/// A transaction's body, and the key that it runs under.
struct Keyed<I, F> {
    key: Arc<Key>,
    input: I,
    body: F,
}

impl<I, F> Keyed<I, F> {
    /// Claims the key, and runs the body if nobody had it. Where nobody can come between, it is claimed afterwards: a body that
    /// is refused has written nothing then, and is no reason for its whole group to begin anew.
    async fn run<T, E>(&self, tx: &mut Tx, resource: Option<Uuid>) -> Result<Begun<T>, Failure>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>>,
        E: Into<Failure>,
    {
        let claimed = match tx.is_alone() {
            true => store::known(tx, &self.key).await?,
            false => Some(store::claim(tx, &self.key, resource).await?),
        };
        match claimed {
            None | Some(Claim::Fresh) => {}
            Some(Claim::Replay(stored)) => return Ok(Begun::Replayed(stored)),
            Some(Claim::Refused(failure)) => return Err(failure),
        }
        let done = (self.body)(tx, &self.input).await.map_err(Into::into)?;
        if claimed.is_none() {
            store::claim(tx, &self.key, resource).await?;
        }
        Ok(Begun::Started(done))
    }
}

impl<I, F> Keyed<I, F> {
    /// Runs the body, and keeps its answer under the key. Whether somebody has the key is asked first, or found out
    /// at the end by one who `hopes`: a group waits for nobody, and takes back all of it where one was refused who
    /// had changed something.
    async fn run_and_keep<T, E>(
        &self,
        tx: &mut Tx,
        hopes: bool,
        respond: fn(&T) -> Stored,
    ) -> Result<Stored, Failure>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>>,
        E: Into<Failure>,
    {
        if hopes {
            let done = (self.body)(tx, &self.input).await.map_err(Into::into)?;
            let stored = respond(&done);
            store::keep(tx, &self.key, &stored).await?;
            return Ok(stored);
        }
        let done = match self.run(tx, None).await? {
            Begun::Started(done) => done,
            Begun::Replayed(stored) => return Ok(stored),
        };
        let stored = respond(&done);
        store::fill(tx, &self.key, &stored).await?;
        Ok(stored)
    }
}

/// Whether it is the answer to every later request of its key.
fn is_kept(refusal: &Failure) -> bool {
    refusal.is_final() && refusal.code() != store::IN_PROGRESS
}

/// Keeps a refusal that is final, unless a twin was faster: then its answer counts.
async fn keep_refusal(db: &Db, key: Arc<Key>, failure: Failure) -> Result<Stored, Failure> {
    if !is_kept(&failure) {
        return Err(failure);
    }
    let refusal = Stored::from(&failure);
    let earlier = db
        .write((key, refusal), |tx, (key, refusal)| {
            Box::pin(store_refusal(tx, key, refusal))
        })
        .await?;
    earlier.ok_or(failure)
}

/// Answers what was there before, if anything was.
async fn store_refusal(
    tx: &mut Tx,
    key: &Key,
    refusal: &Stored,
) -> Result<Option<Stored>, Failure> {
    match store::claim(tx, key, None).await? {
        Claim::Fresh => {
            store::fill(tx, key, refusal).await?;
            Ok(None)
        }
        Claim::Replay(stored) => Ok(Some(stored)),
        Claim::Refused(failure) => Err(failure),
    }
}
