//! Whether somebody who guesses at sign-in learns who has an account: by what is answered, or by how long that takes.
//!
//! It measures the real program over a real connection, as a stranger would. That a taken address is told at sign-up is
//! promised, and is not looked at here.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::process::Server;

use crate::ranks::{Compared, compare};
use crate::wire::{Asked, Wire};

/// So many sign-ins of each kind are compared at once.
const PAIRS: usize = 60;

/// A machine with two cores has other things to do, and may hold up one kind for a while although both take turns. That
/// passes; a hash that is not made is missing every time. So only what is seen in all rounds, in the same direction, is
/// believed: kinds that are alike are ranked so by chance once in a thousand rounds, and hardly ever three times in a row.
const ROUNDS: usize = 3;

const KNOWN: &str = "ada@example.com";

#[tokio::test]
async fn a_wrong_password_takes_as_long_whether_or_not_there_is_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    Client::new(&server.url).sign_up(KNOWN).await;
    let wire = Wire::to(&server.url);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let compared = measure(&wire, round).await;
        println!("sign-in, known and unknown, in µs: {compared:?}");
        if !compared.tells() {
            return;
        }
        rounds.push(compared);
    }
    let slower = rounds.iter().filter(|round| round.dominance > 0).count();
    let is_of_one_mind = slower == 0 || slower == ROUNDS;
    assert!(
        !is_of_one_mind,
        "the time tells who has an account: {rounds:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_answered_alike_whether_or_not_there_is_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    Client::new(&server.url).sign_up(KNOWN).await;
    let wire = Wire::to(&server.url);
    let known = wire.send(&guess(KNOWN)).await;
    assert_eq!(known.status, 401, "{known:?}");
    let unknown = wire.send(&guess("nobody@example.com")).await;
    assert_eq!(known.told(), unknown.told());
}

/// Signs in with a wrong password, by turns as somebody who has an account and as somebody who has none: which of the two
/// is first is drawn, so that neither always follows the other.
async fn measure(wire: &Wire, round: usize) -> Compared {
    let mut chance = StdRng::seed_from_u64(round as u64);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // The first ones open the connection, and fill caches.
    for address in [KNOWN, "nobody@example.com"] {
        time(wire, address).await;
    }
    for pair in 0..PAIRS {
        let nobody = format!("nobody-{round}-{pair}@example.com");
        if chance.random() {
            known.push(time(wire, KNOWN).await);
            unknown.push(time(wire, &nobody).await);
        } else {
            unknown.push(time(wire, &nobody).await);
            known.push(time(wire, KNOWN).await);
        }
    }
    compare(&known, &unknown)
}

/// How long an answer takes, in microseconds.
async fn time(wire: &Wire, email: &str) -> u64 {
    let asked = guess(email);
    let begun = now();
    let seen = wire.send(&asked).await;
    let taken = now().duration_since(begun);
    assert_eq!(seen.status, 401, "{seen:?}");
    u64::try_from(taken.as_micros()).unwrap()
}

fn guess(email: &str) -> Asked {
    let body = json!({ "email": email, "password": "wrong horse" });
    Asked::new("POST /api/users/signin").json(body)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is the time of the machine"
)]
fn now() -> Instant {
    Instant::now()
}
