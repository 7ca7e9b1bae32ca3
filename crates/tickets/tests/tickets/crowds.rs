//! A market of which almost everything is reserved.

use serde_json::{Value, json};
use tessera_contracts::TicketId;
use tessera_contracts::events::{Event, EventData, OrderState};
use tessera_platform::testing::TestApp;

use crate::stage::{Stage, completed, created, expired, list};

/// More than a list looks at in one go.
const CROWD: usize = 1_010;

/// An order of each of many newer listings, all of which are reserved.
async fn crowd(stage: &mut Stage) -> Vec<OrderState> {
    let mut orders = Vec::new();
    for number in 0..CROWD {
        let offer = json!({ "title": format!("Seat {number}"), "price": "120.00" });
        let mut order = stage.order("A", 1);
        order.ticket.id = list(&stage.app, &stage.seller, offer).await.id();
        orders.push(order);
    }
    deliver(&stage.app, orders.iter().map(created)).await;
    orders
}

async fn deliver(app: &TestApp, data: impl Iterator<Item = EventData>) {
    let events: Vec<Event> = data.map(|data| app.event(data)).collect();
    let events: Vec<&Event> = events.iter().collect();
    app.deliver(&events).await;
    app.settle().await;
}

async fn listed(stage: &Stage, query: &str) -> Vec<TicketId> {
    let page = stage.app.get(&format!("/api/tickets{query}")).send().await;
    let tickets = page.body.as_array().unwrap();
    let id = |ticket: &Value| ticket["id"].as_str().unwrap().parse().unwrap();
    tickets.iter().map(id).collect()
}

async fn aside(stage: &Stage) -> i64 {
    stage
        .count("SELECT count(*) FROM tickets WHERE aside")
        .await
}

#[tokio::test]
async fn what_lists_passed_over_is_set_aside_until_it_is_free_again() {
    let mut stage = Stage::open().await;
    let orders = crowd(&mut stage).await;
    for sort in ["", "?sort=price", "?sort=startsAt", "?limit=1"] {
        assert_eq!(listed(&stage, sort).await, [stage.ticket], "{sort}");
    }
    stage.app.settle().await;
    assert!(aside(&stage).await >= 900);
    assert_eq!(listed(&stage, "").await, [stage.ticket]);
    assert_eq!(
        listed(&stage, "?include=reserved&limit=200").await.len(),
        200
    );

    deliver(&stage.app, orders[..7].iter().map(expired)).await;
    let free = listed(&stage, "").await;
    assert_eq!(free.len(), 8, "seven are for sale again, and the one");
    for order in &orders[..7] {
        assert!(free.contains(&order.ticket.id));
    }
    assert!(aside(&stage).await >= 893);
    // What is sold does not come back.
    deliver(&stage.app, orders[7..9].iter().map(completed)).await;
    assert_eq!(listed(&stage, "").await.len(), 8);
    assert_eq!(stage.app.failed("tickets").await, 0);
}
