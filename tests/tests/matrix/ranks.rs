//! Whether two kinds of answers can be told apart by the time that they take. It decides by medians and ranks alone, so
//! that one answer that was held up says no more than any other.

/// By how much the medians may differ, in thousandths of the larger one.
const MOST_DIFFERENCE: u64 = 200;

/// How much more often than not one kind may be the slower one (Cliff's delta), in thousandths: 0 where a guess is as good as
/// a coin, 1000 where every one of a kind takes longer than every other. Of two kinds that are alike, with 60 answers each, it has
/// a standard deviation of 106.
const MOST_DOMINANCE: u64 = 350;

/// How two kinds of answers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Both medians, in the unit of the times.
    pub medians: (u64, u64),
    /// Above zero where the first kind takes longer.
    pub dominance: i64,
}

/// Compares them. Neither is empty.
pub fn compare(first: &[u64], second: &[u64]) -> Compared {
    let signs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| one.cmp(other) as i64));
    let pairs = i64::try_from(first.len() * second.len()).unwrap();
    Compared {
        medians: (median(first), median(second)),
        dominance: signs.sum::<i64>() * 1_000 / pairs,
    }
}

impl Compared {
    /// Whether somebody who measures learns which kind an answer is of.
    pub fn tells(&self) -> bool {
        let (first, second) = self.medians;
        let difference = first.abs_diff(second) * 1_000 / first.max(second).max(1);
        difference > MOST_DIFFERENCE || self.dominance.unsigned_abs() > MOST_DOMINANCE
    }
}

fn median(times: &[u64]) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Sixty answers of about so many microseconds; one in ten was held up.
    fn answers(about: u64, seed: u64) -> Vec<u64> {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut one = || {
            let spread = chance.random_range(0..about / 5 + 1);
            let delay = if chance.random_ratio(1, 10) {
                30_000
            } else {
                0
            };
            about + spread + delay
        };
        (0..60).map(|_| one()).collect()
    }

    #[test]
    fn an_answer_without_a_hash_is_told_from_one_with_it() {
        for seed in 0..100 {
            let compared = compare(&answers(20_000, seed), &answers(1_000, seed + 1_000));
            assert!(compared.tells(), "{compared:?}");
            assert!(compared.dominance > 600, "{compared:?}");
        }
    }

    #[test]
    fn a_cheaper_hash_is_told_from_a_dearer_one() {
        for seed in 0..100 {
            let compared = compare(&answers(15_000, seed), &answers(20_000, seed + 1_000));
            assert!(compared.tells() && compared.dominance < 0, "{compared:?}");
        }
    }

    #[test]
    fn answers_that_are_alike_are_not_told_apart() {
        let told = (0..300).filter(|seed| {
            let (first, second) = (answers(20_000, *seed), answers(20_000, seed + 1_000));
            compare(&first, &second).tells()
        });
        // Once in a thousand, each time: three times in a row is out of the question.
        let told = told.count();
        assert!(told <= 3, "{told} of 300");
    }

    #[test]
    fn one_kind_that_is_always_slower_dominates_wholly() {
        assert_eq!(compare(&[5, 6, 7], &[1, 2, 3]).dominance, 1_000);
        assert_eq!(compare(&[1, 2, 3], &[5, 6, 7]).dominance, -1_000);
        assert_eq!(compare(&[1, 2, 3], &[1, 2, 3]).dominance, 0);
        assert_eq!(compare(&[3, 1, 2], &[9]).medians, (2, 9));
    }
}
