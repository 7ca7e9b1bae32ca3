//! What was done, and what became of it: the figures that `cargo xtask faults` puts into its table.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Where the line of a scenario goes. Set by `cargo xtask faults`.
const TABLE: &str = "TESSERA_FAULTS_TABLE";

/// A number that many add to.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn one(&self) {
        self.add(1);
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The figures of one scenario.
#[derive(Default)]
pub struct Tally {
    /// Faults done.
    pub faults: Count,
    /// Purchases begun: a ticket listed and an order placed.
    pub begun: Count,
    /// Requests sent for the first time.
    pub sent: Count,
    /// Requests sent again, since nobody had answered, or somebody that nothing could be done now.
    pub resent: Count,
    /// Refusals that are right: the news of a ticket or an order was still under way.
    pub refused: Count,
    /// Orders that got their lock, and were left at that.
    pub locked: Count,
    /// Orders that were paid, each with its payment captured.
    pub completed: Count,
    /// Orders that their buyers cancelled.
    pub cancelled: Count,
    /// Orders whose time was over before they were paid.
    pub expired: Count,
    /// Reservations of a ticket that somebody else had got.
    pub beaten: Count,
    /// What was answered as done, and is not there.
    pub lost: Count,
    /// What `tessera check` calls broken.
    pub violations: Count,
    /// What a client that sends nothing twice got instead of its answer.
    failed: Mutex<Vec<String>>,
}

impl Tally {
    /// An answer that there should not have been.
    pub fn fail(&self, words: String) {
        self.failed.lock().push(words);
    }

    /// Whether some paid, some thought better of it, some were too late for their order, and some for their ticket.
    pub fn has_every_end(&self) -> bool {
        let ends = [
            &self.completed,
            &self.cancelled,
            &self.expired,
            &self.beaten,
        ];
        ends.iter().all(|end| end.get() > 0)
    }

    pub fn failed(&self) -> Vec<String> {
        self.failed.lock().clone()
    }

    /// Leaves the line for the table, where one is made.
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the figures go"
    )]
    pub fn hand_in(&self) {
        if let Some(path) = std::env::var_os(TABLE).map(PathBuf::from) {
            std::fs::write(path, self.to_string()).expect("the figures are written");
        }
    }
}

/// Names and numbers, in the order of the table.
impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = [
            ("faults", self.faults.get()),
            ("purchases", self.begun.get()),
            ("sent", self.sent.get()),
            ("re-sent", self.resent.get()),
            ("refused", self.refused.get()),
            ("locked", self.locked.get()),
            ("completed", self.completed.get()),
            ("cancelled", self.cancelled.get()),
            ("expired", self.expired.get()),
            ("beaten", self.beaten.get()),
            ("failed", self.failed.lock().len()),
            ("lost", self.lost.get()),
            ("violations", self.violations.get()),
        ];
        for (name, number) in figures {
            write!(f, "{name}={number} ")?;
        }
        Ok(())
    }
}
