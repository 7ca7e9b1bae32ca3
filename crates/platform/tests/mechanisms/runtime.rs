//! A process of services: it has its data directory to itself, starts, works by itself, and stops.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use tempfile::TempDir;
use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::ids::Ids;
use tessera_platform::service::{Definition, Runtime, Setup, StartError};
use tessera_platform::testing::TestApp;
use tessera_platform::worker::Stopper;

use crate::follower::{FOLLOWER, SPEAKER, effects, plan_until, say, somebody, start};
use crate::scratch::{noon, within};

async fn runtime(dir: &Path, services: &[Definition]) -> Result<Runtime, StartError> {
    let (clock, _hand) = Clock::manual(noon());
    let settings = Settings {
        data_dir: dir.to_owned(),
        ..Settings::for_tests()
    };
    let setup = Setup {
        settings: Arc::new(settings),
        ids: Ids::seeded(1, clock.clone()),
        clock,
        bus: None,
    };
    let services: Vec<&Definition> = services.iter().collect();
    Runtime::build(&services, setup, None).await
}

async fn refusal(dir: &Path) -> String {
    match runtime(dir, &[SPEAKER]).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_data_directory_that_another_server_uses_is_refused_by_name() {
    let dir = folder();
    let first = runtime(dir.path(), &[SPEAKER]).await.unwrap();
    let words = format!(
        "DATA_DIR: {} is in use by another server",
        dir.path().display()
    );
    assert_eq!(refusal(dir.path()).await, words);
    drop(first);
    runtime(dir.path(), &[SPEAKER]).await.unwrap();
}

#[tokio::test]
async fn a_data_directory_is_made_where_there_is_none_and_refused_where_it_cannot_be() {
    let dir = folder();
    let deep = dir.path().join("some/where/new");
    drop(runtime(&deep, &[SPEAKER]).await.unwrap());
    assert!(deep.join("speaker.db").is_file());
    let words = refusal(&deep.join("speaker.db")).await;
    assert!(words.starts_with("DATA_DIR: "), "{words}");
    assert!(words.contains("speaker.db"), "{words}");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_by_its_service() {
    let dir = folder();
    std::fs::write(dir.path().join("speaker.db"), "no database ".repeat(100)).unwrap();
    let words = refusal(dir.path()).await;
    let named = "DATA_DIR: the database of speaker: ";
    assert!(words.starts_with(named), "{words}");
}

#[tokio::test]
async fn settling_lets_everything_happen_that_is_due_and_nothing_that_is_not() {
    let app = start().await;
    let users: Vec<_> = (0..1_000).map(|_| somebody(&app)).collect();
    let later = app.clock.now() + jiff::SignedDuration::from_secs(1);
    plan_until(&app, users[500], "put off", Some(later)).await;
    say(&app, &users).await;
    app.settle().await;
    assert_eq!(effects(&app).await.len(), 999);
    app.settle().await;
    assert_eq!(effects(&app).await.len(), 999);
}

/// Waits until the follower has heard of so many users.
async fn heard_of(app: &TestApp, users: usize) {
    within(async {
        while effects(app).await.len() < users {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_started_server_carries_events_by_itself_and_stops_when_it_is_told_to() {
    let app = TestApp::start_embedded(&[SPEAKER, FOLLOWER]).await;
    let (stopper, stop) = Stopper::new();
    let workers = app.runtime.start(&stop);
    assert_eq!(workers.len(), 6, "relay, retries and retention of each");
    for count in 1..=20 {
        say(&app, &[somebody(&app)]).await;
        heard_of(&app, count).await;
    }
    stopper.stop();
    within(workers.join_all()).await;
    say(&app, &[somebody(&app)]).await;
    assert!(heard_of(&app, 21).now_or_never().is_none());
}

#[tokio::test]
async fn what_one_server_left_undone_the_next_one_does() {
    let app = start().await;
    let user = somebody(&app);
    say(&app, &[user]).await;
    let app = app.restart().await;
    assert_eq!(effects(&app).await, []);
    app.settle().await;
    assert_eq!(effects(&app).await, [user]);
}
