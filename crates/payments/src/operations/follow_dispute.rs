//! Follows a chargeback: while it is open, the seller does not get the money of that order; when the bank has decided, it is
//! theirs, or the buyer's.

use tessera_contracts::{Money, PaymentId, UserId};
use tessera_platform::db::{DbError, Tx};
use uuid::Uuid;

use crate::domain::{Account, Intent, Order, Payment, State, Terms, Transfer};
use crate::gateway::{Dispute, DisputeStanding};
use crate::store::{disputes, ledger, orders, payments};

/// What became of the news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It is about no payment of ours.
    NotOurs,
    /// It is not known yet that the card was charged: it is to be followed later.
    TooEarly,
    /// The bank wants another currency than the order's: what that is worth, a person has to say.
    OtherCurrency,
    /// Nothing is new.
    Known,
    /// The seller's money is frozen.
    Frozen,
    /// It is decided, and the books say so.
    Decided,
}

/// Applies what the gateway says of a chargeback.
pub async fn follow_dispute(tx: &mut Tx, news: &Dispute) -> Result<Followed, DbError> {
    let Some(payment) = payments::find(tx, news.key).await? else {
        return Ok(Followed::NotOurs);
    };
    let order = orders::hold(tx, payment.order_id).await?;
    let Some((order, terms)) = order.and_then(|order| Some((order.clone(), order.terms?))) else {
        return Ok(Followed::NotOurs);
    };
    if is_early(&payment) {
        return Ok(Followed::TooEarly);
    }
    if news.amount.currency() != order.total.currency() {
        return Ok(Followed::OtherCurrency);
    }
    let known = disputes::find(tx, &news.id).await?;
    let mut followed = Followed::Known;
    // What the bank wanted at first is what the books go by.
    let (frozen, wanted) = match &known {
        Some(dispute) if dispute.status != disputes::OPEN => return Ok(Followed::Known),
        Some(dispute) => (dispute.frozen, dispute.amount),
        None => {
            followed = Followed::Frozen;
            let frozen = freeze(tx, news, payment.id, &order, &terms).await?;
            (frozen, news.amount)
        }
    };
    let word = match news.standing {
        DisputeStanding::Open => return Ok(followed),
        DisputeStanding::Won => disputes::WON,
        DisputeStanding::Lost => disputes::LOST,
    };
    if !disputes::close(tx, &news.id, word).await? {
        return Ok(Followed::Known);
    }
    let transfer = match news.standing {
        DisputeStanding::Lost => {
            Transfer::chargeback(&news.id, &order, terms.seller, frozen, wanted)
        }
        _ => Transfer::thaw(&news.id, order.id, terms.seller, frozen),
    };
    ledger::add(tx, &transfer).await?;
    Ok(Followed::Decided)
}

/// Whether it can have been charged, and that is not in the books.
fn is_early(payment: &Payment) -> bool {
    match payment.state.intent() {
        Some(Intent::Resolve | Intent::Capture | Intent::Void) => true,
        Some(Intent::Refund) => false,
        None => matches!(payment.state, State::Authorized(_)),
    }
}

/// Keeps from the seller what comes to them of an order while a chargeback of it is open: what a refund would have taken, which
/// failed.
pub async fn freeze_more(
    tx: &mut Tx,
    order: &Order,
    seller: UserId,
    refund: Uuid,
) -> Result<(), DbError> {
    let Some(open) = disputes::open_of(tx, order.id).await? else {
        return Ok(());
    };
    let theirs = ledger::of_order(tx, order.id, Account::Payable).await?;
    let wanted = (open.amount - open.frozen.minor()).max(0);
    let more = Money::new(theirs.clamp(0, wanted), order.total.currency());
    if !disputes::freeze_more(tx, &open, more).await? {
        return Err(tx.conflict());
    }
    let name = format!("{}/{refund}", open.id);
    let transfer = Transfer::freeze(&name, order.id, seller, more);
    ledger::add(tx, &transfer).await.map(drop)
}

/// Keeps from the seller what is theirs of this order, as far as the bank wants it.
async fn freeze(
    tx: &mut Tx,
    news: &Dispute,
    payment: PaymentId,
    order: &Order,
    terms: &Terms,
) -> Result<Money, DbError> {
    let theirs = ledger::of_order(tx, order.id, Account::Payable).await?;
    let wanted = news.amount.minor().max(0);
    let frozen = Money::new(theirs.clamp(0, wanted), order.total.currency());
    disputes::insert(tx, news, payment, order.id, frozen).await?;
    let transfer = Transfer::freeze(&news.id, order.id, terms.seller, frozen);
    ledger::add(tx, &transfer).await?;
    Ok(frozen)
}
