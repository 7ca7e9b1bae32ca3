//! Records that the gateway captured, voided or gave back what was held, or will never capture it; and what that means in
//! the books.

use tessera_contracts::events::EventData;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;

use crate::domain::{Order, Payment, Settled, State, Transfer};
use crate::store::{ledger, orders, payments};

/// Records the last word of the gateway on a payment, as it was when the gateway was asked. When
/// somebody else recorded it before, nothing is left to do: the gateway gave both the same answer.
pub async fn settle(tx: &mut Tx, payment: &Payment, settled: Settled) -> Result<(), DbError> {
    // The model: services::payments::record.
    let payment = payment
        .clone()
        .settled(settled, tx.now())
        .map_err(|refused| DbError::Corrupt(refused.to_string()))?;
    if !payments::save(tx, &payment).await? {
        return Ok(());
    }
    book(tx, &payment, settled).await?;
    let public = super::public_state(&payment);
    let event = match settled {
        Settled::Captured { .. } => EventData::PaymentCaptured(public),
        Settled::CaptureRefused => EventData::PaymentFailed(public),
        // That a declined one is closed is told to nobody.
        Settled::Voided if matches!(payment.state, State::Declined(_)) => return Ok(()),
        Settled::Voided => EventData::PaymentVoided(public),
        // It is told of when it is given back.
        Settled::ChargedElsewhere => return Ok(()),
        Settled::Refunded => EventData::PaymentRefunded(public),
    };
    outbox::append(tx, event).await
}

/// What was charged or given back goes into the books.
async fn book(tx: &mut Tx, payment: &Payment, settled: Settled) -> Result<(), DbError> {
    match settled {
        Settled::Voided => return Ok(()),
        // It may have been taken for charged before.
        Settled::CaptureRefused => {
            ledger::undo(tx, &Transfer::name_of_sale(payment.id)).await?;
            return ledger::undo(tx, &Transfer::name_of_charge(payment.id)).await;
        }
        Settled::Captured { .. } | Settled::ChargedElsewhere | Settled::Refunded => {}
    }
    let id = payment.order_id;
    let order = orders::find(tx, id)
        .await?
        .ok_or_else(|| DbError::Corrupt(format!("a payment of order {id}, which is not there")))?;
    for transfer in transfers(payment, &order, settled) {
        ledger::add(tx, &transfer).await?;
    }
    Ok(())
}

fn transfers(payment: &Payment, order: &Order, settled: Settled) -> Vec<Transfer> {
    // Of an order that was made before there were books, nobody knows whose the money is.
    let Some(terms) = &order.terms else {
        return Vec::new();
    };
    match settled {
        Settled::Captured { fee } => {
            let mut transfers = vec![
                Transfer::charge(payment.id, order),
                Transfer::sale(payment.id, order, terms),
            ];
            transfers.extend(fee.map(|fee| Transfer::gateway_fee(payment.id, order.id, fee)));
            transfers
        }
        Settled::ChargedElsewhere => vec![Transfer::charge(payment.id, order)],
        Settled::Refunded => vec![Transfer::returned(payment.id, order)],
        Settled::Voided | Settled::CaptureRefused => Vec::new(),
    }
}
