//! What Stripe tells of its own accord: whether it is really Stripe, and that it matters neither when it is told, nor how
//! often, nor whether at all.

mod ways;

use serde_json::{Value, json};
use stripe_double::signature;
use tessera_platform::config::Secret;

use crate::till::Till;

const PATH: &str = "/api/payments/webhooks/stripe";

/// What is sent, and how it is signed.
struct Letter {
    body: String,
    header: Option<String>,
}

impl Letter {
    fn about(kind: &str, object: &Value) -> Letter {
        let event = json!({ "id": "evt_1", "type": kind, "data": { "object": object } });
        Letter {
            body: event.to_string(),
            header: None,
        }
    }

    /// Signed with this secret, so many seconds from now.
    fn signed(self, till: &Till, secret: &str, ahead: i64) -> Letter {
        let at = till.market.app.clock.now().as_second() + ahead;
        let header = signature(&[secret.to_owned()], at, &self.body);
        Letter {
            header: Some(header),
            ..self
        }
    }

    async fn send(&self, till: &Till) -> u16 {
        let url = till.url(PATH);
        let mut request = reqwest::Client::new().post(url).body(self.body.clone());
        if let Some(header) = &self.header {
            request = request.header("stripe-signature", header);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

fn letter() -> Letter {
    Letter::about("payment_intent.succeeded", &json!({ "id": "pi_1" }))
}

async fn noted(till: &Till) -> i64 {
    till.count("SELECT count(*) FROM hints").await
}

#[tokio::test]
async fn what_is_not_signed_by_stripe_is_refused_and_not_noted() {
    let till = Till::open().await;
    let secret = till.secret.clone();
    let good = || letter().signed(&till, &secret, 0);
    let forged = [
        letter(),
        letter().signed(&till, "whsec_of_somebody_else", 0),
        Letter {
            body: good().body.replace("pi_1", "pi_2"),
            ..good()
        },
        Letter {
            header: good().header.map(|header| header.replace("v1=", "v0=")),
            ..good()
        },
        Letter {
            header: Some(String::new()),
            ..good()
        },
        letter().signed(&till, &secret, 301),
        letter().signed(&till, &secret, -301),
    ];
    for forged in forged {
        assert_eq!(forged.send(&till).await, 400, "{:?}", forged.header);
    }
    assert_eq!(noted(&till).await, 0);
    for ahead in [300, -300] {
        let event = Letter {
            body: letter().body.replace("evt_1", &format!("evt_{ahead}")),
            header: None,
        };
        assert_eq!(event.signed(&till, &secret, ahead).send(&till).await, 200);
    }
    assert_eq!(noted(&till).await, 2);
    till.settle().await;
    till.assert_sound().await;
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_count() {
    let till = Till::open_with(|settings| {
        let stripe = settings.stripe.as_mut().unwrap();
        stripe.webhook_secrets.push(Secret::new("whsec_next"));
    })
    .await;
    let first = letter().signed(&till, &till.secret, 0);
    assert_eq!(first.send(&till).await, 200);
    assert_eq!(
        letter().signed(&till, "whsec_next", 0).send(&till).await,
        200
    );
    assert_eq!(
        letter().signed(&till, "whsec_last", 0).send(&till).await,
        400
    );
    // One of two signatures is enough, as Stripe sends them then.
    till.stripe.webhooks().rotate(&till.endpoint).unwrap();
    till.sold().await;
    let sent = till.stripe.webhooks().sent();
    assert!(!sent.is_empty() && sent.iter().all(|one| one.status == Some(200)));
    till.assert_sound().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_believed_and_everything_is_paid_all_the_same() {
    let till = Till::open_with(|settings| {
        settings.stripe.as_mut().unwrap().webhook_secrets.clear();
    })
    .await;
    let signed = letter().signed(&till, &till.secret, 0);
    assert_eq!(signed.send(&till).await, 400);
    assert_eq!(letter().signed(&till, "", 0).send(&till).await, 400);
    till.sold().await;
    assert_eq!(noted(&till).await, 0);
    till.assert_sound().await;
}

#[tokio::test]
async fn what_is_of_no_concern_is_taken_and_nothing_happens() {
    let till = Till::open().await;
    let key = till.stripe.secret_key().to_owned();
    let foreign = [
        ("amount", "5000"),
        ("currency", "usd"),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("allowed_payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
    ];
    // Made by another program of the same account: its hold is its own affair.
    let (status, made) = till.ask_stripe("/v1/payment_intents", &foreign, &key).await;
    assert_eq!(status, 200, "{made}");
    let webhooks = till.stripe.webhooks();
    let objects = [
        ("payment_intent.succeeded", json!({ "id": "pi_nobody" })),
        ("charge.dispute.created", json!({ "id": "du_nobody" })),
        ("refund.failed", json!({ "id": "re_nobody" })),
        ("charge.refunded", json!({ "id": "ch_1" })),
        ("balance.available", json!({ "object": "balance" })),
        ("something.new", json!({ "payment_intent": { "a": 1 } })),
        ("something.newer", json!({ "id": 7 })),
        ("something.odd", json!("text")),
        ("something.odder", json!(null)),
    ];
    for (kind, object) in objects {
        webhooks.emit(kind, object);
    }
    let thin = Letter {
        body: json!({ "id": "evt_thin", "type": "v2.core.event_destination.ping" }).to_string(),
        header: None,
    };
    let thin = thin.signed(&till, &till.secret, 0);
    assert_eq!(thin.send(&till).await, 200);
    till.recover().await;
    let sent = webhooks.sent();
    let refused: Vec<_> = sent.iter().filter(|one| one.status != Some(200)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(till.stripe.intents()[0]["status"], "requires_capture");
    assert_eq!(till.count("SELECT count(*) FROM payments").await, 0);
    assert_eq!(
        till.count("SELECT count(*) FROM hints WHERE due_at IS NOT NULL")
            .await,
        0
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn what_was_told_is_forgotten_after_a_month() {
    let till = Till::open().await;
    till.sold().await;
    assert!(noted(&till).await > 3);
    till.pass(29 * 24 * 60 * 60).await;
    till.sold().await;
    let after_a_month = noted(&till).await;
    assert!(after_a_month > 6);
    till.pass(2 * 24 * 60 * 60).await;
    till.sold().await;
    till.settle().await;
    assert!(noted(&till).await < 2 * after_a_month);
    till.assert_sound().await;
}

#[tokio::test]
async fn a_body_that_is_far_too_long_is_refused() {
    let till = Till::open().await;
    let letter = Letter {
        body: " ".repeat(8 << 20),
        header: Some("t=1,v1=00".to_owned()),
    };
    assert!([400, 413].contains(&letter.send(&till).await));
    till.assert_sound().await;
}
