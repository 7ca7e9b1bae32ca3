//! Keys, versions and parameters that are wrong.

use stripe_double::VERSION;

use crate::wire::{paying, wire};

#[tokio::test]
async fn only_the_accounts_keys_are_let_in() {
    let wire = wire().await;
    let id = wire.held().await;
    let path = format!("/v1/payment_intents/{id}");
    let ask = async |authorization: &str| {
        let headers = [("authorization", authorization)];
        wire.send("GET", &path, &[], &headers)
            .await
            .expect("an answer")
    };
    // printf sk_test_double: | base64
    ask("Basic c2tfdGVzdF9kb3VibGU6").await.ok();
    ask("Bearer sk_test_other").await.is(401, "");
    ask("Bearer").await.is(401, "");
}

#[tokio::test]
async fn another_version_is_refused() {
    let wire = wire().await;
    let id = wire.held().await;
    let path = format!("/v1/payment_intents/{id}");
    let ask = async |version: &str| {
        let headers = [("stripe-version", version)];
        wire.send("GET", &path, &[], &headers)
            .await
            .expect("an answer")
    };
    assert_eq!(ask(VERSION).await.ok().header("stripe-version"), VERSION);
    let refused = ask("2024-06-20").await.is(400, "");
    assert_eq!(refused.error("type"), "invalid_request_error");
    assert_eq!(wire.double.requests()[1].version.as_deref(), Some(VERSION));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let wire = wire().await;
    let change = |at: usize, name: &'static str, value: &'static str| {
        let mut params = paying("pm_card_visa").to_vec();
        params[at] = (name, value);
        params
    };
    let wrong = [
        (change(0, "sum", "1"), "parameter_missing", "amount"),
        (change(1, "money", "usd"), "parameter_missing", "currency"),
        (change(6, "colour", "red"), "parameter_unknown", "colour"),
        (
            change(6, "payment_method_options[card][cvc]", "1"),
            "parameter_unknown",
            "payment_method_options[card][cvc]",
        ),
        (
            change(0, "amount", "10.5"),
            "parameter_invalid_integer",
            "amount",
        ),
        (change(0, "amount", "49"), "amount_too_small", "amount"),
        (
            change(0, "amount", "100000000"),
            "amount_too_large",
            "amount",
        ),
        (
            change(3, "capture_method", ""),
            "parameter_invalid_empty",
            "capture_method",
        ),
        (change(3, "capture_method", "later"), "", "capture_method"),
        (
            change(2, "confirmation_token", "ctoken_1"),
            "",
            "confirmation_token",
        ),
        (
            change(4, "automatic_payment_methods[enabled]", "true"),
            "",
            "return_url",
        ),
    ];
    for (params, code, param) in wrong {
        let refused = wire
            .post("/v1/payment_intents", &params)
            .await
            .is(400, code);
        assert_eq!(refused.error("type"), "invalid_request_error");
        assert_eq!(refused.error("param"), param, "{}", refused.body);
    }
    assert!(wire.double.intents().is_empty());
}

#[tokio::test]
async fn kinds_of_payment_methods_are_allowed_or_excluded_and_no_longer_named() {
    let wire = wire().await;
    let ask = async |name: &'static str, value: &'static str| {
        let params = [("amount", "500"), ("currency", "usd"), (name, value)];
        wire.post("/v1/payment_intents", &params).await
    };
    let gone = ask("payment_method_types[]", "card").await;
    let gone = gone.is(400, "payment_method_types_no_longer_supported");
    assert_eq!(gone.error("param"), "payment_method_types");
    let allowed = ask("allowed_payment_method_types[]", "card").await.ok();
    assert_eq!(
        allowed.body["payment_method_types"],
        serde_json::json!(["card"])
    );
    assert!(allowed.body["automatic_payment_methods"].is_null());
    let excluded = ask("excluded_payment_method_types[]", "link").await.ok();
    assert_eq!(
        excluded.body["payment_method_types"],
        serde_json::json!(["card"])
    );
    assert_eq!(excluded.body["automatic_payment_methods"]["enabled"], true);
    let dynamic = ask("description", "Hamlet").await.ok();
    assert_eq!(
        dynamic.body["payment_method_types"],
        serde_json::json!(["card", "link"])
    );

    let both = [
        ("amount", "500"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("automatic_payment_methods[enabled]", "true"),
    ];
    wire.post("/v1/payment_intents", &both)
        .await
        .is(400, "parameters_exclusive");
    let none = ask("allowed_payment_method_types[]", "link").await.ok();
    let confirm = format!("/v1/payment_intents/{}/confirm", none.text("id"));
    let refused = wire
        .post(&confirm, &[("payment_method", "pm_card_visa")])
        .await;
    refused.is(400, "payment_intent_incompatible_payment_method");
}

#[tokio::test]
async fn the_methods_of_the_settings_want_a_way_back_unless_none_redirects() {
    let wire = wire().await;
    let params = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method", "pm_card_visa"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    let paid = wire.post("/v1/payment_intents", &params).await.ok();
    assert_eq!(
        paid.body["automatic_payment_methods"]["allow_redirects"],
        "never"
    );
    let mut params = params[..4].to_vec();
    params.push(("return_url", "https://shop.example/back"));
    wire.post("/v1/payment_intents", &params).await.ok();
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let wire = wire().await;
    let paths = [
        "payment_intents/pi_1",
        "charges/ch_1",
        "refunds/re_1",
        "events/evt_1",
        "disputes/du_1",
        "balance_transactions/txn_1",
        "payment_methods/pm_1",
        "confirmation_tokens/ctoken_1",
        "webhook_endpoints/we_1",
    ];
    for path in paths {
        wire.get(&format!("/v1/{path}"))
            .await
            .is(404, "resource_missing");
    }
    wire.pay("pm_1").await.is(404, "resource_missing");
    wire.get("/v1/customers").await.is(404, "");
}

#[tokio::test]
async fn each_answer_has_the_id_of_its_request() {
    let wire = wire().await;
    let paid = wire.pay("pm_card_visa").await.ok();
    let recorded = wire.double.requests();
    assert_eq!(paid.header("request-id"), recorded[0].id);
    assert_eq!(recorded[0].param("metadata[order]"), Some("7"));
    assert_eq!(recorded[0].status, Some(200));
    let created = &wire.double.events()[0];
    assert_eq!(created["request"]["id"], recorded[0].id.as_str());
}
