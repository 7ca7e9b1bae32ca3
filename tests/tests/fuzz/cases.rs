//! How a property is tried: how often, with what is drawn from which seed, and what is said where it does not hold.
//!
//! Owns nothing else. It never writes a failing case into a file: a seed and a number of cases find it again.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use tessera_tests::setting;

/// What a property says of one case.
pub type Verdict = Result<(), TestCaseError>;

/// So many times a property of a value alone is tried.
pub const MANY: u32 = 256;
/// So many times one that asks a service.
pub const SOME: u32 = 64;

/// Any seed would do; one that stays makes the same run everywhere.
const SEED: u64 = 1;

/// Tries a property with all that is drawn: `usual` times, or as often as `TESSERA_FUZZ_CASES` says, from the seed that
/// `TESSERA_FUZZ_SEED` says.
pub fn hold<S: Strategy>(usual: u32, drawn: S, property: impl Fn(S::Value) -> Verdict) {
    let cases = setting("TESSERA_FUZZ_CASES").unwrap_or(usual);
    let seed = setting("TESSERA_FUZZ_SEED").unwrap_or(SEED);
    println!("{cases} cases of seed {seed}");
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&drawn, property) {
        panic!("{failure}\nonce more: TESSERA_FUZZ_SEED={seed} TESSERA_FUZZ_CASES={cases}");
    }
}
