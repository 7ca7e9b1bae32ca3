//! The end of a session reaches every process of a service, although only one of them takes the event in.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::ids::SessionId;
use tessera_platform::config::Settings;
use tessera_platform::db::{Db, DbError};
use tessera_platform::params;
use tessera_platform::session::{CookieRule, Ended, FollowEnded, Sessions, Verifier, ended};
use tessera_platform::testing::TestApp;
use tessera_platform::worker::{Next, Worker};

use crate::inbox_sessions::GREETER;

/// A second process of the greeter.
struct Other {
    app: TestApp,
    sessions: Sessions,
    follower: FollowEnded,
}

impl Other {
    async fn start() -> Other {
        let app = TestApp::start(&[GREETER]).await;
        let db = app.db("greeter").clone();
        let cookie = CookieRule::for_url(&Settings::for_tests().public_url);
        let (verifier, known) = (Verifier::new(&[]), Ended::load(&db).await.unwrap());
        let sessions = Sessions::new(verifier, known, cookie, app.clock.clone());
        let follower = FollowEnded::new(db, app.clock.clone(), sessions.clone());
        Other {
            app,
            sessions,
            follower,
        }
    }

    fn db(&self) -> &Db {
        self.app.db("greeter")
    }

    /// The first process writes that so many sessions have ended.
    async fn end(&self, count: usize) -> Vec<SessionId> {
        let all: Vec<SessionId> = (0..count).map(|_| self.app.ids.next().into()).collect();
        let until = self.app.clock.now() + SignedDuration::from_hours(24);
        let written = self.db().write(all.clone(), move |tx, all| {
            Box::pin(async move {
                for sid in all {
                    ended::record(tx, *sid, until).await?;
                }
                Ok::<_, DbError>(())
            })
        });
        written.await.unwrap();
        all
    }

    async fn look(&self) {
        assert_eq!(self.follower.run().await.unwrap(), Next::Idle);
    }

    fn knows(&self, all: &[SessionId]) -> bool {
        all.iter().all(|sid| self.sessions.ended().contains(*sid))
    }

    async fn run(&self, sql: &'static str) {
        let done = self.db().write(sql, |tx, sql| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        });
        done.await.unwrap();
    }
}

#[tokio::test]
async fn what_another_process_was_told_is_known_at_the_next_look() {
    let other = Other::start().await;
    other.look().await;
    let ended = other.end(1).await;
    assert!(!other.knows(&ended));
    other.look().await;
    assert!(other.knows(&ended));
}

#[tokio::test]
async fn many_at_once_are_all_known() {
    let other = Other::start().await;
    let ended = other.end(2_100).await;
    other.look().await;
    assert!(other.knows(&ended));
}

#[tokio::test]
async fn one_that_is_committed_late_is_known_all_the_same() {
    let other = Other::start().await;
    other.end(1).await;
    other.look().await;
    let sid = SessionId::from(other.app.ids.next());
    let begun = other.app.clock.now() - SignedDuration::from_secs(59);
    let late = other.db().write((sid, begun), |tx, (sid, begun)| {
        let (sid, begun): (SessionId, Timestamp) = (*sid, *begun);
        let sql = "INSERT INTO ended_sessions (sid, until, seen_at) VALUES ($1, $2, $2)";
        Box::pin(async move { tx.execute(sql, &params![sid, begun]).await })
    });
    late.await.unwrap();
    other.look().await;
    assert!(other.knows(&[sid]));
}

#[tokio::test]
async fn after_a_while_without_its_database_nothing_is_missed() {
    let other = Other::start().await;
    let ended = other.end(3).await;
    other.run("ALTER TABLE ended_sessions RENAME TO away").await;
    other.app.hand.advance(SignedDuration::from_mins(10));
    other.follower.run().await.unwrap_err();
    other.run("ALTER TABLE away RENAME TO ended_sessions").await;
    other.look().await;
    assert!(other.knows(&ended));
}
