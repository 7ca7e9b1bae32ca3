//! What the tests of the whole system stand on: the real program in a process of its own, and
//! clients that talk to it as people's do.
//!
//! Only for tests, which end with a word when they cannot go on.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says why and ends"
)]

pub mod apart;
pub mod client;
pub mod collector;
pub mod market;
pub mod process;
pub mod visitor;

/// Waits until `look` finds something, and gives up with `what` after 30 seconds.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(30, what, look).await
}

/// The same, with so many seconds.
pub async fn within<T>(seconds: u64, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    #[expect(
        clippy::disallowed_methods,
        reason = "a bound on the machine's own time"
    )]
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a bound on the machine's own time"
        )]
        let now = std::time::Instant::now();
        assert!(now < deadline, "waited in vain for {what}");
        pause(10).await;
    }
}

/// Lets some milliseconds pass between two looks.
#[expect(
    clippy::disallowed_methods,
    reason = "between two looks at a process there is no event to wait for"
)]
pub async fn pause(milliseconds: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
}

/// A number by which a person asks a test for a longer run, or for an earlier one again; `None` where it is left out.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says how long and from where"
)]
pub fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} must be a number, and is {text}")))
}
