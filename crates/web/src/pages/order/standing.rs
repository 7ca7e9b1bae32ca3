//! Where an order stands, in words, and what is next.

use tessera_contracts::http::payments::Payment;
use tessera_contracts::{OrderStatus, PaymentStatus};

use super::Seen;
use super::money::{GivenBack, given_back};
use crate::catalogue::{Catalogue, Refusal, fill, find};
use crate::locale::Locale;

pub(super) struct Standing<'s> {
    pub(super) heading: &'static str,
    pub(super) text: String,
    pub(super) next: Next<'s>,
    /// Whether it can no longer be cancelled.
    pub(super) is_final: bool,
}

/// What is next.
#[derive(Clone, Copy)]
pub(super) enum Next<'s> {
    /// It goes on by itself.
    Wait,
    Pay,
    /// The buyer is to confirm this payment with their bank.
    Confirm(&'s Payment),
    Receipt,
    End,
}

impl<'s> Standing<'s> {
    fn of(words: &Refusal, next: Next<'s>) -> Self {
        Self {
            heading: words.title,
            text: words.text.to_owned(),
            next,
            is_final: false,
        }
    }

    fn ended(self) -> Self {
        Self {
            is_final: true,
            ..self
        }
    }
}

/// `is_over`: whether the time to pay is.
pub(super) fn stand<'s>(
    t: &'static Catalogue,
    locale: Locale,
    seen: &'s Seen,
    is_over: bool,
) -> Standing<'s> {
    let words = &t.order;
    let of = |status| {
        let mut payments = seen.payments.iter();
        payments.find(|payment| payment.status == status)
    };
    let has = |status| of(status).is_some();
    match seen.order.status {
        OrderStatus::Complete => complete(t, locale, seen),
        OrderStatus::Cancelled => cancelled(t, seen),
        _ if has(PaymentStatus::Authorized) || has(PaymentStatus::Captured) => {
            Standing::of(&words.authorized, Next::Wait).ended()
        }
        _ if has(PaymentStatus::Processing) => Standing::of(&words.processing, Next::Wait),
        _ if is_over => Standing::of(&words.over, Next::Wait),
        OrderStatus::Created => Standing::of(&words.created, Next::Wait),
        OrderStatus::AwaitingPayment => match of(PaymentStatus::RequiresAction) {
            Some(payment) => Standing::of(&words.bank, Next::Confirm(payment)),
            None => Standing::of(&words.awaiting, Next::Pay),
        },
    }
}

fn complete<'s>(t: &'static Catalogue, locale: Locale, seen: &'s Seen) -> Standing<'s> {
    let words = &t.order;
    let standing = |words: &Refusal| Standing::of(words, Next::Receipt).ended();
    match given_back(seen) {
        None => standing(&words.complete),
        Some(GivenBack::All(_)) => standing(&words.refunded),
        Some(GivenBack::Part(part)) => {
            let part = locale.money(part, seen.order.currency);
            let told = fill(words.partly_refunded, &[&part]);
            let whole = standing(&words.complete);
            Standing {
                text: format!("{} {told}", whole.text),
                ..whole
            }
        }
    }
}

fn cancelled<'s>(t: &'static Catalogue, seen: &'s Seen) -> Standing<'s> {
    let words = &t.order;
    let reason = seen.order.cancel_reason;
    let text = if given_back(seen).is_some() {
        // That nothing was charged would not be true, whatever ended it.
        words.came_too_late
    } else {
        let reason = reason.map_or("", |reason| reason.as_str());
        find(words.reasons, reason).unwrap_or_default()
    };
    Standing {
        text: text.to_owned(),
        ..Standing::of(&words.cancelled, Next::End).ended()
    }
}
