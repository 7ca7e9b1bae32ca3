//! The command itself: what it prints, and how it ends.

use std::process::Output;

use tessera_tests::process::{self, said};

use super::scene::{Served, or_skip};

/// Runs `tessera check` on the databases at `url`; nothing moves there.
fn check(url: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = process::command(folder.path(), &["check", "--patience", "0"]);
    command.env("DATABASE_URL", url).output().unwrap()
}

#[tokio::test]
async fn it_ends_with_0_when_sound_and_with_1_when_broken() {
    let scene = or_skip!(Served::play().await);
    let url = scene.url().await;
    let sound = check(&url);
    assert_eq!(sound.status.code(), Some(0), "{}", said(&sound));
    let words = said(&sound);
    assert!(words.contains("Sound: nothing is broken."), "{words}");
    let edit = "UPDATE tickets SET title = 'Faust' WHERE id = {sold}";
    scene.damage("tickets", edit).await;
    let broken = check(&url);
    assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
    let words = said(&broken);
    assert!(words.contains("the title of ticket"), "{words}");
}

#[tokio::test]
async fn it_ends_with_2_when_it_cannot_read() {
    let nobody = format!("postgres://somebody:s3cret@{}", process::free_address());
    let unreachable = check(&nobody);
    assert_eq!(unreachable.status.code(), Some(2), "{}", said(&unreachable));
    let words = said(&unreachable);
    let named = "DATABASE_URL: database gateway: the database cannot be reached";
    assert!(words.contains(named), "{words}");
    assert!(!words.contains("s3cret"), "{words}");
}

#[tokio::test]
async fn it_ends_with_2_when_another_version_made_the_databases() {
    let scene = or_skip!(Served::open().await);
    let later = "INSERT INTO migrations VALUES ('orders/9999_later', 'SELECT 1')";
    let url = scene.url().await;
    scene.damage("orders", later).await;
    let newer = check(&url);
    assert_eq!(newer.status.code(), Some(2), "{}", said(&newer));
    let words = said(&newer);
    assert!(words.contains("DATABASE_URL: database orders: "), "{words}");
    assert!(words.contains("orders/9999_later"), "{words}");
}
