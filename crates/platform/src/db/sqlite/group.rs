//! Group commit: many transactions, one sync of the disk.
//!
//! Each body runs in a savepoint of its own, so that one that fails takes back its own changes
//! only. All answers, refusals too, wait for the commit: what a body saw may be another body's
//! change, and must not be told before it is durable.

use super::job::Job;
use crate::db::error::DbError;
use crate::db::tx::Tx;

/// Runs `jobs` in one commit. `wake` is called with each signal of those that stay.
///
/// A full disk makes SQLite roll back the whole group by itself; the group is then run again one
/// by one, so that the error meets only the body that cannot be written.
pub(super) fn commit(tx: &mut Tx, jobs: &mut [Box<dyn Job>], wake: &mut dyn FnMut(&'static str)) {
    if let [job] = jobs {
        return commit_alone(tx, job.as_mut(), wake);
    }
    if let Err(error) = begin(tx) {
        // Another process holds the database: each of them would wait as long, one after another.
        return jobs.iter_mut().for_each(|job| job.fail(error.clone()));
    }
    let mut wakes = Vec::new();
    if commit_together(tx, jobs, &mut wakes).is_ok() {
        wakes.into_iter().for_each(wake);
        return;
    }
    roll_back(tx);
    for job in jobs {
        commit_alone(tx, job.as_mut(), wake);
    }
}

/// Immediate: takes the right to write at once, so that no body meets another writer halfway.
fn begin(tx: &mut Tx) -> Result<(), DbError> {
    tx.sqlite().control("BEGIN IMMEDIATE")
}

/// In an open transaction.
fn commit_together(
    tx: &mut Tx,
    jobs: &mut [Box<dyn Job>],
    wakes: &mut Vec<&'static str>,
) -> Result<(), DbError> {
    for job in jobs {
        tx.sqlite().control("SAVEPOINT body")?;
        let keep = job.run(tx);
        if tx.sqlite().is_autocommit() {
            return Err(DbError::Full);
        }
        if keep {
            for signal in tx.wakes() {
                if !wakes.contains(signal) {
                    wakes.push(signal);
                }
            }
        } else {
            tx.sqlite().control("ROLLBACK TO body")?;
        }
        tx.sqlite().control("RELEASE body")?;
    }
    tx.sqlite().control("COMMIT")
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
