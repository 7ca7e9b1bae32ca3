//! One round: what its buyers share, and what they leave behind. It keeps the time, the numbers of orders, and the
//! record of all that was done; it decides nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tessera_tests::pause;

use crate::history::{Deed, Micros, Operation, Order, Seen};

/// How often a round is looked at before its next step, so many milliseconds apart.
const LOOKS: usize = 3_000;
const BETWEEN_LOOKS: u64 = 10;

/// What the buyers of a round have in common.
pub struct Round {
    /// The tickets, by their ids.
    pub tickets: Vec<String>,
    /// Whether buyers leave what they reserved to its deadline, and never ask again for what was not answered:
    /// where locks are short.
    pub leaves: bool,
    /// Where the server is now.
    pub url: RwLock<String>,
    /// Whether buyers pay.
    pub sells: AtomicBool,
    /// Whether the buyers end.
    pub is_over: AtomicBool,
    /// Requests that got no answer that counts.
    pub unanswered: AtomicUsize,
    lock_lasts: Micros,
    begun: Instant,
    begun_at: Timestamp,
    ids: Mutex<HashSet<String>>,
    orders: AtomicU32,
    record: Mutex<Vec<(usize, Operation)>>,
}

impl Round {
    #[expect(
        clippy::disallowed_methods,
        reason = "a history is told by the machine's own time, which is the server's, too"
    )]
    pub fn new(url: &str, tickets: Vec<String>, lock_seconds: u64, leaves: bool) -> Round {
        Round {
            tickets,
            leaves,
            url: RwLock::new(url.to_owned()),
            sells: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            unanswered: AtomicUsize::new(0),
            lock_lasts: lock_seconds * 1_000_000,
            begun: Instant::now(),
            begun_at: Timestamp::now(),
            ids: Mutex::default(),
            orders: AtomicU32::new(0),
            record: Mutex::default(),
        }
    }

    /// The moment, for the record.
    pub fn now(&self) -> Micros {
        Micros::try_from(self.begun.elapsed().as_micros()).expect("a round of some minutes")
    }

    /// A moment that the server told.
    pub fn moment(&self, told: &str) -> Option<Micros> {
        let told: Timestamp = told.parse().ok()?;
        let since = told.as_microsecond() - self.begun_at.as_microsecond();
        Some(Micros::try_from(since).unwrap_or(0))
    }

    /// When a lock ends at the earliest that was asked for at this moment.
    pub fn earliest_end(&self, begun: Micros) -> Micros {
        begun + self.lock_lasts
    }

    /// The number of an order that was answered; `None` where it was the answer to another reservation, too.
    pub fn number(&self, id: &str) -> Option<Order> {
        let is_new = self.ids.lock().insert(id.to_owned());
        is_new.then(|| self.number_of_unknown())
    }

    /// A number for an order of which nobody knows the id, or whether there is one.
    pub fn number_of_unknown(&self) -> Order {
        self.orders.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps what was done to a ticket.
    pub fn record(&self, ticket: usize, operation: Operation) {
        self.record.lock().push((ticket, operation));
    }

    /// Waits until so many more things were done.
    pub async fn more(&self, count: usize) {
        let goal = self.record.lock().len() + count;
        self.until(|record| record.len() >= goal).await;
    }

    /// Waits until somebody was told that a ticket is sold, or so many more things were done.
    pub async fn until_sold(&self, most: usize) {
        let goal = self.record.lock().len() + most;
        let is_sold = |(_, operation): &(usize, Operation)| operation.deed == Deed::FoundSold;
        self.until(|record| record.len() >= goal || record.iter().any(is_sold))
            .await;
    }

    /// Waits until somebody has seen an order expired: a lock takes longer than a machine needs for a round.
    pub async fn until_expired(&self) {
        let is_expired = |(_, operation): &(usize, Operation)| {
            matches!(
                operation.deed,
                Deed::Look {
                    seen: Seen::Expired,
                    ..
                }
            )
        };
        self.until(|record| record.iter().any(is_expired)).await;
    }

    /// Looks at the record until it is so, or for a while: what was done until then is judged in any case, and says
    /// more than that there was too little of it.
    async fn until(&self, is_so: impl Fn(&[(usize, Operation)]) -> bool) {
        for _look in 0..LOOKS {
            if is_so(&self.record.lock()) {
                return;
            }
            pause(BETWEEN_LOOKS).await;
        }
    }

    /// What was done to each ticket, in the order of its beginnings.
    pub fn histories(&self) -> Vec<Vec<Operation>> {
        let mut histories = vec![Vec::new(); self.tickets.len()];
        for (ticket, operation) in self.record.lock().iter() {
            histories[*ticket].push(operation.clone());
        }
        for history in &mut histories {
            history.sort_by_key(|operation| (operation.begun, operation.answered));
        }
        histories
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}
