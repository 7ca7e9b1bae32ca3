//! The card gateway: a book of its own, in which each attempt has one entry, however often and by whomever it is asked.
//!
//! The code: the port `payments::gateway`, and `payments::gateway::test_gateway`, which is what of a real gateway counts here.

use crate::state::{Book, Row, Word};

/// What the gateway makes of a wish that it may grant or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It does as asked.
    Granted,
    /// It declines the card, or refuses the capture for good.
    Refused,
}

/// What becomes of an entry, and the answer, when the gateway is asked what a row is to ask. `None` where there is nothing
/// to ask, or nothing left for it to refuse.
pub fn ask(row: Row, book: Book, verdict: Verdict) -> Option<(Book, Word)> {
    let is_granted = verdict == Verdict::Granted;
    let (book, word) = match (row, book) {
        (Row::Processing, Book::Nothing) if is_granted => (Book::Held, Word::Authorized),
        (Row::Processing, Book::Nothing) => (Book::Declined, Word::Declined),
        (Row::Capturing, Book::Held) if is_granted => (Book::Charged, Word::Captured),
        (Row::Capturing, Book::Held) => (Book::Lapsed, Word::CaptureRefused),
        // From here on it only says once more what it said, or can do but one thing.
        _ if !is_granted => return None,
        (Row::Processing, Book::Declined) => (Book::Declined, Word::Declined),
        (Row::Processing, Book::Held) => (Book::Held, Word::Authorized),
        (Row::Capturing, Book::Charged) => (Book::Charged, Word::Captured),
        (Row::Capturing, Book::Lapsed) => (Book::Lapsed, Word::CaptureRefused),
        (Row::Voiding, Book::Held | Book::Released) => (Book::Released, Word::Voided),
        (Row::Voiding, Book::Lapsed) => (Book::Lapsed, Word::Voided),
        _ => return None,
    };
    Some((book, word))
}
