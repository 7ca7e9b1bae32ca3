//! How a refund turns out later (<https://docs.stripe.com/refunds#failed-refunds>).

use super::balance::signed;
use super::refund::{Refund, Standing};
use super::refusal::Refused;
use super::{Book, MovementKind};

impl Book {
    /// A refund that went through comes back: the card is no more. Answers whether there was one to fail.
    pub(crate) fn fail_refund(&mut self, id: &str) -> Result<bool, Refused> {
        let standing = self.refunds.find(id, "refund")?.standing;
        if let Standing::Failed(_) = standing {
            return Ok(false);
        }
        self.turn_refund(id, Standing::Failed("expired_or_canceled_card"))?;
        Ok(true)
    }

    pub(super) fn settle_refunds_that_are_due(&mut self) {
        let now = self.now;
        let due = |refund: &Refund| refund.turns.filter(|(at, _)| *at <= now);
        let due = self
            .refunds
            .iter()
            .filter_map(|refund| Some((refund.id.clone(), due(refund)?.1)));
        for (id, standing) in due.collect::<Vec<_>>() {
            // Each of them is there.
            let _turned = self.turn_refund(&id, standing);
        }
    }

    fn turn_refund(&mut self, id: &str, standing: Standing) -> Result<(), Refused> {
        let refund = self.refunds.find_mut(id, "refund")?;
        refund.standing = standing;
        refund.turns = None;
        let (amount, currency) = (refund.amount, refund.currency.clone());
        let charge_id = refund.charge.clone();
        if let Standing::Failed(_) = standing {
            let back = self.account("refund_failure", id, signed(amount), 0, currency);
            self.refunds.find_mut(id, "refund")?.failure_transaction = Some(back);
            // The documents do not say so outright; a charge can be refunded anew after a refund failed.
            let charge = self.charges.find_mut(&charge_id, "charge")?;
            charge.refunded = charge.refunded.saturating_sub(amount);
            let charge = charge.clone();
            self.moved(MovementKind::RefundFailed, &charge, amount);
        }
        self.announce_refund("refund.updated", id);
        self.announce_refund("charge.refund.updated", id);
        if let Standing::Failed(_) = standing {
            self.announce_refund("refund.failed", id);
        }
        Ok(())
    }
}
