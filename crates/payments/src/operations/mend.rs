//! Brings a payment and the gateway together where they differ: what is safe to mend is recorded as something to be asked
//! of the gateway, and the rest is told.

use tessera_contracts::{Money, PaymentId};
use tessera_platform::db::{DbError, Tx};

use crate::domain::{Authorization, Intent, Payment, State, Transfer};
use crate::gateway::{Seen, Standing};
use crate::operations::{Answered, record_answer};
use crate::store::{ledger, orders, payments, refunds};

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both say the same.
    Agree,
    /// The gateway is about to be asked: what comes of that is seen the next time.
    UnderWay,
    /// They differed, and something is done about it, which is named.
    Mended(&'static str),
    /// They differ, and a person has to look; how is said.
    Differ(String),
    /// No payment stands for what is held: it is to be released.
    Stray,
}

/// Compares a payment with what the gateway has.
pub async fn mend(tx: &mut Tx, seen: &Seen) -> Result<Verdict, DbError> {
    let Some(id) = seen.key else {
        return Ok(Verdict::Agree);
    };
    let Some(payment) = known(tx, id).await? else {
        return Ok(without_payment(seen));
    };
    // Of the same payment, but not the one that counts: a round whose answer was lost.
    let is_another = payment
        .state
        .gateway_id()
        .is_some_and(|own| *own != seen.id);
    if is_another {
        return Ok(without_payment(seen));
    }
    if matches!(payment.state, State::Processing)
        && matches!(seen.standing, Standing::Held | Standing::Charged)
    {
        return found(tx, payment, seen).await;
    }
    if let Some(intent) = payment.state.intent() {
        // What failed keeps its pause: the gateway may have asked for it.
        if intent == Intent::Resolve {
            payments::hasten(tx, id).await?;
        }
        return Ok(Verdict::UnderWay);
    }
    let has_gone_back = seen.standing == Standing::Charged && seen.refunded == seen.amount;
    if has_gone_back && is_without_charge(&payment.state) {
        return Ok(Verdict::Agree);
    }
    if payment.amount != seen.amount {
        let text = format!(
            "it is of {}, and at the gateway of {}",
            payment.amount.amount(),
            seen.amount.amount()
        );
        return Ok(Verdict::Differ(text));
    }
    compare(tx, payment, seen).await
}

/// The answer that never came.
async fn found(tx: &mut Tx, payment: Payment, seen: &Seen) -> Result<Verdict, DbError> {
    let answered = Answered {
        payment,
        answer: Authorization::Authorized(seen.id.clone()),
        // It uses none.
        attempts: u32::MAX,
    };
    record_answer(tx, &answered).await?;
    Ok(Verdict::Mended(
        "noted what is held, of which no answer came",
    ))
}

/// Whether its buyer is to be charged nothing.
fn is_without_charge(state: &State) -> bool {
    matches!(
        state,
        State::Declined(_) | State::Voided(_) | State::CaptureFailed(_)
    )
}

/// The payment, held with its order.
async fn known(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>, DbError> {
    let Some(payment) = payments::find(tx, id).await? else {
        return Ok(None);
    };
    orders::hold(tx, payment.order_id).await?;
    payments::find(tx, id).await
}

fn without_payment(seen: &Seen) -> Verdict {
    match seen.standing {
        Standing::Open | Standing::Held => Verdict::Stray,
        Standing::Charged if seen.refunded != seen.amount => {
            Verdict::Differ("it was charged, and no payment stands for it".to_owned())
        }
        Standing::Charged | Standing::Closed | Standing::Unclear => Verdict::Agree,
    }
}

async fn compare(tx: &mut Tx, payment: Payment, seen: &Seen) -> Result<Verdict, DbError> {
    match (&payment.state, seen.standing) {
        (_, Standing::Unclear) => Ok(Verdict::UnderWay),
        (State::Captured(_) | State::Refunded(_), Standing::Charged) => {
            compare_charged(tx, &payment, seen).await
        }
        (State::Captured(id), Standing::Held) => {
            let again = State::Capturing(id.clone());
            change(tx, payment, again, "charged what was taken for charged").await
        }
        (State::Authorized(_), Standing::Held)
        | (State::Declined(_) | State::Voided(_) | State::CaptureFailed(_), Standing::Closed) => {
            Ok(Verdict::Agree)
        }
        (
            State::Declined(_) | State::Voided(_) | State::CaptureFailed(_),
            Standing::Held | Standing::Open,
        ) => {
            let open = closing(&payment, seen);
            change(tx, payment, open, "released what was taken for released").await
        }
        (State::Declined(_) | State::Voided(_) | State::CaptureFailed(_), Standing::Charged) => {
            give_back(tx, payment, seen).await
        }
        (state, standing) => Ok(Verdict::Differ(format!(
            "it is {}, and {standing:?} at the gateway",
            state.status()
        ))),
    }
}

fn closing(payment: &Payment, seen: &Seen) -> State {
    match &payment.state {
        State::Declined(decline) => State::Discarding(seen.id.clone(), decline.clone()),
        _ => State::Voiding(seen.id.clone()),
    }
}

/// What was given back, and what the gateway kept, which it may not have known at first.
async fn compare_charged(tx: &mut Tx, payment: &Payment, seen: &Seen) -> Result<Verdict, DbError> {
    if let Some(fee) = seen.fee {
        let transfer = Transfer::gateway_fee(payment.id, payment.order_id, fee);
        let order = orders::find(tx, payment.order_id).await?;
        let is_booked = order.is_some_and(|order| order.terms.is_some());
        if is_booked && ledger::add(tx, &transfer).await? {
            return Ok(Verdict::Mended("noted what the gateway kept"));
        }
    }
    let nothing = Money::new(0, payment.amount.currency());
    let returned = payment.given_back().unwrap_or(nothing);
    if returned == seen.refunded {
        return Ok(Verdict::Agree);
    }
    if refunds::is_open(tx, payment.id).await? {
        return Ok(Verdict::UnderWay);
    }
    Ok(Verdict::Differ(format!(
        "{} of it were given back, and {} at the gateway",
        returned.amount(),
        seen.refunded.amount()
    )))
}

/// Somebody charged it although the buyer did not get the ticket.
async fn give_back(tx: &mut Tx, payment: Payment, seen: &Seen) -> Result<Verdict, DbError> {
    if seen.refunded.minor() != 0 {
        return Ok(Verdict::Differ(
            "it was charged, and a part of that given back".to_owned(),
        ));
    }
    let order = orders::find(tx, payment.order_id).await?;
    let booked = order.filter(|order| order.terms.is_some());
    if let Some(order) = booked {
        ledger::add(tx, &Transfer::charge(payment.id, &order)).await?;
    }
    let refunding = State::Refunding(seen.id.clone());
    change(
        tx,
        payment,
        refunding,
        "gave back what somebody else charged",
    )
    .await
}

async fn change(
    tx: &mut Tx,
    payment: Payment,
    to: State,
    what: &'static str,
) -> Result<Verdict, DbError> {
    let now = tx.now();
    let Ok(changed) = payment.reopened(to, now) else {
        return Err(tx.conflict());
    };
    if payments::save(tx, &changed).await? {
        Ok(Verdict::Mended(what))
    } else {
        Err(tx.conflict())
    }
}
