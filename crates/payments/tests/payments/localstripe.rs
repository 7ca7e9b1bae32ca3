//! Our client of Stripe against localstripe, a double by people who never saw ours: what both understand alike is not only
//! our own reading of Stripe's documents.
//!
//! It needs that server: `cargo xtask test --only stripe` brings it, and runs these.

use std::time::Duration;

use serde_json::Value;
use tessera_contracts::{Money, PaymentId};
use tessera_payments::gateway::stripe::Stripe;
use tessera_payments::gateway::{
    Authorization, Authorize, Gateway, GatewayError, GatewayId, Refund, Released, Settle, Standing,
    Token,
};
use tessera_platform::clock::Clock;
use tessera_platform::config::{Secret, StripeSettings};
use tessera_platform::ids::Ids;
use uuid::Uuid;

const KEY: &str = "sk_test_fictional";

/// Our client, and what it is to do there.
struct Account {
    stripe: Stripe,
    base: String,
    ids: Ids,
    clock: Clock,
}

impl Account {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one who starts the server says where it is"
    )]
    fn open() -> Account {
        let base = std::env::var("LOCALSTRIPE").expect("LOCALSTRIPE is the address of one");
        let clock = Clock::system();
        let settings = StripeSettings {
            key: Secret::new(KEY),
            webhook_secrets: Vec::new(),
            api_base: base.parse().unwrap(),
            answer_within: Duration::from_secs(8),
        };
        Account {
            stripe: Stripe::new(&settings, clock.clone()).unwrap(),
            base,
            ids: Ids::system(clock.clone()),
            clock,
        }
    }

    /// A card of this number, as a page would hand it to Stripe.
    async fn card(&self, number: &str) -> String {
        let form = format!(
            "type=card&card[number]={number}&card[exp_month]=12&card[exp_year]=2035&card[cvc]=123"
        );
        self.post("/v1/payment_methods", form).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn post(&self, path: &str, form: String) -> Value {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.base))
            .bearer_auth(KEY)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    async fn wish(&self, number: &str) -> Authorize {
        Authorize {
            key: self.ids.next().into(),
            round: 0,
            order: self.ids.next().into(),
            token: Token::new(self.card(number).await),
            amount: dollars(12_300),
            since: self.clock.now(),
            known: None,
        }
    }

    async fn held(&self) -> (PaymentId, GatewayId) {
        let wish = self.wish("4242424242424242").await;
        match self.stripe.authorize(&wish).await {
            Ok(Authorization::Authorized(id)) => (wish.key, id),
            other => panic!("{other:?}"),
        }
    }

    async fn standing(&self, id: &GatewayId) -> Standing {
        let seen = self.stripe.look(id.as_str()).await.unwrap();
        seen.expect("it is ours").standing
    }
}

fn dollars(minor: i64) -> Money {
    Money::new(minor, "usd".parse().unwrap())
}

fn settle(id: &GatewayId, key: PaymentId, round: u32) -> Settle {
    Settle {
        id: id.clone(),
        key,
        round,
        amount: dollars(12_300),
    }
}

fn give_back(id: &GatewayId, key: Uuid, minor: i64) -> Refund {
    Refund {
        id: id.clone(),
        key,
        round: 0,
        amount: dollars(minor),
    }
}

#[tokio::test]
#[ignore = "needs localstripe: cargo xtask test --only stripe"]
async fn what_is_held_is_charged_and_then_no_more_to_be_released() {
    let account = Account::open();
    let (key, id) = account.held().await;
    assert_eq!(account.standing(&id).await, Standing::Held);
    account.stripe.capture(&settle(&id, key, 0)).await.unwrap();
    assert_eq!(account.standing(&id).await, Standing::Charged);
    let again = account.stripe.capture(&settle(&id, key, 1)).await;
    assert!(again.is_ok(), "it is charged already: {again:?}");
    let released = account.stripe.void(&settle(&id, key, 0)).await;
    assert_eq!(released, Ok(Released::ChargedElsewhere));
}

#[tokio::test]
#[ignore = "needs localstripe: cargo xtask test --only stripe"]
async fn what_is_held_is_released_and_then_no_more_to_be_charged() {
    let account = Account::open();
    let (key, id) = account.held().await;
    for round in 0..2 {
        let released = account.stripe.void(&settle(&id, key, round)).await;
        assert_eq!(released, Ok(Released::Voided));
    }
    assert_eq!(account.standing(&id).await, Standing::Closed);
    let charged = account.stripe.capture(&settle(&id, key, 1)).await;
    assert!(
        matches!(charged, Err(GatewayError::Refused(_))),
        "{charged:?}"
    );
}

#[tokio::test]
#[ignore = "needs localstripe: cargo xtask test --only stripe"]
async fn a_card_that_is_declined_holds_nothing() {
    let account = Account::open();
    let wish = account.wish("4000000000000341").await;
    let answer = account.stripe.authorize(&wish).await;
    let decline = match answer {
        Ok(Authorization::Declined(decline) | Authorization::DeclinedOpen(_, decline)) => decline,
        other => panic!("{other:?}"),
    };
    assert!(
        decline.uses_a_try() && !decline.message.is_empty(),
        "{decline:?}"
    );
}

#[tokio::test]
#[ignore = "needs localstripe: cargo xtask test --only stripe"]
async fn a_payer_is_asked_by_their_bank_and_the_answer_counts() {
    let account = Account::open();
    for (success, expected) in [("true", Standing::Held), ("false", Standing::Open)] {
        let wish = account.wish("4000002500003155").await;
        let (id, secret) = match account.stripe.authorize(&wish).await {
            Ok(Authorization::ActionRequired(id, secret)) => (id, secret),
            other => panic!("{other:?}"),
        };
        let path = format!("/v1/payment_intents/{}/_authenticate", id.as_str());
        let form = format!("client_secret={}&success={success}", secret.as_str());
        account.post(&path, form).await;
        assert_eq!(account.standing(&id).await, expected);
        let known = Authorize {
            known: Some(id.clone()),
            ..wish
        };
        let found = account.stripe.find(&known).await.unwrap().unwrap();
        match expected {
            Standing::Held => assert_eq!(found, Authorization::Authorized(id)),
            _ => assert!(
                matches!(found, Authorization::DeclinedOpen(..)),
                "{found:?}"
            ),
        }
    }
}

#[tokio::test]
#[ignore = "needs localstripe: cargo xtask test --only stripe"]
async fn what_was_charged_is_given_back_in_parts() {
    let account = Account::open();
    let (key, id) = account.held().await;
    account.stripe.capture(&settle(&id, key, 0)).await.unwrap();
    for minor in [300, 12_000] {
        let refund = give_back(&id, account.ids.next(), minor);
        account.stripe.refund(&refund).await.unwrap();
    }
    let seen = account.stripe.look(id.as_str()).await.unwrap().unwrap();
    assert_eq!(seen.refunded, seen.amount);
}
