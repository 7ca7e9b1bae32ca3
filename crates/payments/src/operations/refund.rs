//! Gives back what was charged, or a part of it, as an operator decided: noted first, asked of the gateway until it has
//! answered, and then ended.

use tessera_contracts::events::EventData;
use tessera_contracts::{Money, OrderId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;
use uuid::Uuid;

use crate::domain::{
    Account, NotRefundable, Order, Payment, Refund, RefundStatus, Split, Transfer,
};
use crate::store::refunds::Due;
use crate::store::{disputes, ledger, orders, payments, refunds};

use super::Silence;
use super::follow_dispute::freeze_more;

/// An operator's decision.
#[derive(Clone, Debug)]
pub struct GiveBack {
    /// The id of the refund to be. One that is there already is answered again.
    pub id: Uuid,
    /// Of which order.
    pub order: OrderId,
    /// How much, as it was written; all that is left when it was not.
    pub amount: Option<String>,
    /// Why, in an operator's words.
    pub reason: String,
}

/// Why nothing is given back.
#[derive(Debug, thiserror::Error)]
pub enum GiveBackError {
    /// There is none of that id.
    #[error("there is no such order")]
    NoOrder,
    /// The text is no amount.
    #[error("{0}")]
    Amount(String),
    /// The reference stands for another refund of that order.
    #[error("the reference was used for {0} of this order before")]
    Reference(String),
    /// A rule is against it.
    #[error(transparent)]
    Refused(#[from] NotRefundable),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Notes the refund, and what it takes from whom.
pub async fn give_back(tx: &mut Tx, wish: &GiveBack) -> Result<Refund, GiveBackError> {
    let now = tx.now();
    let order = orders::hold(tx, wish.order)
        .await?
        .ok_or(GiveBackError::NoOrder)?;
    if let Some(known) = refunds::find(tx, wish.id).await? {
        return again(wish, known);
    }
    let terms = order.terms.clone().ok_or(NotRefundable::Unbooked)?;
    if disputes::bars_refunds(tx, order.id).await? {
        return Err(NotRefundable::Disputed.into());
    }
    let payment = payments::hold_live(tx, order.id)
        .await?
        .ok_or(NotRefundable::NotCharged)?;
    let before = payment.refunded;
    let amount = amount(wish, &payment)?;
    let payment = payment.refund(amount, now)?;
    let split = if payment.refunded == payment.amount {
        // Refunds that failed in between may have left a cent over.
        let theirs = ledger::of_order(tx, order.id, Account::Payable).await?;
        Split::of_seller(theirs, amount)
    } else {
        terms.split_refund(payment.amount, before, amount)
    };
    if !payments::save(tx, &payment).await? {
        return Err(tx.conflict().into());
    }
    let refund = Refund {
        id: wish.id,
        version: 0,
        payment: payment.id,
        order: order.id,
        amount,
        reason: wish.reason.clone(),
        status: RefundStatus::Pending,
        created_at: now,
        updated_at: now,
    };
    refunds::insert(tx, &refund).await?;
    let transfer = Transfer {
        note: Some(wish.reason.clone()),
        ..Transfer::refund(refund.id, order.id, terms.seller, split)
    };
    ledger::add(tx, &transfer).await?;
    tell(tx, &payment).await?;
    Ok(refund)
}

/// It was decided before, under the same reference.
fn again(wish: &GiveBack, known: Refund) -> Result<Refund, GiveBackError> {
    let currency = known.amount.currency();
    let wanted = wish
        .amount
        .as_deref()
        .map(|text| Money::parse(text, currency));
    match wanted {
        Some(Ok(amount)) if amount != known.amount => Err(GiveBackError::Reference(format!(
            "{} {}",
            known.amount.amount(),
            currency.code()
        ))),
        _ => Ok(known),
    }
}

/// What is given back of a payment is part of its public state.
async fn tell(tx: &mut Tx, payment: &Payment) -> Result<(), DbError> {
    let event = EventData::PaymentRefunded(super::public_state(payment));
    outbox::append(tx, event).await
}

fn amount(wish: &GiveBack, payment: &Payment) -> Result<Money, GiveBackError> {
    let currency = payment.amount.currency();
    match &wish.amount {
        None => {
            let left = payment.amount.minor() - payment.refunded.minor();
            Ok(Money::new(left, currency))
        }
        Some(text) => {
            Money::parse(text, currency).map_err(|error| GiveBackError::Amount(error.to_string()))
        }
    }
}

/// Records that it is on its way to the buyer, or never will be.
pub async fn end_refund(tx: &mut Tx, refund: &Refund, status: RefundStatus) -> Result<(), DbError> {
    let now = tx.now();
    let order = held(tx, refund.order).await?;
    let Some(ended) = refund.clone().ended(status, now) else {
        return Ok(());
    };
    if !refunds::save(tx, &ended).await? {
        return Ok(());
    }
    let payment = payment(tx, &ended).await?;
    if status == RefundStatus::Failed {
        return take_back(tx, &ended, &order, payment).await;
    }
    let is_last = !refunds::is_open(tx, payment.id).await?;
    let payment = payment.refund_paid(is_last, now);
    if !payments::save(tx, &payment).await? {
        return Err(tx.conflict());
    }
    let transfer = Transfer::refund_paid(ended.id, &order, ended.amount);
    ledger::add(tx, &transfer).await?;
    tell(tx, &payment).await
}

async fn take_back(
    tx: &mut Tx,
    refund: &Refund,
    order: &Order,
    payment: Payment,
) -> Result<(), DbError> {
    let now = tx.now();
    let payment = payment.refund_failed(refund.amount, now);
    if !payments::save(tx, &payment).await? {
        return Err(tx.conflict());
    }
    ledger::undo(tx, &Transfer::name_of_refund(refund.id)).await?;
    if let Some(terms) = &order.terms {
        freeze_more(tx, order, terms.seller, refund.id).await?;
    }
    tell(tx, &payment).await
}

/// Sets the time of the next try at the gateway.
pub async fn postpone_refund(tx: &mut Tx, due: &Due, why: Silence) -> Result<(), DbError> {
    let pause = super::pause(tx, due.tries, why);
    refunds::postpone(tx, due, pause, why.round(due.round)).await
}

/// What became of the news that a refund did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounced {
    /// It is news: the buyer does not have it.
    News,
    /// It was known.
    Known,
    /// It is not known yet that it was on its way: it is to be looked at later.
    TooEarly,
}

/// A refund that was on its way came back: the buyer does not have it.
pub async fn bounce(tx: &mut Tx, id: Uuid) -> Result<Bounced, DbError> {
    // What nobody decided is what somebody else charged: the books do not know what becomes of that, but a person has to.
    let Some(refund) = refunds::find(tx, id).await? else {
        return Ok(Bounced::News);
    };
    let order = held(tx, refund.order).await?;
    // As it is now that nobody else changes it.
    let refund = refunds::find(tx, id).await?.unwrap_or(refund);
    if refund.status == RefundStatus::Pending {
        return Ok(Bounced::TooEarly);
    }
    let Some(bounced) = refund.bounced(tx.now()) else {
        return Ok(Bounced::Known);
    };
    if !refunds::save(tx, &bounced).await? {
        return Err(tx.conflict());
    }
    let payment = payment(tx, &bounced).await?;
    ledger::undo(tx, &Transfer::refund_paid(id, &order, bounced.amount).name).await?;
    take_back(tx, &bounced, &order, payment).await?;
    Ok(Bounced::News)
}

async fn held(tx: &mut Tx, id: OrderId) -> Result<Order, DbError> {
    let order = orders::hold(tx, id).await?;
    order.ok_or_else(|| DbError::Corrupt(format!("a refund of order {id}, which is not there")))
}

async fn payment(tx: &mut Tx, refund: &Refund) -> Result<Payment, DbError> {
    let found = payments::find(tx, refund.payment).await?;
    found.ok_or_else(|| DbError::Corrupt(format!("payment {} is no longer there", refund.payment)))
}
