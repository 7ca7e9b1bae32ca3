//! Ids as Stripe's look, without chance: the same seed gives the same run.

use aws_lc_rs::hmac;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 24;

/// Where ids and secrets come from.
pub(crate) struct Ids {
    key: hmac::Key,
    count: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Ids {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
        Ids { key, count: 0 }
    }

    /// The next one, as in `pi_` and 24 letters and digits.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        let digest = hmac::sign(&self.key, &self.count.to_be_bytes());
        let letter = |byte: &u8| {
            let letter = LETTERS.get(usize::from(*byte) % LETTERS.len());
            char::from(letter.copied().unwrap_or(b'0'))
        };
        let letters: String = digest.as_ref().iter().take(LENGTH).map(letter).collect();
        format!("{prefix}_{letters}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_a_seed_repeats_them() {
        let (mut ids, mut same, mut other) = (Ids::new(1), Ids::new(1), Ids::new(2));
        let (first, second) = (ids.next("pi"), ids.next("pi"));
        assert_ne!(first, second);
        assert_eq!(first, same.next("pi"));
        assert_ne!(first, other.next("pi"));
        assert_eq!(first.len(), 3 + LENGTH);
    }
}
