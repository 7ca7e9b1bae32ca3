//! The command itself: what it prints, and how it ends.

use tessera_tests::process::{self, said};

use super::Scene;

#[tokio::test]
async fn it_ends_with_0_when_sound_and_with_1_when_broken() {
    let copy = Scene::play().await.copy();
    let sound = process::run(copy.path(), &["check"]);
    assert_eq!(sound.status.code(), Some(0), "{}", said(&sound));
    assert!(
        said(&sound).contains("Sound: nothing is broken."),
        "{}",
        said(&sound)
    );
    copy.damage(
        "tickets",
        "UPDATE tickets SET title = 'Faust' WHERE id = {sold}",
    );
    let broken = process::run(copy.path(), &["check"]);
    assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
    assert!(
        said(&broken).contains("the title of ticket"),
        "{}",
        said(&broken)
    );
}

#[tokio::test]
async fn it_ends_with_2_when_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = process::run(folder.path(), &["check"]);
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
    assert!(
        said(&nothing).contains("holds no database of auth, tickets"),
        "{}",
        said(&nothing)
    );
    let copy = Scene::play().await.copy();
    copy.damage(
        "orders",
        "INSERT INTO migrations VALUES ('orders/9999_later', 'SELECT 1')",
    );
    let newer = process::run(copy.path(), &["check"]);
    assert_eq!(newer.status.code(), Some(2), "{}", said(&newer));
    assert!(said(&newer).contains("another version"), "{}", said(&newer));
}
