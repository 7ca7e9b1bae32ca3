//! What every gateway promises, as one suite over the port. The built-in one keeps it also when its
//! book is opened anew.

use std::path::Path;

use tessera_contracts::{Money, PaymentId};
use tessera_payments::gateway::test_gateway::TestGateway;
use tessera_payments::gateway::{
    Authorization, Authorize, Gateway, GatewayError, GatewayId, Refund, Released, Settle, Token,
};
use tessera_platform::clock::Clock;
use tessera_platform::db::{Pace, Place};
use tessera_platform::ids::Ids;
use uuid::Uuid;

/// A gateway, and what the suite needs to ask it.
struct Suite {
    gateway: Box<dyn Gateway>,
    ids: Ids,
}

async fn open(dir: &Path) -> Suite {
    let clock = Clock::manual("2030-01-01T12:00:00Z".parse().unwrap()).0;
    let ids = Ids::seeded(1, clock.clone());
    let place = Place::Folder(dir.to_owned(), Pace::Threads);
    let gateway = TestGateway::open(&place, &clock, &ids).await;
    let gateway = gateway.expect("the book opens");
    Suite {
        gateway: Box::new(gateway),
        ids,
    }
}

impl Suite {
    fn wish(&self, token: &str) -> Authorize {
        wish(self.ids.next().into(), token)
    }

    async fn find(&self, key: PaymentId) -> Result<Option<Authorization>, GatewayError> {
        self.gateway.find(&wish(key, "tok_visa")).await
    }

    async fn capture(&self, id: &GatewayId, key: PaymentId) -> Result<(), GatewayError> {
        let kept = self.gateway.capture(&settle(id, key)).await?;
        assert_eq!(kept, None);
        Ok(())
    }

    async fn void(&self, id: &GatewayId, key: PaymentId) -> Result<(), GatewayError> {
        let released = self.gateway.void(&settle(id, key)).await?;
        assert_eq!(released, Released::Voided);
        Ok(())
    }

    async fn refund(&self, id: &GatewayId, key: Uuid, minor: i64) -> Result<(), GatewayError> {
        let wish = Refund {
            id: id.clone(),
            key,
            round: 0,
            amount: dollars(minor),
        };
        self.gateway.refund(&wish).await
    }

    async fn held(&self) -> (PaymentId, GatewayId) {
        let wish = self.wish("tok_visa");
        match self.gateway.authorize(&wish).await {
            Ok(Authorization::Authorized(id)) => (wish.key, id),
            other => panic!("{other:?}"),
        }
    }
}

fn dollars(minor: i64) -> Money {
    Money::new(minor, "usd".parse().unwrap())
}

fn wish(key: PaymentId, token: &str) -> Authorize {
    Authorize {
        key,
        round: 0,
        order: Uuid::nil().into(),
        token: Token::new(token.to_owned()),
        amount: dollars(12_000),
        since: "2030-01-01T12:00:00Z".parse().unwrap(),
        known: None,
    }
}

fn settle(id: &GatewayId, key: PaymentId) -> Settle {
    Settle {
        id: id.clone(),
        key,
        round: 0,
        amount: dollars(12_000),
    }
}

fn refused<T>(answer: Result<T, GatewayError>) -> bool {
    matches!(answer, Err(GatewayError::Refused(_)))
}

#[tokio::test]
async fn a_key_gets_one_answer() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    for token in ["tok_visa", "tok_chargeDeclined"] {
        let wish = suite.wish(token);
        assert_eq!(suite.find(wish.key).await, Ok(None));
        let answer = suite.gateway.authorize(&wish).await.unwrap();
        assert_eq!(suite.gateway.authorize(&wish).await, Ok(answer.clone()));
        assert_eq!(suite.find(wish.key).await, Ok(Some(answer)));
    }
}

#[tokio::test]
async fn a_key_counts_for_one_card_and_one_amount() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    let wish = suite.wish("tok_visa");
    suite.gateway.authorize(&wish).await.unwrap();
    let dearer = Authorize {
        amount: Money::new(12_001, wish.amount.currency()),
        ..wish.clone()
    };
    assert!(refused(suite.gateway.authorize(&dearer).await));
    let other = Authorize {
        token: Token::new("tok_chargeDeclined".to_owned()),
        ..wish
    };
    assert!(refused(suite.gateway.authorize(&other).await));
}

#[tokio::test]
async fn what_is_held_is_charged_or_released_and_never_both() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    let (key, id) = suite.held().await;
    for _ in 0..2 {
        assert_eq!(suite.capture(&id, key).await, Ok(()));
        assert!(refused(suite.void(&id, key).await));
    }
    let (key, id) = suite.held().await;
    for _ in 0..2 {
        assert_eq!(suite.void(&id, key).await, Ok(()));
        assert!(refused(suite.capture(&id, key).await));
    }
}

#[tokio::test]
async fn an_authorization_is_found_also_after_it_was_settled() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    let (key, id) = suite.held().await;
    suite.capture(&id, key).await.unwrap();
    let found = suite.find(key).await;
    assert_eq!(found, Ok(Some(Authorization::Authorized(id))));
}

#[tokio::test]
async fn what_is_not_held_by_this_payment_is_neither_charged_nor_released() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    let ((key, id), (other, _)) = (suite.held().await, suite.held().await);
    let nowhere = GatewayId::new("test_0".to_owned());
    for (id, key) in [(&id, other), (&nowhere, key)] {
        assert!(refused(suite.capture(id, key).await));
        assert!(refused(suite.void(id, key).await));
    }
    let declined = suite.wish("tok_chargeDeclined");
    suite.gateway.authorize(&declined).await.unwrap();
    let its_id = GatewayId::new(format!("test_{}", declined.key.uuid().simple()));
    assert!(refused(suite.capture(&its_id, declined.key).await));
    assert!(refused(suite.void(&its_id, declined.key).await));
}

#[tokio::test]
async fn an_unknown_token_is_told_before_and_refused_after() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    assert!(suite.gateway.check_token("tok_none".to_owned()).is_err());
    assert!(suite.gateway.check_token("tok_visa".to_owned()).is_ok());
    let wish = suite.wish("tok_none");
    assert!(refused(suite.gateway.authorize(&wish).await));
}

#[tokio::test]
async fn the_book_outlives_its_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let (key, id) = open(dir.path()).await.held().await;
    let suite = open(dir.path()).await;
    let found = suite.find(key).await;
    assert_eq!(found, Ok(Some(Authorization::Authorized(id.clone()))));
    assert_eq!(suite.capture(&id, key).await, Ok(()));
    drop(suite);
    assert!(refused(open(dir.path()).await.void(&id, key).await));
}

#[tokio::test]
async fn what_was_charged_is_given_back_once_for_each_key_and_never_more() {
    let dir = tempfile::tempdir().unwrap();
    let suite = open(dir.path()).await;
    let (key, id) = suite.held().await;
    let (first, second) = (suite.ids.next(), suite.ids.next());
    assert!(refused(suite.refund(&id, first, 1).await), "only held");
    suite.capture(&id, key).await.unwrap();
    for _ in 0..2 {
        assert_eq!(suite.refund(&id, first, 7_000).await, Ok(()));
    }
    assert!(refused(suite.refund(&id, second, 5_001).await));
    assert_eq!(suite.refund(&id, second, 5_000).await, Ok(()));
    assert!(refused(suite.refund(&id, suite.ids.next(), 1).await));
}
