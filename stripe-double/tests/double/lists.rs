//! Lists, page by page.

use crate::wire::{NOW, Wire, wire};

async fn ids(wire: &Wire, query: &str) -> (Vec<String>, bool) {
    let list = wire.get(&format!("/v1/payment_intents?{query}")).await.ok();
    assert_eq!(
        (list.text("object"), list.text("url")),
        ("list", "/v1/payment_intents")
    );
    let data = list.body["data"].as_array().expect("a list");
    let ids = data
        .iter()
        .map(|intent| intent["id"].as_str().unwrap_or_default().to_owned());
    (ids.collect(), list.body["has_more"] == true)
}

#[tokio::test]
async fn the_newest_comes_first_and_pages_follow_each_other() {
    let wire = wire().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, wire.held().await);
        wire.double.advance(10);
    }
    assert_eq!(ids(&wire, "").await, (made.clone(), false));
    assert_eq!(ids(&wire, "limit=2").await, (made[..2].to_vec(), true));
    let after = format!("limit=2&starting_after={}", made[1]);
    assert_eq!(ids(&wire, &after).await, (made[2..4].to_vec(), true));
    let after = format!("limit=2&starting_after={}", made[3]);
    assert_eq!(ids(&wire, &after).await, (made[4..].to_vec(), false));
    let before = format!("limit=2&ending_before={}", made[3]);
    assert_eq!(ids(&wire, &before).await, (made[1..3].to_vec(), true));

    let since = format!("created[gte]={}", NOW + 30);
    assert_eq!(ids(&wire, &since).await.0, made[..2]);
    let between = format!("created[gt]={NOW}&created[lt]={}", NOW + 20);
    assert_eq!(ids(&wire, &between).await.0, made[3..4]);
    let until = format!("created[lte]={}", NOW + 10);
    assert_eq!(ids(&wire, &until).await.0, made[3..]);
    assert_eq!(ids(&wire, &format!("created={NOW}")).await.0, made[4..]);
}

#[tokio::test]
async fn a_page_has_its_limits() {
    let wire = wire().await;
    for limit in ["0", "101", "ten"] {
        wire.get(&format!("/v1/events?limit={limit}"))
            .await
            .is(400, "parameter_invalid_integer");
    }
    wire.get("/v1/events?starting_after=evt_1")
        .await
        .is(404, "resource_missing");
    wire.get("/v1/events?colour=red")
        .await
        .is(400, "parameter_unknown");
}

#[tokio::test]
async fn events_are_found_by_their_types_and_for_thirty_days() {
    let wire = wire().await;
    wire.taken().await;
    let list = wire
        .get("/v1/events?types[]=charge.captured&types[]=payment_intent.succeeded")
        .await
        .ok();
    let found: Vec<_> = list.body["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert_eq!(found, ["payment_intent.succeeded", "charge.captured"]);
    let first = list.body["data"][0]["id"].as_str().unwrap_or_default();
    let event = wire.get(&format!("/v1/events/{first}")).await.ok();
    assert_eq!(event.text("api_version"), stripe_double::VERSION);
    assert_eq!(event.body["data"]["object"]["object"], "payment_intent");
    let one = wire.get("/v1/events?type=charge.captured").await.ok();
    assert_eq!(one.body["data"].as_array().map(Vec::len), Some(1));
    wire.double.advance(31 * 24 * 60 * 60);
    let list = wire.get("/v1/events?limit=100").await.ok();
    assert_eq!(list.body["data"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn what_a_list_refers_to_can_be_expanded() {
    let wire = wire().await;
    let id = wire.taken().await;
    let list = wire
        .get(&format!(
            "/v1/charges?payment_intent={id}&expand[]=data.balance_transaction"
        ))
        .await
        .ok();
    assert_eq!(list.body["data"][0]["balance_transaction"]["net"], 9_680);
    // Where there is nothing to expand, nothing is.
    let params = [("amount", "500"), ("currency", "usd")];
    wire.post("/v1/payment_intents", &params).await.ok();
    let path = "/v1/payment_intents?expand[]=data.latest_charge.balance_transaction";
    let list = wire.get(path).await.ok();
    assert!(list.body["data"][0]["latest_charge"].is_null());
    let charge = &list.body["data"][1]["latest_charge"];
    assert_eq!(charge["balance_transaction"]["fee"], 320);
}
