//! Group commit: many transactions, one sync of the disk.
//!
//! Bodies run one after another in one open transaction, in the hope that each of them either stays or was refused
//! before it wrote anything: nearly all do. Where one that wrote is refused, the group runs again with a savepoint
//! for each, so that it takes back its own changes only. (To keep savepoints always would cost a copy of each page
//! that a body touches.) All answers, refusals too, wait for the commit: what a body saw may be another body's
//! change, and must not be told before it is durable.

use super::job::Job;
use crate::db::error::DbError;
use crate::db::tx::Tx;

/// How a body that is refused takes back what it wrote.
#[derive(Clone, Copy)]
enum Undo {
    /// It has written nothing: should it have, the group is given up.
    Nothing,
    /// By a savepoint.
    Savepoint,
}

/// Why a group is to run in another way.
enum GivenUp {
    /// A body that wrote was refused, and there is no savepoint to go back to.
    Refused,
    /// The database failed.
    Engine,
}

impl From<DbError> for GivenUp {
    fn from(_: DbError) -> GivenUp {
        GivenUp::Engine
    }
}

/// Runs `jobs` in one commit. `wake` is called with each signal of those that stay.
///
/// A full disk makes SQLite roll back the whole group by itself; the group is then run again one
/// by one, so that the error meets only the body that cannot be written.
pub(super) fn commit(tx: &mut Tx, jobs: &mut [Box<dyn Job>], wake: &mut dyn FnMut(&'static str)) {
    if let [job] = jobs {
        return commit_alone(tx, job.as_mut(), wake);
    }
    for undo in [Undo::Nothing, Undo::Savepoint] {
        if let Err(error) = begin(tx) {
            // Another process holds the database: each of them would wait as long, one after another.
            return jobs.iter_mut().for_each(|job| job.fail(error.clone()));
        }
        match commit_together(tx, jobs, undo) {
            Ok(wakes) => return wakes.into_iter().for_each(wake),
            Err(given_up) => {
                roll_back(tx);
                if matches!(given_up, GivenUp::Engine) {
                    break;
                }
            }
        }
    }
    for job in jobs {
        commit_alone(tx, job.as_mut(), wake);
    }
}

/// Immediate: takes the right to write at once, so that no body meets another writer halfway.
fn begin(tx: &mut Tx) -> Result<(), DbError> {
    tx.sqlite().control("BEGIN IMMEDIATE")
}

/// In an open transaction; answers the signals of those that stay.
fn commit_together(
    tx: &mut Tx,
    jobs: &mut [Box<dyn Job>],
    undo: Undo,
) -> Result<Vec<&'static str>, GivenUp> {
    let mut wakes = Vec::new();
    for job in jobs {
        let stays = match undo {
            Undo::Nothing => run_in_hope(tx, job.as_mut())?,
            Undo::Savepoint => run_in_savepoint(tx, job.as_mut())?,
        };
        if !stays {
            continue;
        }
        for signal in tx.wakes() {
            if !wakes.contains(signal) {
                wakes.push(*signal);
            }
        }
    }
    tx.sqlite().control("COMMIT")?;
    Ok(wakes)
}

/// Answers whether the body's changes stay.
fn run_in_hope(tx: &mut Tx, job: &mut dyn Job) -> Result<bool, GivenUp> {
    let stays = run(tx, job)?;
    if !stays && tx.has_written() {
        return Err(GivenUp::Refused);
    }
    Ok(stays)
}

fn run_in_savepoint(tx: &mut Tx, job: &mut dyn Job) -> Result<bool, GivenUp> {
    tx.sqlite().control("SAVEPOINT body")?;
    let stays = run(tx, job)?;
    if !stays {
        tx.sqlite().control("ROLLBACK TO body")?;
    }
    tx.sqlite().control("RELEASE body")?;
    Ok(stays)
}

fn run(tx: &mut Tx, job: &mut dyn Job) -> Result<bool, DbError> {
    let stays = job.run(tx);
    if tx.sqlite().is_autocommit() {
        return Err(DbError::Full);
    }
    Ok(stays)
}

fn commit_alone(tx: &mut Tx, job: &mut dyn Job, wake: &mut dyn FnMut(&'static str)) {
    if let Err(error) = begin(tx) {
        return job.fail(error);
    }
    if !job.run(tx) {
        return roll_back(tx);
    }
    match tx.sqlite().control("COMMIT") {
        Ok(()) => tx.wakes().iter().for_each(|signal| wake(signal)),
        Err(error) => {
            roll_back(tx);
            job.fail(error);
        }
    }
}

/// Ends a transaction that is still open. Where SQLite has ended it already there is nothing to do.
fn roll_back(tx: &mut Tx) {
    if !tx.sqlite().is_autocommit()
        && let Err(error) = tx.sqlite().control("ROLLBACK")
    {
        tracing::error!(%error, "rollback failed");
    }
}
