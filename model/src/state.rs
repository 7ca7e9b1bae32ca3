//! One moment of the marketplace: what each service has committed, what the gateway has in its book, and
//! the little that is only in somebody's memory.
//!
//! Everything but [`Payment::asked`] is durable: a crash leaves it as it is.

use crate::letters::{Event, Letters, VERSIONS};
use crate::names::{Asker, Buyer, Id, PerOrder, PerTry, Try};

/// Where the listing stands: `tickets::domain::State`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is free.
    #[default]
    Available,
    /// This order holds it.
    Reserved(Id),
    /// This order is paid.
    Sold(Id),
    /// Taken off the market, for good.
    Withdrawn,
}

impl Standing {
    /// The order that holds it or bought it.
    pub fn order(self) -> Option<Id> {
        match self {
            Standing::Reserved(id) | Standing::Sold(id) => Some(id),
            Standing::Available | Standing::Withdrawn => None,
        }
    }
}

/// What tickets keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tickets {
    /// One more with every change.
    pub version: u8,
    /// The version that the last edit made.
    pub edit_version: u8,
    /// What each version said: the events in its outbox, of which the last is how the listing stands.
    said: [Standing; VERSIONS as usize],
    /// The orders that wait behind the holder.
    pub waiting: PerOrder<bool>,
    /// The highest version that is known of each order, plus one: `platform::versions`.
    pub known: PerOrder<u8>,
}

impl Tickets {
    /// How the listing stands.
    pub fn standing(&self) -> Standing {
        self.said(self.version)
    }

    /// How it stood at a version.
    pub fn said(&self, version: u8) -> Standing {
        self.said
            .get(usize::from(version))
            .copied()
            .unwrap_or_default()
    }

    /// Whether it can change once more: bounds that let it do so too often are too wide for the model.
    pub fn has_room(&self) -> bool {
        self.version + 1 < VERSIONS
    }

    /// Forgets what the versions said of which nobody is to hear any more.
    fn forget(&mut self, on_the_way: Letters) {
        for (version, place) in (0..self.version).zip(&mut self.said) {
            let is_to_come = on_the_way.has(Event::TicketUpdated(version));
            *place = if is_to_come {
                *place
            } else {
                Standing::Available
            };
        }
    }

    /// Makes the next version.
    pub fn change(&mut self, standing: Standing) {
        self.version += 1;
        if let Some(place) = self.said.get_mut(usize::from(self.version)) {
            *place = standing;
        }
    }
}

/// Why an order ended without its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody paid in time.
    Expired,
    /// Its buyer changed their mind.
    CancelledByBuyer,
    /// All attempts to pay were declined.
    PaymentFailed,
    /// Tickets refused the lock.
    TicketChanged,
    /// It was complete, and the money could not be taken.
    CaptureFailed,
    /// One of those before the last, and nobody looks any more which one.
    Past,
}

/// Where an order stands: `orders::domain::State`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is not made yet.
    #[default]
    None,
    /// Tickets has not answered yet.
    Created,
    /// It may be paid.
    AwaitingPayment,
    /// It is paid.
    Complete,
    /// It ended without its ticket.
    Cancelled(Reason),
}

impl Status {
    /// Whether it has the ticket, or is about to.
    pub fn is_live(self) -> bool {
        self.is_unpaid() || self == Status::Complete
    }

    /// Whether it can still expire.
    pub fn is_unpaid(self) -> bool {
        matches!(self, Status::Created | Status::AwaitingPayment)
    }
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Order {
    /// Where it stands.
    pub status: Status,
    /// One more with every change.
    pub version: u8,
    /// Whose it is.
    pub buyer: Option<Buyer>,
    /// The version of the listing that its buyer saw.
    pub seen: u8,
    /// Whether its deadline has passed by the clock of orders. Of no interest once it is not unpaid.
    pub is_over: bool,
}

/// A deadline at expiration, as the table `deadlines` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deadline {
    /// The order is not heard of.
    #[default]
    Unknown,
    /// It waits.
    Waiting,
    /// `expiration:complete` is in the outbox.
    Told,
    /// The order ended, or is paid.
    Ended,
}

/// An order as payments knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Copied {
    /// The version, plus one.
    pub known: u8,
    /// Where it stood.
    pub status: Status,
}

/// Where an attempt to pay stands: `payments::domain::State`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// It is not begun.
    #[default]
    None,
    /// The gateway is, or will be, asked to hold the amount.
    Processing,
    /// The amount is held, and orders is to say what becomes of it.
    Authorized,
    /// It is to be charged.
    Capturing,
    /// It is to be released.
    Voiding,
    /// It was charged.
    Captured,
    /// The card was declined.
    Declined,
    /// It was released.
    Voided,
    /// It will never be charged.
    CaptureFailed,
}

impl Row {
    /// Whether the gateway is still to be asked something.
    pub fn has_intent(self) -> bool {
        matches!(self, Row::Processing | Row::Capturing | Row::Voiding)
    }

    /// Whether the unique index counts it.
    pub fn is_live(self) -> bool {
        matches!(
            self,
            Row::Processing | Row::Authorized | Row::Capturing | Row::Voiding | Row::Captured
        )
    }
}

/// How the gateway has an attempt in its book, which is as durable as any database here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Book {
    /// It was never asked.
    #[default]
    Nothing,
    /// It declined the card.
    Declined,
    /// It holds the amount.
    Held,
    /// It charged the amount.
    Charged,
    /// It released the amount.
    Released,
    /// It refused to charge the amount, and holds it no longer.
    Lapsed,
}

/// What the gateway answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// The amount is held.
    Authorized,
    /// The card was declined.
    Declined,
    /// The amount was charged.
    Captured,
    /// It never will be.
    CaptureRefused,
    /// It was released.
    Voided,
}

/// An attempt to pay: its row at payments, its entry at the gateway, and who knows an answer that is not
/// recorded yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Payment {
    /// The row.
    pub row: Row,
    /// The entry.
    pub book: Book,
    /// In memory, or on the way: what was answered to one who asked.
    asked: [Option<Word>; 2],
    /// Whether whoever was to ask first has died. Only looked at where no intent is recorded.
    pub is_forgotten: bool,
}

impl Payment {
    /// What an asker was answered, and has not recorded.
    pub fn asked(&self, asker: Asker) -> Option<Word> {
        let [one, other] = self.asked;
        match asker {
            Asker::One => one,
            Asker::Other => other,
        }
    }

    /// Sets it.
    pub fn set_asked(&mut self, asker: Asker, word: Option<Word>) {
        let [one, other] = &mut self.asked;
        match asker {
            Asker::One => *one = word,
            Asker::Other => *other = word,
        }
    }

    /// Which of the askers has which answer makes no difference.
    fn sort_askers(&mut self) {
        self.asked
            .sort_unstable_by_key(|word| word.map_or(u8::MAX, |word| word as u8));
    }

    /// Whether somebody has an answer.
    pub fn is_asked(&self) -> bool {
        self.asked != [None; 2]
    }
}

/// One moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The database of tickets.
    pub tickets: Tickets,
    /// The database of orders: the orders …
    pub orders: PerOrder<Order>,
    /// … and the version of the listing that it knows.
    pub replica: u8,
    /// The database of expiration.
    pub deadlines: PerOrder<Deadline>,
    /// The database of payments: the orders as it knows them …
    pub copies: PerOrder<Copied>,
    /// … and the attempts.
    pub payments: PerOrder<PerTry<Payment>>,
    /// All that was ever committed to be told.
    pub outbox: Letters,
    /// All that was taken in.
    pub inbox: Letters,
    /// Whether something happened that must not. See [`Marks`].
    pub marks: Marks,
}

/// What the model notes for its own use, since a later state would not show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// An event was handled a second time.
    pub handled_twice: bool,
    /// A handler met what cannot be: where the code rejects an event, or logs an error.
    pub impossible: bool,
    /// An order expired before its deadline.
    pub expired_early: bool,
}

impl State {
    /// The ticket is listed, orders knows it, and nothing else has happened.
    pub fn listed() -> State {
        State {
            tickets: Tickets {
                version: 1,
                edit_version: 1,
                said: [Standing::Available; VERSIONS as usize],
                waiting: PerOrder::default(),
                known: PerOrder::default(),
            },
            orders: PerOrder::default(),
            replica: 1,
            deadlines: PerOrder::default(),
            copies: PerOrder::default(),
            payments: PerOrder::default(),
            outbox: Letters::default(),
            inbox: Letters::default(),
            marks: Marks::default(),
        }
    }

    /// Forgets what can have no effect any more, so that states that differ in nothing else are one: letters that were
    /// taken in (the inbox knows them), what older versions of the listing said, and how an order that has ended, and
    /// is settled everywhere, came to its end.
    pub fn forget_what_is_over(&mut self) {
        self.outbox = self.on_the_way();
        self.inbox = Letters::default();
        self.tickets.forget(self.outbox);
        for id in Id::ALL {
            for at in Try::ALL {
                self.payments[id][at].sort_askers();
            }
            let order = &mut self.orders[id];
            if matches!(order.status, Status::Cancelled(reason) if reason != Reason::CaptureFailed)
                && self.deadlines[id] == Deadline::Ended
            {
                order.status = Status::Cancelled(Reason::Past);
                if matches!(self.copies[id].status, Status::Cancelled(_)) {
                    self.copies[id].status = order.status;
                }
            }
            if self.is_over(id) {
                self.orders[id] = Order {
                    status: Status::Cancelled(Reason::Past),
                    buyer: self.orders[id].buyer,
                    ..Order::default()
                };
                self.tickets.known[id] = 1;
                self.copies[id] = Copied {
                    known: 1,
                    status: self.orders[id].status,
                };
                self.payments[id] = PerTry::default();
            }
        }
    }

    /// Whether nothing can happen any more to an order that has ended: each service has heard of it, no money is on
    /// its way, and no letter.
    fn is_over(&self, id: Id) -> bool {
        let (order, copy) = (&self.orders[id], self.copies[id]);
        let is_settled = |payment: &Payment| {
            let is_closed = matches!(
                (payment.row, payment.book),
                (Row::None, Book::Nothing)
                    | (Row::Declined, Book::Declined)
                    | (Row::Voided, Book::Released)
                    | (Row::CaptureFailed, Book::Lapsed)
            );
            is_closed && !payment.is_asked()
        };
        matches!(order.status, Status::Cancelled(_))
            && copy.status == order.status
            && self.deadlines[id] == Deadline::Ended
            && self.tickets.known[id] == order.version + 1
            && !self.tickets.waiting[id]
            && self.tickets.standing().order() != Some(id)
            && !self.outbox.is_about(id)
            && self.payments[id]
                .each()
                .iter()
                .all(|(_, payment)| is_settled(payment))
    }

    /// Commits an event with the change that it tells of: `platform::outbox::append`.
    pub fn append(&mut self, event: Event) {
        self.outbox.append(event);
    }

    /// All attempts to pay, of all orders.
    pub fn attempts(&self) -> impl Iterator<Item = (Id, Try, &Payment)> {
        let orders = self.payments.each().into_iter();
        orders.flat_map(|(id, tries)| tries.each().map(|(at, payment)| (id, at, payment)))
    }

    /// What is committed and not taken in yet.
    pub fn on_the_way(&self) -> Letters {
        self.outbox.without(self.inbox)
    }
}
