//! Latencies as a histogram: exact to three digits, whatever their number. Microseconds, integers throughout.

use hdrhistogram::Histogram;

use crate::failure::{Because, Failure};

/// Longer than any wait that a scenario allows.
const LONGEST_MICROS: u64 = 600_000_000;

pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROS, 3);
        histogram
            .map(Self)
            .because("the histogram's bounds are wrong")
    }

    pub(crate) fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros.max(1));
    }

    /// Differences between two stamps of whole milliseconds, each cut off: what is told as 3 ms is anything between more than 2 and less
    /// than 4. All that are told alike are taken as spread evenly between half a millisecond less and half a one more.
    pub(crate) fn between_stamps(mut micros: Vec<i64>) -> Result<Self, Failure> {
        let mut latencies = Self::new()?;
        micros.sort_unstable();
        for alike in micros.chunk_by(|a, b| a == b) {
            let count = i64::try_from(alike.len()).unwrap_or(i64::MAX);
            for (place, told) in (0..).zip(alike) {
                let micros = told - 500 + (place * 1_000 + 500) / count;
                latencies.record(u64::try_from(micros).unwrap_or(0));
            }
        }
        Ok(latencies)
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.0
            .add(&other.0)
            .because("the histograms differ in their bounds")
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that this share of all stayed at or below.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share)
    }

    pub(crate) fn median(&self) -> u64 {
        self.quantile(0.5)
    }

    pub(crate) fn p99(&self) -> u64 {
        self.quantile(0.99)
    }

    pub(crate) fn max(&self) -> u64 {
        self.0.max()
    }

    /// "p50 1.234 ms, p90 …, p99 …, max … of 1,000".
    pub(crate) fn summary(&self) -> String {
        if self.count() == 0 {
            return "none measured".to_owned();
        }
        let [p50, p90, p99, max] =
            [self.median(), self.quantile(0.9), self.p99(), self.max()].map(millis);
        format!(
            "p50 {p50}, p90 {p90}, p99 {p99}, max {max} (of {})",
            grouped(self.count())
        )
    }
}

/// 1234 microseconds: "1.234 ms".
pub(crate) fn millis(micros: u64) -> String {
    format!("{}.{:03} ms", grouped(micros / 1000), micros % 1000)
}

/// 1234567: "1,234,567".
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// 1234567 bytes: "1.2 MB".
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// So many in so many microseconds, as a number per second.
pub(crate) fn per_second(count: u64, micros: u64) -> u64 {
    count.saturating_mul(1_000_000) / micros.max(1)
}

#[cfg(test)]
mod tests {
    use super::{Latencies, grouped, millis, per_second};

    #[test]
    fn what_stamps_tell_alike_is_spread_over_a_millisecond() {
        let stamps = [2_000, 3_000, 3_000, 3_000, 3_000, 4_000, 4_000];
        let latencies = Latencies::between_stamps(stamps.to_vec()).unwrap();
        assert_eq!(latencies.count(), 7);
        // Of the four around 3 ms it is the third.
        assert!((3_120..3_130).contains(&latencies.median()));
        assert!(latencies.max() < 4_500);
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0, 7, 999, 1000, 1_234_567].map(grouped),
            ["0", "7", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [7, 1_234, 1_234_567].map(millis),
            ["0.007 ms", "1.234 ms", "1,234.567 ms"]
        );
        assert_eq!(per_second(100_000, 20_000_000), 5_000);
        assert_eq!(per_second(1, 0), 1_000_000, "no division by zero");
    }

    #[test]
    fn quantiles_are_exact_to_three_digits() {
        let (mut one, mut other) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        (1..=500).for_each(|millis| one.record(millis * 1000));
        (501..=1000).for_each(|millis| other.record(millis * 1000));
        one.add(&other).unwrap();
        assert_eq!(one.count(), 1000);
        assert!(one.median().abs_diff(500_000) <= 500, "{}", one.median());
        assert!(one.p99().abs_diff(990_000) <= 990, "{}", one.p99());
    }
}
