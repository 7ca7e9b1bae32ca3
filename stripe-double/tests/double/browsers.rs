//! What a page can ask with the publishable key, and what it gets.

use crate::wire::wire;

const CARD: [(&str, &str); 5] = [
    ("payment_method_data[type]", "card"),
    ("payment_method_data[card][number]", "4242424242424242"),
    ("payment_method_data[card][exp_month]", "12"),
    ("payment_method_data[card][exp_year]", "34"),
    ("payment_method_data[card][cvc]", "123"),
];

#[tokio::test]
async fn a_page_makes_a_confirmation_token_and_its_server_uses_it_once() {
    let wire = wire().await;
    let token = wire
        .as_page("POST", "/v1/confirmation_tokens", &CARD)
        .await
        .ok();
    assert_eq!(
        token.body["payment_method_preview"]["card"]["last4"],
        "4242"
    );
    let id = token.text("id").to_owned();
    let params = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("capture_method", "manual"),
        ("allowed_payment_method_types[]", "card"),
        ("confirmation_token", id.as_str()),
        ("use_stripe_sdk", "true"),
    ];
    let intent = wire.post("/v1/payment_intents", &params).await.ok();
    assert_eq!(intent.text("status"), "requires_capture");
    let used = wire
        .get(&format!("/v1/confirmation_tokens/{id}"))
        .await
        .ok();
    assert_eq!(used.text("payment_intent"), intent.text("id"));
    wire.post("/v1/payment_intents", &params).await.is(400, "");
    assert_eq!(wire.double.intents().len(), 1);
    assert!(wire.double.requests()[0].is_publishable);
}

#[tokio::test]
async fn a_test_makes_a_confirmation_token_and_it_lasts_twelve_hours() {
    let wire = wire().await;
    let params = [
        ("payment_method", "pm_card_threeDSecure2Required"),
        ("return_url", "https://shop.example/"),
    ];
    let token = wire
        .post("/v1/test_helpers/confirmation_tokens", &params)
        .await
        .ok();
    let paying = [
        ("amount", "10000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("confirmation_token", token.text("id")),
    ];
    wire.double.advance(12 * 60 * 60);
    wire.post("/v1/payment_intents", &paying).await.is(400, "");
    let token = wire
        .post("/v1/test_helpers/confirmation_tokens", &params)
        .await
        .ok();
    let paying = [
        paying[0],
        paying[1],
        paying[2],
        ("confirmation_token", token.text("id")),
    ];
    let intent = wire.post("/v1/payment_intents", &paying).await.ok();
    // Its page does the next step, although there is a return_url.
    assert_eq!(intent.body["next_action"]["type"], "use_stripe_sdk");
}

#[tokio::test]
async fn a_page_sees_and_confirms_what_it_has_the_client_secret_of() {
    let wire = wire().await;
    let params = [
        ("amount", "500"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("metadata[order]", "7"),
    ];
    let intent = wire.post("/v1/payment_intents", &params).await.ok();
    let (path, secret) = (
        format!("/v1/payment_intents/{}", intent.text("id")),
        intent.text("client_secret"),
    );
    let seen = wire
        .as_page("GET", &format!("{path}?client_secret={secret}"), &[])
        .await
        .ok();
    assert_eq!(seen.text("status"), "requires_payment_method");
    assert!(seen.body.get("metadata").is_none());
    wire.as_page("GET", &path, &[])
        .await
        .is(401, "secret_key_required");
    let wrong = wire
        .as_page("GET", &format!("{path}?client_secret=pi_1_secret_2"), &[])
        .await;
    wrong.is(400, "payment_intent_invalid_parameter");

    let mut confirm = CARD.to_vec();
    confirm.push(("client_secret", secret));
    let paid = wire
        .as_page("POST", &format!("{path}/confirm"), &confirm)
        .await
        .ok();
    assert_eq!(paid.text("status"), "succeeded");
    // The secret is stale now: it charges nothing more.
    let again = wire
        .as_page("POST", &format!("{path}/confirm"), &confirm)
        .await;
    again.is(400, "payment_intent_unexpected_state");
}

#[tokio::test]
async fn a_page_can_do_nothing_else() {
    let wire = wire().await;
    let id = wire.held().await;
    for (method, path) in [
        ("POST", "/v1/payment_intents".to_owned()),
        ("GET", "/v1/payment_intents".to_owned()),
        ("POST", format!("/v1/payment_intents/{id}/capture")),
        ("POST", format!("/v1/payment_intents/{id}/cancel")),
        ("POST", "/v1/refunds".to_owned()),
        ("GET", "/v1/events".to_owned()),
    ] {
        wire.as_page(method, &path, &[])
            .await
            .is(401, "secret_key_required");
    }
}

#[tokio::test]
async fn scripts_and_frames_are_served_to_pages_of_other_origins() {
    let wire = wire().await;
    let assets = [
        ("stripe.js", "text/javascript"),
        ("element.html", "text/html"),
        ("element.js", "text/javascript"),
        ("action.html", "text/html"),
        ("action.js", "text/javascript"),
        ("frame.css", "text/css"),
    ];
    for (name, kind) in assets {
        let asset = wire.get(&format!("/double/{name}")).await;
        assert_eq!(asset.status, 200, "{name}");
        assert!(asset.header("content-type").starts_with(kind), "{name}");
        assert!(
            !asset.header("content-security-policy").contains("unsafe"),
            "{name}"
        );
    }
    let asked = [
        ("origin", "https://shop.example"),
        ("access-control-request-headers", "authorization"),
    ];
    let preflight = wire
        .send("OPTIONS", "/v1/confirmation_tokens", &[], &asked)
        .await
        .expect("an answer");
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        "authorization"
    );
    assert!(wire.double.requests().is_empty());
}
