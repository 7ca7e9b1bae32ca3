//! The calls as payments makes them: each within a time limit, after which its outcome is unknown, and each
//! measured and recorded.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tessera_contracts::{Money, PaymentId};
use tessera_platform::http::trace;
use tessera_platform::telemetry::measured_now;
use tessera_platform::telemetry::traces::{Kind, Span, Tracer};

use super::{
    Authorization, Authorize, Dispute, Gateway, GatewayError, Listed, News, NotAuthentic, Refund,
    Released, Seen, Settle, TokenError,
};
use uuid::Uuid;

use crate::domain::{Decline, GatewayId, Payment, Token};
use crate::instruments;

/// How long a call may take. A buyer waits for it, so it is shorter than a request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What the gateway is asked through. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    gateway: Arc<dyn Gateway>,
    tracer: Tracer,
}

impl Calls {
    /// Calls to `gateway`.
    pub fn new(gateway: Arc<dyn Gateway>, tracer: Tracer) -> Calls {
        instruments::describe_gateway();
        Calls { gateway, tracer }
    }

    /// Whether `text` can be a token, before anything is asked.
    pub fn check_token(&self, text: String) -> Result<Token, TokenError> {
        self.gateway.check_token(text)
    }

    /// Asks for the amount of `payment` to be held. A gateway that refuses for good holds nothing: to the
    /// buyer that is a decline.
    pub async fn authorize(
        &self,
        payment: &Payment,
        round: u32,
    ) -> Result<Authorization, GatewayError> {
        let wish = wish(payment, round);
        let asked = self.gateway.authorize(&wish);
        match self.ask("authorize", payment.id, asked).await {
            Err(GatewayError::Refused(reason)) => {
                tracing::warn!(payment = %payment.id, reason, "the gateway refused an authorization");
                Ok(Authorization::Declined(refused()))
            }
            answer => answer,
        }
    }

    /// Finds out how the authorization of `payment` stands. One that never reached the gateway is asked for
    /// again: only an answer makes sure that nothing of it comes later.
    pub async fn resolve(
        &self,
        payment: &Payment,
        round: u32,
    ) -> Result<Authorization, GatewayError> {
        let wish = wish(payment, round);
        let asked = self.gateway.find(&wish);
        match self.ask("find", payment.id, asked).await? {
            Some(answer) => Ok(answer),
            None => self.authorize(payment, round).await,
        }
    }

    /// Charges what is held, and answers what the gateway keeps of it, if it says so.
    pub async fn capture(
        &self,
        payment: &Payment,
        id: &GatewayId,
        round: u32,
    ) -> Result<Option<Money>, GatewayError> {
        let wish = settle(payment, id, round);
        let asked = self.gateway.capture(&wish);
        self.ask("capture", payment.id, asked).await
    }

    /// Releases what is held.
    pub async fn void(
        &self,
        payment: &Payment,
        id: &GatewayId,
        round: u32,
    ) -> Result<Released, GatewayError> {
        let wish = settle(payment, id, round);
        let asked = self.gateway.void(&wish);
        self.ask("void", payment.id, asked).await
    }

    /// Gives back what was charged for `payment`, or a part of it.
    pub async fn refund(&self, payment: PaymentId, wish: &Refund) -> Result<(), GatewayError> {
        self.ask("refund", payment, self.gateway.refund(wish)).await
    }

    /// How the gateway has an authorization.
    pub async fn look(&self, id: &str) -> Result<Option<Seen>, GatewayError> {
        within_limit(self.gateway.look(id)).await
    }

    /// Some authorizations that were made since then.
    pub async fn list(
        &self,
        since: Timestamp,
        after: Option<&GatewayId>,
    ) -> Result<Listed, GatewayError> {
        within_limit(self.gateway.list(since, after)).await
    }

    /// What the gateway told since then.
    pub async fn news(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Result<Vec<News>, GatewayError> {
        within_limit(self.gateway.news(since, after)).await
    }

    /// A chargeback.
    pub async fn dispute(&self, id: &str) -> Result<Option<Dispute>, GatewayError> {
        within_limit(self.gateway.dispute(id)).await
    }

    /// A refund of ours that did not arrive, by the gateway's id.
    pub async fn bounced(&self, id: &str) -> Result<Option<Uuid>, GatewayError> {
        within_limit(self.gateway.bounced(id)).await
    }

    /// Releases what is held by an authorization that no payment stands for.
    pub async fn void_stray(&self, wish: &Settle) -> Result<Released, GatewayError> {
        within_limit(self.gateway.void(wish)).await
    }

    /// Reads what the gateway is said to have told.
    pub fn hear(&self, signature: Option<&str>, body: &[u8]) -> Result<News, NotAuthentic> {
        self.gateway.hear(signature, body)
    }

    async fn ask<T>(
        &self,
        call: &'static str,
        payment: PaymentId,
        asked: impl Future<Output = Result<T, GatewayError>>,
    ) -> Result<T, GatewayError> {
        let (parent, since) = (trace::current_step(), measured_now());
        let step = parent.map(|parent| self.tracer.after(parent));
        let answer = trace::scope_within(step, within_limit(asked)).await;
        let (took, outcome) = (since.elapsed(), outcome_of(answer.as_ref().err()));
        instruments::gateway_seconds(call, outcome).record(took);
        if let Some(step) = step.filter(|step| self.tracer.records(*step)) {
            let span = Span::new(Kind::Client, format!("gateway {call}"), took)
                .with("tessera.payment.id", payment.to_string())
                .with("tessera.outcome", outcome);
            let span = match answer {
                Ok(_) => span,
                Err(_) => span.failed(outcome),
            };
            self.tracer.record(step, parent, span);
        }
        answer
    }
}

async fn within_limit<T>(
    call: impl Future<Output = Result<T, GatewayError>>,
) -> Result<T, GatewayError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(answer) => answer,
        Err(_) => Err(GatewayError::Unknown(format!("no answer within {LIMIT:?}"))),
    }
}

/// A decline is an answer.
fn outcome_of(error: Option<&GatewayError>) -> &'static str {
    match error {
        None => "answered",
        Some(GatewayError::Unknown(_)) => "unknown",
        Some(GatewayError::Failed(_)) => "failed",
        Some(GatewayError::Refused(_)) => "refused",
        Some(GatewayError::Unavailable(_) | GatewayError::Busy(..)) => "unavailable",
    }
}

fn wish(payment: &Payment, round: u32) -> Authorize {
    Authorize {
        key: payment.id,
        round,
        order: payment.order_id,
        token: payment.token.clone(),
        amount: payment.amount,
        since: payment.created_at,
        known: payment.state.gateway_id().cloned(),
    }
}

fn settle(payment: &Payment, id: &GatewayId, round: u32) -> Settle {
    Settle {
        id: id.clone(),
        key: payment.id,
        round,
        amount: payment.amount,
    }
}

fn refused() -> Decline {
    Decline {
        code: "refused".to_owned(),
        message: "The card could not be charged.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_without_an_answer_ends_as_unknown() {
        let silent = std::future::pending::<Result<(), GatewayError>>();
        let answer = within_limit(silent).await;
        assert!(
            matches!(answer, Err(GatewayError::Unknown(_))),
            "{answer:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_time_counts() {
        let call = async {
            #[expect(clippy::disallowed_methods, reason = "a paused clock: nothing waits")]
            tokio::time::sleep(LIMIT - Duration::from_millis(1)).await;
            Ok(7)
        };
        assert_eq!(within_limit(call).await, Ok(7));
    }
}
