//! English: what the page of an order says.

use crate::catalogue::{CardForm, Order, Refusal};

pub(super) const WORDS: Order = Order {
    created: Refusal {
        title: "Reserving your ticket",
        text: "It is being locked for you. This takes a moment.",
    },
    awaiting: Refusal {
        title: "It is yours while you pay",
        text: "Nobody else can buy this ticket until the time is over.",
    },
    bank: Refusal {
        title: "Your bank wants to hear from you",
        text: "It asks whether it is you who pays. Nothing is charged before you have told it.",
    },
    processing: Refusal {
        title: "Your bank is being asked",
        text: "The outcome is not known yet. You are not charged twice: please do not pay elsewhere.",
    },
    authorized: Refusal {
        title: "Payment accepted",
        text: "Your ticket is being made yours.",
    },
    over: Refusal {
        title: "The time is over",
        text: "The reservation is being ended.",
    },
    complete: Refusal {
        title: "The ticket is yours",
        text: "Enjoy it! This is your receipt.",
    },
    refunded: Refusal {
        title: "You were paid back",
        text: "All that you paid goes back to your card. It may take some days until your bank shows it.",
    },
    partly_refunded: "{} of what you paid goes back to your card. It may take some days until your bank shows it.",
    cancelled: Refusal {
        title: "This order has ended",
        text: "",
    },
    came_too_late: "Your payment came too late: the order had ended. All that was charged goes back to your card; it may take some days until your bank shows it.",
    reasons: &[
        ("expired", "It was not paid in time. You are not charged."),
        (
            "cancelled_by_buyer",
            "You cancelled it. You are not charged.",
        ),
        (
            "payment_failed",
            "Your card was declined too often. You are not charged.",
        ),
        (
            "ticket_changed",
            "The listing was changed, withdrawn or sold just before it was yours. You are not charged.",
        ),
        ("account_deleted", "The account was deleted."),
        (
            "capture_failed",
            "Your bank refused the charge after all. You are not charged, and the ticket is for sale again.",
        ),
    ],
    declines: &[
        (
            "insufficient_funds",
            "Your card has too little money on it.",
        ),
        ("expired_card", "Your card has expired."),
        (
            "incorrect_cvc",
            "The security code was not that of your card.",
        ),
        (
            "invalid_cvc",
            "The security code was not that of your card.",
        ),
        ("incorrect_number", "The number was not that of a card."),
        (
            "processing_error",
            "Your card could not be processed at this moment.",
        ),
        (
            "card_velocity_exceeded",
            "Your card was used too often, or for too much.",
        ),
        (
            "currency_not_supported",
            "Your card cannot be charged in this currency.",
        ),
        (
            "authentication_required",
            "Your bank wanted to hear from you, and did not.",
        ),
        (
            "payment_intent_authentication_failure",
            "You did not confirm this payment with your bank, or it did not recognise you.",
        ),
        (
            "authentication_abandoned",
            "You did not confirm this payment with your bank, and began another one.",
        ),
        (
            "not_processed",
            "Your payment could not be processed, and nothing was charged.",
        ),
    ],
    declined: "Your card was declined.",
    one_try_left: "You can try once more.",
    tries_left: "You can try {} more times.",
    please_wait: "Please wait; this page goes on by itself.",
    time_left: "Time left to pay:",
    test_card: "Choose a test card",
    no_money: "This marketplace runs with its built-in test gateway. No money moves.",
    test_cards: &[
        ("tok_visa", "Visa", "is accepted"),
        ("tok_chargeDeclined", "Declined card", "is declined"),
        (
            "tok_chargeDeclinedInsufficientFunds",
            "Empty card",
            "is declined for lack of funds",
        ),
        (
            "tok_chargeDeclinedExpiredCard",
            "Old card",
            "is declined as expired",
        ),
    ],
    wrong_card: "Choose one of the test cards.",
    form: CardForm {
        heading: "Pay by card",
        hint: "What you enter goes to Stripe, who takes the payment. We never see the number of your card.",
        loading: "The form for your card is being loaded.",
        needs_scripts: "Paying by card needs JavaScript: the number of your card then goes to Stripe alone, and never to us. Please turn it on, and load this page again.",
        unavailable: "The form for your card cannot be loaded. Please look at your connection, and load this page again.",
        failed: "That did not work, and nothing was charged. Please try again.",
        none: "Cards cannot be taken on this page. Nothing is charged; you can cancel this order.",
    },
    wrong_token: "That could not be used as a card, and nothing was charged. Please enter it once more.",
    to_bank: "Continue with your bank",
    bank_needs_scripts: "Your bank can ask you only with JavaScript. Please turn it on, and load this page again; or cancel the order, and nothing is charged.",
    bank_elsewhere: "This payment was begun elsewhere, and has to be confirmed there.",
    another_card: "Use another card instead",
    pay: "Pay {}",
    print: "Print",
    back_to_ticket: "Look at the ticket",
    cancel: "Cancel this order",
    cannot_cancel: "This order is complete, and can no longer be cancelled.",
    price: "Price",
    fee: "Fee",
    total: "Total",
    number: "Order",
    reserved_on: "Reserved on",
    payment: "Payment",
    paid_back: "Paid back",
    bank_state: "Waits for you to confirm it with your bank",
    authorized_state: "Held on your card; it is charged in a moment",
    captured_state: "Paid on {}",
    releasing_state: "Being released: your card is not charged",
    voided_state: "Released: your card is not charged",
    refunded_state: "Paid back",
};
