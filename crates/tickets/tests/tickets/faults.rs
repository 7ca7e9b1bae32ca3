//! Each consumer run twice, and failing at each of its steps: the effect comes once all the same.

use jiff::SignedDuration;
use tessera_contracts::CancelReason;
use tessera_contracts::events::{EventData, UserState};
use tessera_platform::testing::{forbid, permit};

use crate::stage::{Stage, cancelled, completed, created, expired};

/// One event, and the state of a fresh stage that it comes into.
struct Case {
    stage: Stage,
    event: EventData,
    /// All statements that its consumer runs.
    steps: &'static [(&'static str, &'static str)],
    /// What is published from first to last.
    news: &'static [&'static str],
}

const FIRST: (&str, &str) = ("versions", "INSERT");
const VERSION: (&str, &str) = ("versions", "UPDATE");
const SAVE: (&str, &str) = ("tickets", "UPDATE");
const TELL: (&str, &str) = ("outbox", "INSERT");

async fn locked() -> Case {
    let mut stage = Stage::open().await;
    let event = created(&stage.order("A", 1));
    Case {
        stage,
        event,
        steps: &[FIRST, SAVE, TELL],
        news: &["v2 reserved A"],
    }
}

async fn refused() -> Case {
    let mut stage = Stage::open().await;
    let event = created(&stage.order("A", 0));
    Case {
        stage,
        event,
        steps: &[FIRST, TELL],
        news: &["v1 refused A changed"],
    }
}

async fn waits() -> Case {
    let mut stage = Stage::open().await;
    stage.holder("A").await;
    let event = created(&stage.order("B", 1));
    Case {
        stage,
        event,
        steps: &[FIRST, ("waiting", "INSERT")],
        news: &["v2 reserved A"],
    }
}

async fn released() -> Case {
    let mut stage = Stage::open().await;
    let event = expired(&stage.holder("A").await);
    let news = &["v2 reserved A", "v3 available -"];
    Case {
        stage,
        event,
        steps: &[VERSION, SAVE, TELL],
        news,
    }
}

async fn handed_over() -> Case {
    let mut stage = Stage::open().await;
    let event = expired(&stage.holder("A").await);
    for (name, seen) in [("B", 1), ("C", 0)] {
        let order = stage.order(name, seen);
        stage.publish(created(&order)).await;
    }
    let steps = &[VERSION, SAVE, TELL, ("waiting", "DELETE")];
    let news = &["v2 reserved A", "v3 reserved B", "v3 refused C changed"];
    Case {
        stage,
        event,
        steps,
        news,
    }
}

async fn gave_up_waiting() -> Case {
    let mut stage = Stage::open().await;
    stage.holder("A").await;
    let order = stage.order("B", 1);
    stage.publish(created(&order)).await;
    let steps = &[VERSION, ("waiting", "DELETE")];
    Case {
        stage,
        event: expired(&order),
        steps,
        news: &["v2 reserved A"],
    }
}

async fn sold() -> Case {
    let mut stage = Stage::open().await;
    let event = completed(&stage.holder("A").await);
    let order = stage.order("B", 1);
    stage.publish(created(&order)).await;
    let steps = &[VERSION, SAVE, TELL, ("waiting", "DELETE")];
    let news = &["v2 reserved A", "v3 sold A", "v3 refused B sold"];
    Case {
        stage,
        event,
        steps,
        news,
    }
}

async fn came_back() -> Case {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    stage.publish(completed(&order)).await;
    let event = cancelled(&order, CancelReason::CaptureFailed);
    // Its terms are gone by now.
    let steps = &[VERSION, SAVE, TELL, ("ticket_terms", "INSERT")];
    let news = &["v2 reserved A", "v3 sold A", "v4 available -"];
    Case {
        stage,
        event,
        steps,
        news,
    }
}

async fn seller_gone() -> Case {
    let stage = Stage::open().await;
    let event = EventData::UserDeleted(UserState {
        id: stage.seller.id,
    });
    Case {
        stage,
        event,
        steps: &[("sellers", "INSERT"), ("deleted_users", "INSERT")],
        news: &["v2 withdrawn -"],
    }
}

/// Runs `check` on a fresh stage of each case.
macro_rules! every_case {
    ($check:ident) => {
        $check!(locked);
        $check!(refused);
        $check!(waits);
        $check!(released);
        $check!(handed_over);
        $check!(gave_up_waiting);
        $check!(sold);
        $check!(came_back);
        $check!(seller_gone);
    };
}

#[tokio::test]
async fn every_event_has_its_effect_once() {
    macro_rules! twice {
        ($case:ident) => {{
            let Case {
                stage, event, news, ..
            } = $case().await;
            let event = stage.publish(event).await;
            stage.app.deliver(&[&event, &event]).await;
            stage.app.settle().await;
            // Published again by an operator, after the inbox has forgotten it.
            stage.publish(event.data).await;
            assert_eq!(stage.news().await, news, stringify!($case));
            assert_eq!(stage.dead().await, [""; 0]);
        }};
    }
    every_case!(twice);
}

#[tokio::test]
async fn an_event_that_fails_at_any_step_is_tried_again_and_counts_once() {
    macro_rules! fail {
        ($case:ident) => {{
            let steps = $case().await.steps;
            for (table, operation) in steps {
                let Case {
                    stage, event, news, ..
                } = $case().await;
                let before = (stage.standing().await, stage.waiting().await);
                let (db, told) = (stage.app.db("tickets"), stage.news().await);
                forbid(db, table, operation).await;
                stage.publish(event).await;
                assert_eq!((stage.standing().await, stage.waiting().await), before);
                assert_eq!(stage.news().await, told);
                permit(db, table, operation).await;
                stage.app.pass(SignedDuration::from_secs(1)).await;
                let context = format!("{} {table} {operation}", stringify!($case));
                assert_eq!(stage.news().await, news, "{context}");
                assert_eq!(stage.dead().await, [""; 0], "{context}");
            }
        }};
    }
    every_case!(fail);
}

#[tokio::test]
async fn a_poison_event_does_not_keep_the_others_back() {
    let mut stage = Stage::open().await;
    let (poison, good) = (stage.order("A", 1), stage.order("B", 1));
    let poison = stage.app.event(completed(&poison));
    let good = stage.app.event(created(&good));
    stage.app.deliver(&[&poison, &good]).await;
    assert_eq!(stage.standing().await, "v2 reserved B");
    assert_eq!(stage.dead().await.len(), 1);
}
