//! What an attempt to pay is answered with: the same whether the request learns of its outcome, or a
//! later one with its `Idempotency-Key` does.

use axum::http::StatusCode;
use tessera_platform::http::{Failure, Stored};

use super::{body, location};
use crate::domain::{Payment, State};
use crate::operations::Recorded;

/// The answer to an attempt that ended as recorded.
pub fn answer(recorded: &Recorded) -> Stored {
    let payment = &recorded.payment;
    match &payment.state {
        State::Processing | State::RequiresAction(..) => answer_under_way(payment),
        State::Authorized(_)
        | State::Capturing(_)
        | State::Captured(_)
        | State::CaptureFailed(_) => Stored::created(location(payment), &body(payment)),
        State::Declined(decline) | State::Discarding(_, decline) => {
            Stored::from(&Failure::payment_required(
                "card_declined",
                decline.message.as_str(),
                recorded.attempts_left,
            ))
        }
        State::Voiding(_) | State::Voided(_) | State::Refunding(_) | State::Refunded(_) => {
            Stored::from(&Failure::conflict(
                "order_cancelled",
                "This order ended before it was paid. Your card is not charged.",
            ))
        }
    }
}

/// The answer while the outcome is not known.
pub fn answer_under_way(payment: &Payment) -> Stored {
    Stored::json(StatusCode::ACCEPTED, &body(payment))
}
