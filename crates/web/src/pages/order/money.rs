//! What is told of the payments of an order: which counts, what was declined and why, and what was given back.

use tessera_contracts::http::payments::Payment;
use tessera_contracts::{Amount, OrderStatus, PaymentStatus};

use super::Seen;
use crate::catalogue::{Catalogue, fill, find};
use crate::notice::Notice;
use crate::visitor::Visitor;

/// A payment that was not made through no fault of the card: it uses none of the tries.
const NOT_PROCESSED: &str = "not_processed";

/// The payment that counts.
pub(crate) struct Paid {
    pub(crate) id: String,
    pub(crate) state: String,
}

/// What was charged and given back.
#[derive(Clone, Copy)]
pub(super) enum GivenBack<'s> {
    All(&'s Amount),
    Part(&'s Amount),
}

impl GivenBack<'_> {
    pub(super) fn amount(&self) -> &Amount {
        match self {
            GivenBack::All(amount) | GivenBack::Part(amount) => amount,
        }
    }
}

/// How often the order may still be tried to be paid.
pub(super) fn tries_left(visitor: &Visitor, seen: &Seen) -> usize {
    let uses_one = |payment: &&Payment| {
        payment.status == PaymentStatus::Declined
            && payment.decline_code.as_deref() != Some(NOT_PROCESSED)
    };
    let used = seen.payments.iter().filter(uses_one).count();
    let all = usize::try_from(visitor.app.settings.payment_attempts).unwrap_or(usize::MAX);
    all.saturating_sub(used)
}

/// What is said of the last card, while another may be tried.
pub(super) fn declined(t: &Catalogue, visitor: &Visitor, seen: &Seen) -> Option<Notice> {
    let is_open = seen.order.status == OrderStatus::AwaitingPayment;
    let last = seen.payments.last().filter(|_| is_open)?;
    if last.status != PaymentStatus::Declined {
        return None;
    }
    let words = &t.order;
    let code = last.decline_code.as_deref().unwrap_or_default();
    let why = find(words.declines, code).unwrap_or(words.declined);
    let left = match tries_left(visitor, seen) {
        0 => return Some(Notice::bad(why)),
        1 => words.one_try_left.to_owned(),
        more => fill(words.tries_left, &[&more.to_string()]),
    };
    Some(Notice::bad(&format!("{why} {left}")))
}

/// The last payment that was not declined.
fn counting(seen: &Seen) -> Option<&Payment> {
    let mut last = seen.payments.iter().rev();
    last.find(|payment| payment.status != PaymentStatus::Declined)
}

/// What of the payment that counts was given back, or is about to be.
pub(super) fn given_back(seen: &Seen) -> Option<GivenBack<'_>> {
    let payment = counting(seen)?;
    if payment.status == PaymentStatus::Refunded {
        return Some(GivenBack::All(&payment.amount));
    }
    let refunded = payment.refunded.as_ref()?;
    Some(if *refunded == payment.amount {
        GivenBack::All(refunded)
    } else {
        GivenBack::Part(refunded)
    })
}

/// What is said of the payment that counts.
pub(super) fn paid(visitor: &Visitor, seen: &Seen) -> Option<Paid> {
    let words = &visitor.words().order;
    let payment = counting(seen)?;
    let zone = seen.order.ticket.time_zone.as_deref();
    let is_ended = seen.order.status == OrderStatus::Cancelled;
    let state = match payment.status {
        PaymentStatus::Captured => {
            let when = visitor.locale.day_and_time(payment.created_at, zone);
            fill(words.captured_state, &[&when])
        }
        PaymentStatus::Authorized if is_ended => words.releasing_state.to_owned(),
        PaymentStatus::Authorized => words.authorized_state.to_owned(),
        PaymentStatus::Voided | PaymentStatus::CaptureFailed => words.voided_state.to_owned(),
        PaymentStatus::Refunded => words.refunded_state.to_owned(),
        PaymentStatus::Processing => words.processing.title.to_owned(),
        PaymentStatus::RequiresAction => words.bank_state.to_owned(),
        PaymentStatus::Declined => return None,
    };
    Some(Paid {
        id: payment.id.to_string(),
        state,
    })
}
