//! Records that the gateway captured or voided what was held, or will never capture it.

use tessera_contracts::events::EventData;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;

use crate::domain::{Payment, Settled};
use crate::store::payments;

/// Records the last word of the gateway on a payment, as it was when the gateway was asked. When
/// somebody else recorded it before, nothing is left to do: the gateway gave both the same answer.
pub async fn settle(tx: &mut Tx, payment: &Payment, settled: Settled) -> Result<(), DbError> {
    let payment = payment
        .clone()
        .settled(settled, tx.now())
        .map_err(|refused| DbError::Corrupt(refused.to_string()))?;
    if !payments::save(tx, &payment).await? {
        return Ok(());
    }
    let public = super::public_state(&payment);
    let event = match settled {
        Settled::Captured => EventData::PaymentCaptured(public),
        Settled::CaptureRefused => EventData::PaymentFailed(public),
        Settled::Voided => EventData::PaymentVoided(public),
    };
    outbox::append(tx, event).await
}
