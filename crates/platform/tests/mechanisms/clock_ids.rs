//! Time and chance, which nothing else reads.

use std::collections::HashSet;
use std::thread;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::Clock;
use tessera_platform::ids::Ids;

use crate::scratch::{noon, until, within};

#[test]
fn the_clock_tells_whole_milliseconds() {
    let now = Clock::system().now();
    assert_eq!(now.as_nanosecond() % 1_000_000, 0);
    let (clock, hand) = Clock::manual("2030-01-01T00:00:00.1239Z".parse().unwrap());
    assert_eq!(clock.now().to_string(), "2030-01-01T00:00:00.123Z");
    hand.set("2029-12-31T23:59:59.9999Z".parse().unwrap());
    assert_eq!(clock.now().to_string(), "2029-12-31T23:59:59.999Z");
}

#[test]
fn clones_of_a_clock_tell_the_same_time() {
    let (clock, hand) = Clock::manual(noon());
    let clone = clock.clone();
    hand.clone().advance(SignedDuration::from_millis(5));
    assert_eq!(clock.now(), noon() + SignedDuration::from_millis(5));
    assert_eq!(clone.now(), clock.now());
}

#[tokio::test]
async fn nobody_waits_for_a_moment_that_has_come() {
    let (clock, hand) = Clock::manual(noon());
    let past = noon() - SignedDuration::from_hours(1);
    for clock in [&clock, &Clock::system()] {
        within(clock.sleep_until(Timestamp::MIN)).await;
        within(clock.sleep(SignedDuration::ZERO)).await;
    }
    assert!(clock.sleep_until(past).now_or_never().is_some());
    let waiting = clock.sleep_until(noon() + SignedDuration::from_millis(1));
    hand.advance(SignedDuration::from_millis(1));
    assert!(waiting.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_system_clock_is_read_again_after_every_few_seconds_of_waiting() {
    // Virtual time runs past the moment, and the machine's clock has not moved: it still waits.
    let clock = Clock::system();
    let sleep = clock.sleep(SignedDuration::from_hours(1));
    let hour = std::time::Duration::from_secs(3_600);
    assert!(tokio::time::timeout(hour, sleep).await.is_err());
}

#[tokio::test]
async fn a_manual_clock_wakes_all_who_wait_and_only_when_their_time_has_come() {
    let (clock, hand) = Clock::manual(noon());
    let sleepers: Vec<_> = (1..=10)
        .map(|minutes| {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep(SignedDuration::from_mins(minutes)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    hand.advance(SignedDuration::from_mins(5));
    let (due, waiting) = sleepers.split_at(5);
    until(|| due.iter().all(|sleeper| sleeper.is_finished())).await;
    assert!(!waiting.iter().any(|sleeper| sleeper.is_finished()));
}

#[test]
fn ids_that_are_drawn_by_many_at_once_are_distinct_and_rise_for_each() {
    let (clock, _hand) = Clock::manual(noon());
    let ids = Ids::system(clock);
    let draw = || {
        let ids = ids.clone();
        thread::spawn(move || (0..10_000).map(|_| ids.next()).collect::<Vec<_>>())
    };
    let drawers = [draw(), draw(), draw(), draw()];
    let drawn = drawers.map(|drawer| drawer.join().unwrap());
    assert!(drawn.iter().all(|ids| ids.is_sorted()));
    let distinct: HashSet<_> = drawn.iter().flatten().collect();
    assert_eq!(distinct.len(), 40_000);
}

#[test]
fn an_id_tells_when_it_was_drawn() {
    let (clock, hand) = Clock::manual(noon());
    let ids = Ids::seeded(1, clock);
    for _ in 0..10 {
        hand.advance(SignedDuration::from_millis(7));
        let (seconds, nanoseconds) = ids.next().get_timestamp().unwrap().to_unix();
        let time = Timestamp::new(seconds as i64, nanoseconds as i32).unwrap();
        assert!(time <= noon() + SignedDuration::from_millis(70));
        assert!(time > noon());
    }
}

#[test]
fn chance_stays_below_its_bound_and_differs_from_draw_to_draw() {
    let ids = Ids::system(Clock::system());
    assert_eq!(ids.random_below(0), 0);
    assert_eq!(ids.random_below(1), 0);
    let drawn: HashSet<_> = (0..1_000).map(|_| ids.random_below(10)).collect();
    assert_eq!(drawn.len(), 10);
    assert!(drawn.iter().all(|number| *number < 10));
    assert_ne!(ids.random_bytes::<32>(), ids.random_bytes::<32>());
}
