//! What the marketplace takes, as orders fixes it and tells it.

use serde_json::{Value, json};
use tessera_contracts::events::EventData;
use tessera_contracts::{Amount, FeeRate};
use tessera_platform::testing::TestApp;

use crate::support::Orders;

/// 2.5 % on top, and 10 % kept.
async fn with_fees() -> Orders {
    let app = TestApp::start_with(&[tessera_orders::DEFINITION], |settings| {
        settings.fees.buyer = FeeRate::new(250).unwrap();
        settings.fees.seller = FeeRate::new(1_000).unwrap();
    });
    Orders::with(app.await).await
}

#[tokio::test]
async fn what_is_paid_and_what_is_kept_are_fixed_when_reserving() {
    let orders = with_fees().await;
    let reserved = orders.reserve().await;
    let amounts = ["price", "fee", "total"].map(|name| reserved.text(name));
    assert_eq!(amounts, ["120.00", "3.00", "123.00"]);
    assert_eq!(
        reserved.body.get("sellerFee"),
        None,
        "it is no affair of the buyer's"
    );
    let events = orders.app.published("orders").await;
    let EventData::OrderCreated(told) = &events[0].data else {
        panic!("{events:?}");
    };
    assert_eq!(told.total.as_str(), "123.00");
    assert_eq!(told.seller_fee.as_ref().map(Amount::as_str), Some("12.00"));
    let shown = orders.show(reserved.id()).await;
    assert_eq!(shown.text("total"), "123.00");
}

#[tokio::test]
async fn the_total_that_a_buyer_saw_counts_as_the_price_does() {
    let orders = with_fees().await;
    let reserve = async |wish: Value| {
        let mut body = json!({ "ticketId": orders.ticket.id });
        for (name, value) in wish.as_object().unwrap() {
            body[name] = value.clone();
        }
        let call = orders.app.post("/api/orders", body);
        call.by(&orders.buyer).send().await
    };
    for wish in [
        json!({ "total": "120.00" }),
        json!({ "total": 123.01 }),
        json!({ "price": "123.00", "total": "123.00" }),
    ] {
        let refused = reserve(wish).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text("code").as_str()),
            (409, "price_changed")
        );
    }
    let wrong = reserve(json!({ "total": "a lot" })).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.body["errors"][0]["field"], "total");
    let reserved = reserve(json!({ "price": 120, "total": "123.0" })).await;
    assert_eq!(reserved.status, 201, "{}", reserved.body);
}
