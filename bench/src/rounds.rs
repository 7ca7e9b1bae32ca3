//! Rounds in turn: what was measured, and beside it what the machine could do in the same minute. Machines are shared
//! and throttled, so the share of the limit says more than the rate.

use clap::Args;

use crate::latencies::grouped;

/// How much of it, where two kinds of reservations are measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Turns {
    /// How long each round takes
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: u64,
    /// Connections at once, each with a buyer of its own
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
}

/// Two rates a second, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    limit: u64,
    pub(crate) ours: u64,
}

/// All rounds of one comparison.
pub(crate) struct Rounds {
    /// What the limit is.
    limit: &'static str,
    all: Vec<Round>,
}

impl Round {
    pub(crate) fn percent(self) -> u64 {
        self.ours * 100 / self.limit.max(1)
    }
}

impl Rounds {
    pub(crate) fn beside(limit: &'static str) -> Self {
        Self {
            limit,
            all: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, limit: u64, ours: u64) {
        self.all.push(Round { limit, ours });
    }

    /// The round in the middle, by its share of the limit.
    pub(crate) fn median(&self) -> Round {
        let mut sorted = self.all.clone();
        sorted.sort_by_key(|round| round.percent());
        let middle = sorted.get(sorted.len() / 2).copied();
        middle.unwrap_or(Round { limit: 0, ours: 0 })
    }

    /// "49 % of bare: 4,900/s (rounds: 4,900 of 10,000, …)".
    pub(crate) fn summary(&self) -> String {
        let middle = self.median();
        let each = self.all.iter();
        let each = each.map(|round| format!("{} of {}", grouped(round.ours), grouped(round.limit)));
        let each: Vec<String> = each.collect();
        format!(
            "{} % of {}: {}/s (rounds: {})",
            middle.percent(),
            self.limit,
            grouped(middle.ours),
            each.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;

    #[test]
    fn the_round_in_the_middle_counts_by_its_share() {
        let mut rounds = Rounds::beside("bare");
        for (limit, ours) in [(1_000, 900), (10_000, 4_900), (2_000, 100)] {
            rounds.add(limit, ours);
        }
        assert_eq!(rounds.median().percent(), 49);
        assert_eq!(
            rounds.summary(),
            "49 % of bare: 4,900/s (rounds: 900 of 1,000, 4,900 of 10,000, 100 of 2,000)"
        );
    }
}
