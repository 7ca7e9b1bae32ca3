//! The calls as payments makes them: each within a time limit, after which its outcome is unknown.

use std::future::Future;
use std::time::Duration;

use super::{Authorization, Authorize, Gateway, GatewayError};
use crate::domain::{Decline, GatewayId, Payment};

/// How long a call may take. A buyer waits for it, so it is shorter than a request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks for the amount of `payment` to be held. A gateway that refuses for good holds nothing: to the
/// buyer that is a decline.
pub async fn authorize(
    gateway: &dyn Gateway,
    payment: &Payment,
) -> Result<Authorization, GatewayError> {
    let wish = Authorize {
        key: payment.id,
        token: payment.token.clone(),
        amount: payment.amount,
    };
    match within_limit(gateway.authorize(&wish)).await {
        Err(GatewayError::Refused(reason)) => {
            tracing::warn!(payment = %payment.id, reason, "the gateway refused an authorization");
            Ok(Authorization::Declined(refused()))
        }
        answer => answer,
    }
}

/// Finds out how the authorization of `payment` ended. One that never reached the gateway is asked for
/// again: only an answer makes sure that nothing of it comes later.
pub async fn resolve(
    gateway: &dyn Gateway,
    payment: &Payment,
) -> Result<Authorization, GatewayError> {
    match within_limit(gateway.find(payment.id)).await? {
        Some(answer) => Ok(answer),
        None => authorize(gateway, payment).await,
    }
}

/// Charges what is held.
pub async fn capture(
    gateway: &dyn Gateway,
    payment: &Payment,
    id: &GatewayId,
) -> Result<(), GatewayError> {
    within_limit(gateway.capture(id, payment.id)).await
}

/// Releases what is held.
pub async fn void(
    gateway: &dyn Gateway,
    payment: &Payment,
    id: &GatewayId,
) -> Result<(), GatewayError> {
    within_limit(gateway.void(id, payment.id)).await
}

async fn within_limit<T>(
    call: impl Future<Output = Result<T, GatewayError>>,
) -> Result<T, GatewayError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(answer) => answer,
        Err(_) => Err(GatewayError::Unknown(format!("no answer within {LIMIT:?}"))),
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
