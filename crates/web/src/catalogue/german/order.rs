//! German: what the page of an order says.

use crate::catalogue::{CardForm, Order, Refusal};

pub(super) const WORDS: Order = Order {
    created: Refusal {
        title: "Dein Ticket wird reserviert",
        text: "Es wird gerade für dich gesperrt. Das dauert einen Augenblick.",
    },
    awaiting: Refusal {
        title: "Es gehört dir, während du bezahlst",
        text: "Niemand sonst kann dieses Ticket kaufen, bis die Zeit abgelaufen ist.",
    },
    bank: Refusal {
        title: "Deine Bank will von dir hören",
        text: "Sie fragt, ob wirklich du bezahlst. Bevor du es ihr gesagt hast, zahlst du nichts.",
    },
    processing: Refusal {
        title: "Deine Bank wird gefragt",
        text: "Das Ergebnis steht noch aus. Du zahlst nicht doppelt: Bitte bezahle nicht anderswo.",
    },
    authorized: Refusal {
        title: "Zahlung angenommen",
        text: "Das Ticket wird gerade deins.",
    },
    over: Refusal {
        title: "Die Zeit ist abgelaufen",
        text: "Die Reservierung wird beendet.",
    },
    complete: Refusal {
        title: "Das Ticket gehört dir",
        text: "Viel Freude damit! Das ist dein Beleg.",
    },
    refunded: Refusal {
        title: "Du bekommst dein Geld zurück",
        text: "Alles, was du bezahlt hast, geht zurück auf deine Karte. Bis deine Bank es zeigt, können einige Tage vergehen.",
    },
    partly_refunded: "{} von dem, was du bezahlt hast, gehen zurück auf deine Karte. Bis deine Bank es zeigt, können einige Tage vergehen.",
    cancelled: Refusal {
        title: "Diese Bestellung ist beendet",
        text: "",
    },
    came_too_late: "Deine Zahlung kam zu spät: Die Bestellung war schon beendet. Alles, was abgebucht wurde, geht zurück auf deine Karte; bis deine Bank es zeigt, können einige Tage vergehen.",
    reasons: &[
        (
            "expired",
            "Sie wurde nicht rechtzeitig bezahlt. Du zahlst nichts.",
        ),
        (
            "cancelled_by_buyer",
            "Du hast sie storniert. Du zahlst nichts.",
        ),
        (
            "payment_failed",
            "Deine Karte wurde zu oft abgelehnt. Du zahlst nichts.",
        ),
        (
            "ticket_changed",
            "Das Angebot wurde geändert, zurückgezogen oder verkauft, kurz bevor es deins war. Du zahlst nichts.",
        ),
        ("account_deleted", "Das Konto wurde gelöscht."),
        (
            "capture_failed",
            "Deine Bank hat die Zahlung am Ende doch verweigert. Du zahlst nichts, und das Ticket ist wieder zu haben.",
        ),
    ],
    declines: &[
        ("insufficient_funds", "Auf deiner Karte ist zu wenig Geld."),
        ("expired_card", "Deine Karte ist abgelaufen."),
        (
            "incorrect_cvc",
            "Die Prüfziffer war nicht die deiner Karte.",
        ),
        ("invalid_cvc", "Die Prüfziffer war nicht die deiner Karte."),
        ("incorrect_number", "Die Nummer war nicht die einer Karte."),
        (
            "processing_error",
            "Deine Karte ließ sich in diesem Augenblick nicht belasten.",
        ),
        (
            "card_velocity_exceeded",
            "Deine Karte wurde zu oft oder für zu viel verwendet.",
        ),
        (
            "currency_not_supported",
            "In dieser Währung lässt sich deine Karte nicht belasten.",
        ),
        (
            "authentication_required",
            "Deine Bank wollte von dir hören und hat es nicht.",
        ),
        (
            "payment_intent_authentication_failure",
            "Du hast diese Zahlung bei deiner Bank nicht bestätigt, oder sie hat dich nicht erkannt.",
        ),
        (
            "authentication_abandoned",
            "Du hast diese Zahlung bei deiner Bank nicht bestätigt und eine andere begonnen.",
        ),
        (
            "not_processed",
            "Deine Zahlung ließ sich nicht ausführen, und es wurde nichts abgebucht.",
        ),
    ],
    declined: "Deine Karte wurde abgelehnt.",
    one_try_left: "Du kannst es noch einmal versuchen.",
    tries_left: "Du kannst es noch {}-mal versuchen.",
    please_wait: "Bitte warte; diese Seite geht von selbst weiter.",
    time_left: "Zeit zum Bezahlen:",
    test_card: "Wähle eine Testkarte",
    no_money: "Dieser Marktplatz läuft mit seiner eingebauten Testkasse. Es fließt kein Geld.",
    test_cards: &[
        ("tok_visa", "Visa", "wird angenommen"),
        ("tok_chargeDeclined", "Abgelehnte Karte", "wird abgelehnt"),
        (
            "tok_chargeDeclinedInsufficientFunds",
            "Leere Karte",
            "wird mangels Deckung abgelehnt",
        ),
        (
            "tok_chargeDeclinedExpiredCard",
            "Alte Karte",
            "wird als abgelaufen abgelehnt",
        ),
    ],
    wrong_card: "Wähle eine der Testkarten.",
    form: CardForm {
        heading: "Mit Karte bezahlen",
        hint: "Was du eingibst, geht an Stripe, wo die Zahlung abgewickelt wird. Wir sehen die Nummer deiner Karte nie.",
        loading: "Das Formular für deine Karte wird geladen.",
        needs_scripts: "Mit Karte bezahlst du nur mit JavaScript: Die Nummer deiner Karte geht dann allein an Stripe und nie an uns. Bitte schalte es ein und lade die Seite neu.",
        unavailable: "Das Formular für deine Karte lässt sich nicht laden. Bitte prüfe deine Verbindung und lade die Seite neu.",
        failed: "Das hat nicht geklappt, und es wurde nichts abgebucht. Bitte versuche es noch einmal.",
        none: "Karten nimmt diese Seite nicht an. Du zahlst nichts und kannst diese Bestellung stornieren.",
    },
    wrong_token: "Das ließ sich nicht als Karte verwenden, und es wurde nichts abgebucht. Bitte gib sie noch einmal ein.",
    to_bank: "Weiter zu deiner Bank",
    bank_needs_scripts: "Deine Bank kann dich nur mit JavaScript fragen. Bitte schalte es ein und lade die Seite neu; oder storniere die Bestellung, dann zahlst du nichts.",
    bank_elsewhere: "Diese Zahlung wurde anderswo begonnen und muss dort bestätigt werden.",
    another_card: "Stattdessen eine andere Karte nehmen",
    pay: "{} bezahlen",
    print: "Drucken",
    back_to_ticket: "Zum Ticket",
    cancel: "Bestellung stornieren",
    cannot_cancel: "Diese Bestellung ist bezahlt und lässt sich nicht mehr stornieren.",
    price: "Preis",
    fee: "Gebühr",
    total: "Summe",
    number: "Bestellung",
    reserved_on: "Reserviert am",
    payment: "Zahlung",
    paid_back: "Zurückgezahlt",
    bank_state: "Wartet darauf, dass du sie bei deiner Bank bestätigst",
    authorized_state: "Auf deiner Karte vorgemerkt; wird gleich belastet",
    captured_state: "Bezahlt am {}",
    releasing_state: "Wird freigegeben: Deine Karte wird nicht belastet",
    voided_state: "Freigegeben: Deine Karte wird nicht belastet",
    refunded_state: "Zurückgezahlt",
};
