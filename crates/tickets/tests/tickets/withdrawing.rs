//! `DELETE /api/tickets/{id}`

use jiff::SignedDuration;
use tessera_platform::testing::Answer;

use crate::stage::{
    Stage, completed, no_such_ticket, not_signed_in, not_your_ticket, reserved, sold,
};

async fn withdraw(stage: &Stage) -> Answer {
    let call = stage.app.delete(&stage.path());
    call.by(&stage.seller).send().await
}

#[tokio::test]
async fn a_listing_is_withdrawn_once() {
    let stage = Stage::open().await;
    for _ in 0..2 {
        let answer = withdraw(&stage).await;
        assert_eq!(answer.status, 204);
        assert!(answer.body.is_null());
    }
    assert_eq!(stage.news().await, ["v2 withdrawn -"]);
    stage.app.pass(SignedDuration::from_secs(5)).await;
    assert_eq!(stage.count("SELECT count(*) FROM ticket_terms").await, 0);
}

#[tokio::test]
async fn only_its_seller_withdraws_a_ticket() {
    let stage = Stage::open().await;
    let (path, other) = (stage.path(), stage.app.sign_in());
    assert_eq!(
        stage.app.delete(&path).send().await.shown(),
        not_signed_in()
    );
    assert_eq!(
        stage.app.delete(&path).by(&other).send().await.shown(),
        not_your_ticket()
    );
    let path = format!("/api/tickets/{}", stage.app.ids.next());
    assert_eq!(
        stage.app.delete(&path).by(&other).send().await.shown(),
        no_such_ticket()
    );
    assert_eq!(stage.news().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_that_an_order_has_stays() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    assert_eq!(withdraw(&stage).await.shown(), reserved());
    stage.publish(completed(&order)).await;
    assert_eq!(withdraw(&stage).await.shown(), sold());
}

#[tokio::test]
async fn if_match_names_the_version_to_withdraw() {
    let stage = Stage::open().await;
    let path = stage.path();
    let delete = |tag: &str| {
        stage
            .app
            .delete(&path)
            .by(&stage.seller)
            .header("if-match", tag)
            .send()
    };
    assert_eq!(delete("\"2\"").await.status, 412);
    assert_eq!(delete("\"1\"").await.status, 204);
}
