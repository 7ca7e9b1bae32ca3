//! The books beside a gateway that takes back what it seemed to have done.

use tessera_payments::operator;
use tessera_payments::testing::{Call, Fault};
use tessera_platform::params;

use crate::support::{Payments, completed};

/// What is in the accounts, without those that are empty.
async fn ledger(payments: &Payments) -> Vec<String> {
    let totals = operator::totals(payments.app.db("payments")).await.unwrap();
    let filled = totals.iter().filter(|total| total.amount.minor() != 0);
    filled
        .map(|total| format!("{} {}", total.account.as_str(), total.amount.amount()))
        .collect()
}

#[tokio::test]
async fn a_sale_whose_capture_is_refused_after_all_is_undone() {
    let payments = Payments::start().await;
    let (order, payment) = payments.authorized().await;
    payments.app.publish(completed(&order)).await;
    assert_eq!(payments.status(payment).await, "captured");
    assert_eq!(ledger(&payments).await, ["buyer -120.00", "payable 120.00"]);
    // As a comparison leaves it that found the money only held.
    let again = "UPDATE payments SET status = 'authorized', intent = 'capture', intent_at = $2 WHERE id = $1";
    let now = payments.app.clock.now();
    let reopened = payments.app.db("payments").write((), move |tx, ()| {
        Box::pin(async move { tx.execute(again, &params![payment, now]).await })
    });
    assert_eq!(reopened.await.unwrap(), 1);
    payments.faults.plan(Call::Capture, Fault::Refuse);
    payments.pass_millis(1_000).await;
    assert_eq!(payments.status(payment).await, "capture_failed");
    assert_eq!(ledger(&payments).await, Vec::<String>::new());
}
