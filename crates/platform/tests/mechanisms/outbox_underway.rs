//! Batches that are on their way inside one process, beside each other.

use std::sync::Arc;

use jiff::Timestamp;
use tessera_contracts::UserId;
use tessera_platform::bus::Bus;
use tessera_platform::inbox::Inbox;
use tessera_platform::outbox::Relay;
use tessera_platform::params;
use tessera_platform::testing::TestApp;
use tessera_platform::worker::{Next, Worker};

use crate::follower::{FOLLOWER, Follower, SPEAKER, effects, say, somebody, unpublished};
use crate::scratch::{Gate, hold, within};

/// Two followers of one speaker; the second is slow.
struct Stage {
    app: TestApp,
    slow: TestApp,
    relay: Relay,
}

impl Stage {
    async fn set() -> Stage {
        let app = TestApp::start_embedded(&[SPEAKER, FOLLOWER]).await;
        let slow = TestApp::start_embedded(&[FOLLOWER]).await;
        let bus = Bus::embedded();
        for of in [&app, &slow] {
            let (db, clock) = (of.db("follower").clone(), of.clock.clone());
            let inbox = Inbox::new("follower", db, clock, Some(Arc::new(Follower)), None);
            bus.subscribe(Arc::new(inbox));
        }
        let (db, clock) = (app.db("speaker").clone(), app.clock.clone());
        let relay = Relay::new("speaker", db, bus, clock, app.ids.next());
        Stage { app, slow, relay }
    }

    async fn hold(&self) -> Gate {
        hold(self.slow.db("follower")).await
    }

    /// Works until there is nothing to do.
    async fn come_to_rest(&self) {
        within(async { while self.relay.run().await.unwrap() != Next::Idle {} }).await;
    }

    /// The first follower hears of no more than these, however long it is worked.
    async fn stands_at(&self, users: &[UserId]) {
        for _look in 0..20 {
            let heard = self.work(effects(&self.app)).await;
            assert_eq!(heard, users);
        }
    }

    /// Works while `so_long` goes on.
    async fn work<T>(&self, so_long: impl Future<Output = T>) -> T {
        let work = async {
            loop {
                self.relay.run().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            so_long = within(so_long) => so_long,
            () = work => unreachable!("it works for ever"),
        }
    }

    /// The first follower has heard of so many.
    async fn heard_of(&self, count: usize) {
        while effects(&self.app).await.len() < count {
            tokio::task::yield_now().await;
        }
    }

    /// Whether a relay holds the lease.
    async fn is_led(&self) -> bool {
        let sql = "SELECT count(*) FROM relay WHERE held_until > $1";
        let given_back = params![Timestamp::UNIX_EPOCH];
        let held: Option<(i64,)> = self.app.db("speaker").opt(sql, &given_back).await.unwrap();
        held == Some((1,))
    }

    async fn left(&self) {
        while self.is_led().await {
            tokio::task::yield_now().await;
        }
    }

    async fn set_marked(&self, id: uuid::Uuid, is_marked: bool) {
        let sql = if is_marked {
            "UPDATE outbox SET published_at = created_at WHERE id = $1"
        } else {
            "UPDATE outbox SET published_at = NULL WHERE id = $1"
        };
        let marked = self.app.db("speaker").write(id, move |tx, id| {
            Box::pin(async move { tx.execute(sql, &params![*id]).await })
        });
        assert_eq!(marked.await.unwrap(), 1);
    }
}

#[tokio::test]
async fn events_wait_for_no_inbox_that_is_slow_with_those_before_them() {
    let stage = Stage::set().await;
    let users: Vec<_> = (0..3).map(|_| somebody(&stage.app)).collect();
    let held = stage.hold().await;
    let said = async {
        for (before, user) in users.iter().enumerate() {
            say(&stage.app, &[*user]).await;
            stage.heard_of(before + 1).await;
        }
    };
    stage.work(said).await;
    assert_eq!(unpublished(&stage.app).await, 3, "the slow one lacks them");
    held.open();
    stage.come_to_rest().await;
    assert_eq!(effects(&stage.app).await, users);
    assert_eq!(effects(&stage.slow).await, users);
    assert_eq!(unpublished(&stage.app).await, 0);
}

#[tokio::test]
async fn no_more_than_eight_batches_are_on_their_way() {
    let stage = Stage::set().await;
    let users: Vec<_> = (0..10).map(|_| somebody(&stage.app)).collect();
    let held = stage.hold().await;
    let said = async {
        for (before, user) in users.iter().enumerate() {
            say(&stage.app, &[*user]).await;
            stage.heard_of((before + 1).min(8)).await;
        }
    };
    stage.work(said).await;
    stage.stands_at(&users[..8]).await;
    held.open();
    stage.come_to_rest().await;
    assert_eq!(effects(&stage.slow).await, users);
}

#[tokio::test]
async fn behind_many_events_the_next_are_gathered() {
    let stage = Stage::set().await;
    let users: Vec<_> = (0..26).map(|_| somebody(&stage.app)).collect();
    let held = stage.hold().await;
    say(&stage.app, &users[..24]).await;
    stage.work(stage.heard_of(24)).await;
    for user in &users[24..] {
        say(&stage.app, &[*user]).await;
    }
    stage.stands_at(&users[..24]).await;
    held.open();
    stage.come_to_rest().await;
    assert_eq!(effects(&stage.app).await, users);
}

#[tokio::test]
async fn a_relay_that_stops_gives_its_lease_back_while_an_inbox_is_slow() {
    let stage = Stage::set().await;
    let held = stage.hold().await;
    say(&stage.app, &[somebody(&stage.app)]).await;
    stage.work(stage.heard_of(1)).await;
    assert!(stage.is_led().await);
    tokio::select! {
        () = stage.relay.stopped() => panic!("it did not wait for what was on its way"),
        () = within(stage.left()) => {}
    }
    held.open();
}

#[tokio::test]
async fn what_is_older_than_those_on_their_way_comes_at_once_and_what_lies_between_them_after_them()
{
    let stage = Stage::set().await;
    let users: Vec<_> = (0..4).map(|_| somebody(&stage.app)).collect();
    say(&stage.app, &users).await;
    let ids: Vec<_> = stage.app.published("speaker").await;
    let late = [ids[0].id.uuid(), ids[2].id.uuid()];
    // As if they had not been committed yet.
    for id in late {
        stage.set_marked(id, true).await;
    }
    let held = stage.hold().await;
    stage.work(stage.heard_of(2)).await;
    for id in late {
        stage.set_marked(id, false).await;
    }
    say(&stage.app, &[somebody(&stage.app)]).await;
    stage.work(stage.heard_of(4)).await;
    assert!(!effects(&stage.app).await.contains(&users[2]));
    held.open();
    stage.come_to_rest().await;
    assert_eq!(effects(&stage.app).await.last(), Some(&users[2]));
    assert_eq!(unpublished(&stage.app).await, 0);
}
