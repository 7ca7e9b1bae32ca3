//! Money that is taken back.

use stripe_double::MovementKind::{Reinstate, Withdraw};
use stripe_double::Verdict;

use crate::wire::wire;

#[tokio::test]
async fn a_dispute_takes_the_money_and_gives_it_back_when_it_is_won() {
    let wire = wire().await;
    for verdict in [Verdict::Won, Verdict::Lost] {
        let id = wire.taken().await;
        let dispute = wire
            .double
            .dispute(&id, "fraudulent")
            .expect("it was taken");
        let dispute = dispute["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1/disputes/{dispute}");
        let open = wire.get(&path).await.ok();
        assert_eq!(
            (open.text("status"), open.text("reason")),
            ("needs_response", "fraudulent")
        );
        assert_eq!(open.body["balance_transactions"][0]["amount"], -10_000);
        assert_eq!(open.body["balance_transactions"][0]["fee"], 1_500);
        wire.post("/v1/refunds", &[("payment_intent", &id)])
            .await
            .is(400, "charge_disputed");

        wire.double
            .close_dispute(&dispute, verdict)
            .expect("it is open");
        assert!(wire.double.close_dispute(&dispute, verdict).is_err());
        let closed = wire.get(&path).await.ok();
        assert_eq!(
            closed.text("status"),
            if verdict == Verdict::Won {
                "won"
            } else {
                "lost"
            }
        );
        let list = wire
            .get(&format!("/v1/disputes?payment_intent={id}"))
            .await
            .ok();
        assert_eq!(list.body["data"][0]["id"], dispute.as_str());
        assert_eq!(
            list.body["data"][0]["balance_transactions"][0]["object"],
            "balance_transaction"
        );
        let charge = wire
            .get(&format!("/v1/charges/{}", closed.text("charge")))
            .await
            .ok();
        assert_eq!(charge.body["disputed"], true);
    }
    let moved: Vec<_> = wire
        .double
        .movements()
        .into_iter()
        .map(|moved| moved.kind)
        .collect();
    assert_eq!(moved.iter().filter(|kind| **kind == Withdraw).count(), 2);
    assert_eq!(moved.iter().filter(|kind| **kind == Reinstate).count(), 1);
    let kinds = wire.kinds();
    for kind in ["created", "funds_withdrawn", "funds_reinstated", "closed"] {
        assert!(kinds.contains(&format!("charge.dispute.{kind}")), "{kind}");
    }
}

#[tokio::test]
async fn there_must_be_something_to_dispute() {
    let wire = wire().await;
    let held = wire.held().await;
    assert!(wire.double.dispute(&held, "fraudulent").is_err());
    assert!(
        wire.double
            .dispute("pi_1", "fraudulent")
            .is_err_and(|refusal| refusal.code == Some("resource_missing"))
    );
}
