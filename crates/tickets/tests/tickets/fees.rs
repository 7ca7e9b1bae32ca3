//! What the marketplace takes, as listings show it and searches reckon with it.

use serde_json::{Value, json};
use tessera_contracts::FeeRate;
use tessera_platform::testing::{TestApp, TestUser};

use crate::stage::{errors, list, offer, with};

/// 2.5 % on top, and 10 % kept.
async fn with_fees() -> (TestApp, TestUser) {
    let app = TestApp::start_with(&[tessera_tickets::DEFINITION], |settings| {
        settings.fees.buyer = FeeRate::new(250).unwrap();
        settings.fees.seller = FeeRate::new(1_000).unwrap();
    })
    .await;
    let seller = app.sign_in();
    (app, seller)
}

/// Price, fee, total and what is kept.
fn amounts(ticket: &Value) -> [&str; 4] {
    ["price", "fee", "total", "sellerFee"].map(|name| ticket[name].as_str().unwrap())
}

#[tokio::test]
async fn every_answer_says_what_a_buyer_pays_and_what_is_kept() {
    let (app, seller) = with_fees().await;
    let listed = list(&app, &seller, offer()).await;
    let expected = ["120.00", "3.00", "123.00", "12.00"];
    assert_eq!(amounts(&listed.body), expected);
    let path = format!("/api/tickets/{}", listed.text("id"));
    assert_eq!(amounts(&app.get(&path).send().await.body), expected);
    let found = app.get("/api/tickets").send().await;
    assert_eq!(amounts(&found.body[0]), expected);
    let edited = app.put(&path, json!({ "price": "0.20" }));
    let edited = edited.by(&seller).send().await;
    assert_eq!(amounts(&edited.body), ["0.20", "0.01", "0.21", "0.02"]);
}

#[tokio::test]
async fn a_search_reckons_with_what_a_buyer_pays() {
    let (app, seller) = with_fees().await;
    // With the fee 99.99 and 100.00.
    for price in ["97.55", "97.56"] {
        list(&app, &seller, with(offer(), json!({ "price": price }))).await;
    }
    for (query, expected) in [
        ("maxPrice=99.98", vec![]),
        ("maxPrice=99.99", vec!["99.99"]),
        ("minPrice=99.99&maxPrice=99.999", vec!["99.99"]),
        ("maxPrice=100", vec!["99.99", "100.00"]),
        ("minPrice=99.991", vec!["100.00"]),
        ("minPrice=100.01", vec![]),
    ] {
        let path = format!("/api/tickets?sort=price&{query}");
        let found = app.get(&path).send().await;
        let rows = found.body.as_array().unwrap();
        let totals: Vec<&str> = rows
            .iter()
            .map(|row| row["total"].as_str().unwrap())
            .collect();
        assert_eq!(totals, expected, "{query}");
    }
}

#[tokio::test]
async fn a_price_that_could_not_be_charged_with_the_fee_is_refused() {
    let (app, seller) = with_fees().await;
    let dear = |price: &str| with(offer(), json!({ "price": price }));
    let refused = app.post("/api/tickets", dear("975609.76")).by(&seller);
    let said = ["price: Price must be at most 975609.75 USD"];
    assert_eq!(errors(&refused.send().await), said);
    let listed = list(&app, &seller, dear("975609.75")).await;
    assert_eq!(listed.text("total"), "999999.99");
    let path = format!("/api/tickets/{}", listed.text("id"));
    let edited = app.put(&path, json!({ "price": "975609.76" }));
    assert_eq!(errors(&edited.by(&seller).send().await), said);
}
