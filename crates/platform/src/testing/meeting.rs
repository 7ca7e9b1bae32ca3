//! Two transactions that meet: one stands still before its end, and the other runs into it.
//!
//! Only a database with several writers lets them: SQLite runs one after the other.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;

use super::TEST_DATABASE_URL;
use crate::db::Db;

/// Less than a transaction may stand still.
const WITHIN: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

const SOMEBODY_WAITS: &str = "SELECT 1 FROM pg_stat_activity
    WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock' LIMIT 1";

/// Whether the tests run on a database with several writers. A test of those has nothing to show elsewhere,
/// and this says so.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the runner of the tests says where the server is, and a person reads that a test showed nothing"
)]
pub fn are_several_writers() -> bool {
    let server = std::env::var_os(TEST_DATABASE_URL).is_some();
    if !server {
        println!("skipped: {TEST_DATABASE_URL} names no server, and SQLite has one writer");
    }
    server
}

/// A place in a transaction's body at which it stands still, once.
pub struct Halt {
    reached: watch::Sender<bool>,
    goes_on: watch::Sender<bool>,
}

impl Halt {
    /// One that nobody has come to.
    pub fn new() -> Halt {
        Halt {
            reached: watch::Sender::new(false),
            goes_on: watch::Sender::new(false),
        }
    }

    /// Stands still until the others had their turn: in the body. (Which awaits something else than its
    /// transaction, then. No body but a test's may.)
    pub async fn stand(&self) {
        self.reached.send_replace(true);
        until(&self.goes_on).await;
    }

    /// Whether it goes on: as long as it does not, whatever ended has waited for nothing of it.
    pub fn goes_on(&self) -> bool {
        *self.goes_on.borrow()
    }
}

impl Default for Halt {
    fn default() -> Halt {
        Halt::new()
    }
}

async fn until(flag: &watch::Sender<bool>) {
    let mut seen = flag.subscribe();
    drop(seen.wait_for(|is_set| *is_set).await);
}

/// Runs `first` until its transaction, in `db`, stands at `halt`; then `second`, until that is over or waits
/// for what the first one holds; then both to their ends.
pub async fn meet<A, B>(
    db: &Db,
    halt: &Halt,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let second = async {
        let reached = tokio::time::timeout(WITHIN, until(&halt.reached)).await;
        reached.expect("the first one comes to its halt");
        let mut second = pin!(second);
        let early = tokio::select! {
            done = &mut second => Some(done),
            () = somebody_waits(db) => None,
        };
        halt.goes_on.send_replace(true);
        match early {
            Some(done) => done,
            None => second.await,
        }
    };
    tokio::join!(first, second)
}

/// Waits until some transaction of this test waits for another one.
#[expect(
    clippy::disallowed_methods,
    reason = "the server tells nobody that somebody began to wait"
)]
async fn somebody_waits(db: &Db) {
    let look = async {
        while db
            .opt::<(i64,)>(SOMEBODY_WAITS, &[])
            .await
            .expect("the server's list of sessions")
            .is_none()
        {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    let seen = tokio::time::timeout(WITHIN, look).await;
    seen.expect("the second one ends, or waits for the first one");
}
