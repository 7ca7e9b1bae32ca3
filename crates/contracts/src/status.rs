//! The states and reasons that HTTP bodies, events and databases share.
//!
//! Owns their words. Which change of state is legal is decided by the service that owns the aggregate, never here.

pub use crate::words::UnknownWord;
use crate::words::words;

words! {
    /// Whether a listing can be bought.
    TicketStatus: "ticket status" {
        /// For sale.
        Available = "available",
        /// Locked by a live order that is not paid yet.
        Reserved = "reserved",
        /// Bought and paid.
        Sold = "sold",
        /// Taken off the market by its seller, or because the seller's account is gone.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Where an order stands.
    OrderStatus: "order status" {
        /// Reserved at orders; tickets has not confirmed the lock yet.
        Created = "created",
        /// The ticket is locked for this order, which may now be paid.
        AwaitingPayment = "awaiting:payment",
        /// Paid: the buyer has the ticket.
        Complete = "complete",
        /// Ended without the ticket; `cancelReason` says why.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why an order was cancelled.
    CancelReason: "cancel reason" {
        /// The lock ran out before it was paid.
        Expired = "expired",
        /// The buyer gave it up.
        CancelledByBuyer = "cancelled_by_buyer",
        /// The last permitted attempt to pay was declined.
        PaymentFailed = "payment_failed",
        /// Tickets refused the lock: the listing was edited, withdrawn or sold meanwhile.
        TicketChanged = "ticket_changed",
        /// The buyer's account was deleted.
        AccountDeleted = "account_deleted",
        /// The authorized amount could not be captured, for good.
        CaptureFailed = "capture_failed",
    }
}

words! {
    /// Where a payment stands.
    PaymentStatus: "payment status" {
        /// Under way; its outcome is not known yet.
        Processing = "processing",
        /// The payer must confirm it with their bank.
        RequiresAction = "requires_action",
        /// The amount is held on the card, not charged.
        Authorized = "authorized",
        /// The amount was charged.
        Captured = "captured",
        /// The card was declined; nothing was charged.
        Declined = "declined",
        /// The authorization was released; nothing was charged.
        Voided = "voided",
        /// The held amount could not be charged, for good.
        CaptureFailed = "capture_failed",
        /// The amount was charged and given back.
        Refunded = "refunded",
    }
}

words! {
    /// Why tickets refused to lock a listing for an order.
    RefusalReason: "refusal reason" {
        /// The listing was edited after the version that the buyer saw.
        Changed = "changed",
        /// The listing was withdrawn.
        Withdrawn = "withdrawn",
        /// The ticket is sold.
        Sold = "sold",
        /// There is no such listing.
        Unknown = "unknown",
    }
}

words! {
    /// What a line of a seller's statement is for.
    StatementKind: "kind of statement line" {
        /// A ticket was sold.
        Sale = "sale",
        /// The marketplace gave a buyer money back.
        Refund = "refund",
        /// A refund or a sale did not happen after all.
        Undo = "undo",
        /// The seller was paid.
        Payout = "payout",
        /// A buyer's bank asks for the money, which is kept from the seller meanwhile.
        Freeze = "freeze",
        /// The bank gave up: the money is the seller's again.
        Thaw = "thaw",
    }
}
