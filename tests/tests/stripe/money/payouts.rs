//! What a seller is owed and paid.

use tessera_payments::operator::PayoutError;

use super::{balance, statement};
use crate::till::{EARNED, Till};

#[tokio::test]
async fn a_seller_sees_what_is_theirs_and_nobody_else_does() {
    let till = Till::open().await;
    assert_eq!(balance(&till).await, ["none"; 3]);
    till.sold().await;
    till.sold().await;
    assert_eq!(balance(&till).await, ["216.00", "0.00", "0.00"]);
    assert_eq!(statement(&till).await, ["sale 108.00"; 2]);
    let app = &till.market.app;
    for path in ["/api/payments/balance", "/api/payments/statement"] {
        let nobody = app.get(path).send().await;
        assert_eq!(nobody.status, 401, "{path}");
        let buyer = till.get(path, &till.buyer).await;
        assert_eq!(buyer, serde_json::json!([]), "{path}");
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn a_statement_has_pages() {
    let till = Till::open().await;
    for _ in 0..5 {
        till.sold().await;
    }
    let (app, seller) = (&till.market.app, &till.market.seller);
    let mut path = "/api/payments/statement?limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = app.get(&path).by(seller).send().await;
        assert_eq!(page.status, 200, "{}", page.body);
        pages.push(page.body.as_array().unwrap().len());
        match page.header("link").strip_prefix('<') {
            Some(link) => path = link.split('>').next().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    till.assert_sound().await;
}

#[tokio::test]
async fn a_payout_takes_what_is_there_once() {
    let till = Till::open().await;
    till.sold().await;
    let seller = till.market.seller.clone();
    let refused = till.pay_out(&seller, Some("108.01"), "b-1").await;
    assert!(
        matches!(&refused, Err(PayoutError::TooMuch(most)) if most.minor() == EARNED as i64),
        "{refused:?}"
    );
    for text in ["0.00", "-1.00", "1.001"] {
        assert!(till.pay_out(&seller, Some(text), "b-1").await.is_err());
    }
    till.pay_out(&seller, Some("50.00"), "b-1").await.unwrap();
    assert_eq!(balance(&till).await, ["58.00", "0.00", "50.00"]);
    let again = till.pay_out(&seller, Some("50.00"), "b-1").await;
    assert!(
        matches!(&again, Err(PayoutError::Known(reference)) if reference == "b-1"),
        "{again:?}"
    );
    let rest = till.pay_out(&seller, None, "b-2").await.unwrap();
    assert_eq!(rest.minor(), 5_800);
    assert_eq!(balance(&till).await, ["0.00", "0.00", "108.00"]);
    assert!(till.pay_out(&seller, None, "b-3").await.is_err());
    assert!(till.pay_out(&till.buyer, None, "b-4").await.is_err());
    assert_eq!(
        statement(&till).await,
        ["sale 108.00", "payout -50.00", "payout -58.00"]
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn of_many_payouts_at_once_no_more_are_made_than_there_is_money_for() {
    let till = Till::open().await;
    till.sold().await;
    let seller = till.market.seller.clone();
    let references: Vec<String> = (0..16).map(|number| format!("b-{number}")).collect();
    let wishes = references
        .iter()
        .map(|reference| till.pay_out(&seller, Some("20.00"), reference));
    let made = futures_util::future::join_all(wishes).await;
    assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 5);
    assert_eq!(balance(&till).await, ["8.00", "0.00", "100.00"]);
    till.assert_sound().await;
}

#[tokio::test]
async fn a_seller_who_was_paid_owes_what_is_given_back_later() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    let seller = till.market.seller.clone();
    till.pay_out(&seller, None, "b-1").await.unwrap();
    till.give_back(&order, None).await.unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["-108.00", "0.00", "108.00"]);
    assert!(till.pay_out(&seller, None, "b-2").await.is_err());
    // The next sale pays it.
    till.sold().await;
    assert_eq!(balance(&till).await, ["0.00", "0.00", "108.00"]);
    till.assert_sound().await;
}
