//! One's password, sessions and data, and the end of it all.

use serde_json::Value;

use crate::stage::{Stage, list, pay, reserve, until};

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_not_this_one() {
    let stage = Stage::open().await;
    let (here, elsewhere) = (stage.person("ada").await, stage.anyone());
    let fields = [("email", "ada@example.com"), ("password", "correct horse")];
    assert_eq!(elsewhere.post("/auth/signin", &fields).await.status, 303);
    let change = |current, new| [("current", current), ("new", new), ("do", "password")];
    let wrong = here
        .post("/account", &change("wrong horse", "battery staple"))
        .await;
    wrong.says(401, "This is not your password.");
    here.post("/account", &change("correct horse", "short"))
        .await
        .says(400, "A password has 8 to 128 characters.");
    let changed = here
        .post("/account", &change("correct horse", "battery staple"))
        .await;
    assert_eq!(
        (changed.status, changed.location.as_str()),
        (303, "/account?changed")
    );
    here.get("/account?changed")
        .await
        .says(200, "Your password is changed");
    assert_eq!(elsewhere.get("/account").await.status, 303);
    let everywhere = here.post("/account", &[("do", "everywhere")]).await;
    assert_eq!(everywhere.location, "/auth/signin?why=signed_out");
    assert_eq!(here.get("/account").await.status, 303);
}

#[tokio::test]
async fn ones_data_is_one_file_and_an_account_ends_with_its_password() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Lulu").await;
    let buyer = stage.person("grace").await;
    let order = reserve(&buyer, &ticket).await;
    pay(&buyer, &order, "tok_visa").await;
    until(&buyer, &order, "Paid on").await;
    let own = list(&buyer, "Wozzeck").await;

    let file = buyer.get("/account/data").await;
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"tessera.json\""
    );
    let all: Value = serde_json::from_str(&file.html).unwrap();
    assert_eq!(all["account"]["email"], "grace@example.com");
    assert_eq!(all["listings"][0]["title"], "Wozzeck");
    assert_eq!(all["orders"][0]["ticket"]["title"], "Lulu");
    assert_eq!(all["payments"][0]["status"], "captured");
    assert_eq!(all["statement"], Value::Array(Vec::new()));
    let sold = seller.get("/account/data").await;
    let sold: Value = serde_json::from_str(&sold.html).unwrap();
    assert_eq!(sold["statement"][0]["kind"], "sale");
    assert_eq!(sold["statement"][0]["title"], "Lulu");

    buyer
        .post("/account", &[("password", "wrong horse"), ("do", "delete")])
        .await
        .says(401, "This is not your password.");
    let gone = buyer
        .post(
            "/account",
            &[("password", "correct horse"), ("do", "delete")],
        )
        .await;
    assert_eq!(gone.location, "/auth/signin?why=deleted");
    assert_eq!(buyer.token(), None);
    buyer.visit("/account").await.says(200, "Sign in");
    until(&stage.anyone(), &own, "This ticket is no longer for sale.").await;
}
