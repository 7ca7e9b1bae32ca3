//! What may go wrong in one run, and how often. Not everything does in each: what is rare everywhere is never met twice in a
//! row, and some faults hide others.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// Drawn once for each seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All services in one process, with the bus inside it, or each in one of its own.
    pub is_together: bool,
    /// Requests that people make.
    pub wishes: u32,
    /// People who buy.
    pub buyers: usize,
    /// How many transactions a writer takes together at most.
    pub group: usize,
    /// Of a thousand steps, so many end a process.
    pub crashes: u32,
    /// Of a hundred requests, so many do not arrive, so many lose their answer, and so many come twice.
    pub lost_requests: u32,
    pub lost_answers: u32,
    pub repeated_requests: u32,
    /// Of a thousand steps, in so many somebody hangs up.
    pub hang_ups: u32,
    /// Of a hundred batches that are published, so many do not arrive, and so many are stored without a word.
    pub lost_batches: u32,
    pub lost_confirmations: u32,
    /// Of a hundred deliveries, so many are made again, and so many out of order.
    pub redeliveries: u32,
    pub reorderings: u32,
    /// Of a thousand steps, in so many the stream goes back to an older copy.
    pub rollbacks: u32,
    /// Of a hundred calls to the gateway, so many go wrong.
    pub gateway_faults: u32,
    /// Of a hundred steps, in so many time passes although there is something to do.
    pub haste: u32,
    /// Clocks are wrong by at most so many milliseconds.
    pub skew: i64,
}

impl Plan {
    /// Draws one.
    pub fn draw(chance: &mut StdRng) -> Plan {
        let mut some = |levels: &[u32]| levels.choose(chance).copied().unwrap_or_default();
        let crashes = some(&[0, 0, 1, 2, 6]);
        let lost_requests = some(&[0, 0, 5, 20]);
        let lost_answers = some(&[0, 0, 5, 20]);
        let repeated_requests = some(&[0, 0, 10]);
        let hang_ups = some(&[0, 0, 3]);
        let lost_batches = some(&[0, 0, 10, 40]);
        let lost_confirmations = some(&[0, 0, 10, 40]);
        let redeliveries = some(&[0, 0, 10, 40]);
        let reorderings = some(&[0, 30, 100]);
        let rollbacks = some(&[0, 0, 0, 1]);
        let gateway_faults = some(&[0, 0, 10, 40]);
        let haste = some(&[0, 1, 5]);
        let wishes = some(&[20, 40, 80]);
        let skew = i64::from(some(&[0, 0, 300, 4_000]));
        Plan {
            is_together: chance.random_bool(0.25),
            wishes,
            buyers: chance.random_range(2..=4),
            group: chance.random_range(1..=8),
            crashes,
            lost_requests,
            lost_answers,
            repeated_requests,
            hang_ups,
            lost_batches,
            lost_confirmations,
            redeliveries,
            reorderings,
            rollbacks,
            gateway_faults,
            haste,
            skew,
        }
    }

    /// Nothing goes wrong any more.
    pub fn calm(&mut self) {
        *self = Plan {
            is_together: self.is_together,
            wishes: 0,
            buyers: self.buyers,
            group: self.group,
            crashes: 0,
            lost_requests: 0,
            lost_answers: 0,
            repeated_requests: 0,
            hang_ups: 0,
            lost_batches: 0,
            lost_confirmations: 0,
            redeliveries: 0,
            reorderings: 0,
            rollbacks: 0,
            gateway_faults: 0,
            haste: 0,
            skew: 0,
        };
    }
}
