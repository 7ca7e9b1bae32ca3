//! Every event that orders follows, failing at each statement in turn: nothing of the failed run
//! stays, and the next one has the whole effect, once.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use tessera_contracts::events::{EventData, TicketRefused, TicketState, UserState};
use tessera_contracts::{OrderId, PaymentStatus, RefusalReason};
use tessera_platform::testing::{forbid, permit};

use crate::support::{Orders, ticket};

type Statement = (&'static str, &'static str);

/// Every statement that changes anything here, tried with every event. The relay's own, which marks
/// what is published, is none of them.
const STATEMENTS: [Statement; 9] = [
    COPY,
    RENEW,
    ("tickets", "DELETE"),
    LEAVE,
    GONE,
    ("orders", "INSERT"),
    MOVE,
    ("orders", "DELETE"),
    TELL,
];

const COPY: Statement = ("tickets", "INSERT");
/// An upsert that finds a row: SQLite asks the triggers of both.
const RENEW: Statement = ("tickets", "UPDATE");
const MOVE: Statement = ("orders", "UPDATE");
const LEAVE: Statement = ("buyers", "INSERT");
/// The same upsert, as it finds a row.
const GONE: Statement = ("buyers", "UPDATE");
const TELL: Statement = ("outbox", "INSERT");

/// What there is when the event comes, besides one ticket.
#[derive(Clone, Copy)]
enum Scene {
    Created,
    AwaitingPayment,
    Complete,
    /// One order that is paid, and two of the same buyer that are not.
    OnePaidTwoNot,
}

struct Case {
    name: &'static str,
    scene: Scene,
    /// The event, about the order of the scene.
    event: fn(&Orders, OrderId) -> EventData,
    /// The statements that its consumer runs.
    steps: &'static [Statement],
    /// All that orders keeps and has told when the event has had its effect.
    then: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "a ticket is listed",
        scene: Scene::Created,
        event: |orders, _| EventData::TicketCreated(ticket(&orders.app, &orders.seller)),
        steps: &[COPY],
        then: &[
            "ticket v0 available",
            "ticket v0 available",
            "order v0 created",
            "told order:created",
        ],
    },
    Case {
        name: "a ticket is edited",
        scene: Scene::Created,
        event: |orders, _| {
            EventData::TicketUpdated(TicketState {
                version: 1,
                ..orders.ticket.clone()
            })
        },
        steps: &[COPY, RENEW],
        then: &[
            "ticket v1 available",
            "order v0 created",
            "told order:created",
        ],
    },
    Case {
        name: "a ticket is locked",
        scene: Scene::Created,
        event: Orders::locked,
        steps: &[COPY, RENEW, MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "order v1 awaiting:payment",
            "told order:created",
            "told order:updated",
        ],
    },
    Case {
        name: "a lock is refused",
        scene: Scene::Created,
        event: |orders, order| {
            EventData::TicketRefused(TicketRefused {
                id: orders.ticket.id,
                version: 1,
                order_id: order,
                reason: RefusalReason::Changed,
            })
        },
        steps: &[MOVE, TELL],
        then: &[
            "ticket v0 available",
            "order v1 cancelled ticket_changed",
            "told order:created",
            "told order:cancelled",
        ],
    },
    Case {
        name: "the deadline has come",
        scene: Scene::AwaitingPayment,
        event: |orders, order| {
            orders.app.hand.advance(SignedDuration::from_mins(15));
            orders.nudge(order)
        },
        steps: &[MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "order v2 cancelled expired",
            "told order:created",
            "told order:updated",
            "told order:cancelled",
        ],
    },
    Case {
        name: "the card is authorized",
        scene: Scene::AwaitingPayment,
        event: |orders, order| {
            EventData::PaymentCreated(orders.payment(order, PaymentStatus::Authorized))
        },
        steps: &[MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "order v2 complete",
            "told order:created",
            "told order:updated",
            "told order:completed",
        ],
    },
    Case {
        name: "the last attempt is declined",
        scene: Scene::AwaitingPayment,
        event: |orders, order| {
            EventData::PaymentFailed(orders.payment(order, PaymentStatus::Declined))
        },
        steps: &[MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "order v2 cancelled payment_failed",
            "told order:created",
            "told order:updated",
            "told order:cancelled",
        ],
    },
    Case {
        name: "the capture is refused",
        scene: Scene::Complete,
        event: |orders, order| {
            EventData::PaymentFailed(orders.payment(order, PaymentStatus::CaptureFailed))
        },
        steps: &[MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "order v3 cancelled capture_failed",
            "told order:created",
            "told order:updated",
            "told order:completed",
            "told order:cancelled",
        ],
    },
    Case {
        name: "the buyer's account is deleted",
        scene: Scene::OnePaidTwoNot,
        event: |orders, _| {
            EventData::UserDeleted(UserState {
                id: orders.buyer.id,
            })
        },
        steps: &[LEAVE, GONE, MOVE, TELL],
        then: &[
            "ticket v1 reserved",
            "ticket v0 available",
            "ticket v0 available",
            "order v2 complete",
            "order v1 cancelled account_deleted",
            "order v1 cancelled account_deleted",
            "told order:created",
            "told order:updated",
            "told order:completed",
            "told order:created",
            "told order:created",
            "told order:cancelled",
            "told order:cancelled",
        ],
    },
];

impl Scene {
    async fn open(self) -> (Orders, OrderId) {
        let orders = Orders::start().await;
        let order = match self {
            Scene::Created => orders.reserve().await.id(),
            Scene::AwaitingPayment => orders.awaiting_payment().await,
            Scene::Complete => orders.complete().await,
            Scene::OnePaidTwoNot => {
                let paid = orders.complete().await;
                for _ in 0..2 {
                    let ticket = orders.another_ticket().await;
                    let unpaid = orders.reserve_by(&orders.buyer, ticket).await;
                    assert_eq!(unpaid.status, 201, "{}", unpaid.body);
                }
                paid
            }
        };
        (orders, order)
    }
}

/// All that orders keeps and has told, a line each.
async fn ledger(orders: &Orders) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [
        "SELECT 'ticket v' || version || ' ' || status FROM tickets ORDER BY id",
        "SELECT 'order v' || version || ' ' || status || coalesce(' ' || cancel_reason, '')
            FROM orders ORDER BY id",
        "SELECT 'told ' || type FROM outbox ORDER BY id",
        "SELECT 'dead: ' || error FROM inbox WHERE state = 'dead' ORDER BY event_id",
    ] {
        let rows: Vec<(String,)> = orders.app.db("orders").list(sql, &[]).await.unwrap();
        lines.extend(rows.into_iter().map(|(line,)| line));
    }
    lines
}

#[tokio::test]
async fn an_event_that_fails_at_any_step_is_tried_again_and_counts_once() {
    for case in CASES {
        let mut failed = Vec::new();
        for statement @ (table, operation) in STATEMENTS {
            let context = format!("{}: {operation} on {table}", case.name);
            let (orders, order) = case.scene.open().await;
            let event = (case.event)(&orders, order);
            let (db, before) = (orders.app.db("orders"), ledger(&orders).await);
            forbid(db, table, operation).await;
            let event = orders.app.publish(event).await;
            if ledger(&orders).await == before {
                failed.push(statement);
            }
            permit(db, table, operation).await;
            orders.app.pass(SignedDuration::from_secs(1)).await;
            assert_eq!(ledger(&orders).await, case.then, "{context}");
            orders.app.deliver(&[&event]).await;
            orders.app.settle().await;
            assert_eq!(ledger(&orders).await, case.then, "{context}, told again");
        }
        assert_eq!(failed, case.steps, "{}", case.name);
    }
}

#[tokio::test]
async fn no_event_that_orders_follows_is_left_out() {
    let (orders, order) = Scene::Created.open().await;
    let mut services = orders.app.runtime.services();
    let (_, follows) = services.find(|(name, _)| *name == "orders").unwrap();
    let follows = follows.iter().map(|kind| kind.name());
    // The end of a session is the platform's business.
    let follows: BTreeSet<_> = follows.filter(|name| *name != "session:ended").collect();
    let tried = CASES.iter().map(|case| (case.event)(&orders, order));
    let tried: BTreeSet<_> = tried.map(|event| event.event_type().name()).collect();
    assert_eq!(tried, follows);
}
