//! The lock of one ticket as orders is meant to decide it, one thing after the other: the specification that
//! histories are held against. It knows no server, and no two things at once.

use std::collections::BTreeMap;

use crate::history::{Deed, Micros, Order, Seen};

/// How far the clocks of two readers may be apart: the server cuts its time to milliseconds, and both may be set
/// by some more while a history runs.
pub const TOLERANCE: Micros = 20_000;

/// The lock, and what became of the orders that somebody still asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lock {
    held: Option<Held>,
    fates: BTreeMap<Order, Fate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Held {
    order: Order,
    /// It may expire from here on.
    until: Micros,
}

/// Where an order stands. Of an order that was never made there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fate {
    Created,
    AwaitingPayment,
    Complete,
    Cancelled,
    Expired,
}

/// What a deed does.
#[derive(Debug)]
pub enum Effect {
    Nothing,
    /// The lock is like this from now on.
    Now(Lock),
}

impl Lock {
    /// What this deed does to the lock, if its answer is the right one now.
    pub fn by(&self, deed: &Deed) -> Option<Effect> {
        match deed {
            Deed::Reserve { order, until } => {
                let is_free = self.held.is_none();
                is_free.then(|| Effect::Now(self.taken(*order, *until)))
            }
            Deed::FoundTaken => nothing_if(self.holder().is_some() && !self.is_sold()),
            Deed::FoundSold => nothing_if(self.is_sold()),
            Deed::Cancel { order } => match self.fate(*order)? {
                Fate::Created | Fate::AwaitingPayment => {
                    Some(Effect::Now(self.ended(*order, Fate::Cancelled)))
                }
                Fate::Cancelled | Fate::Expired => Some(Effect::Nothing),
                Fate::Complete => None,
            },
            Deed::CancelledTooLate { order } => {
                nothing_if(self.fate(*order) == Some(Fate::Complete))
            }
            Deed::Look { order, seen } => self.looked_at(*order, *seen),
            // Paying what has ended already, or is complete, comes to nothing.
            Deed::Pay { order } => match self.fate(*order)? {
                Fate::Created | Fate::AwaitingPayment => {
                    Some(Effect::Now(self.moved(*order, Fate::Complete)))
                }
                Fate::Complete | Fate::Cancelled | Fate::Expired => Some(Effect::Nothing),
            },
            Deed::Strange(_) => None,
        }
    }

    /// The lock after its deadline, if that may have come by `now`. Nobody asks for this, and nobody is told.
    pub fn expired(&self, now: Micros) -> Option<Lock> {
        let held = self.held?;
        let may = !self.is_sold() && held.until <= now.saturating_add(TOLERANCE);
        may.then(|| self.ended(held.order, Fate::Expired))
    }

    /// The order that has the ticket.
    pub fn holder(&self) -> Option<Order> {
        self.held.map(|held| held.order)
    }

    /// Of an order that has ended, and that nobody asks for any more, it makes no difference how it did.
    pub fn forget_unless(&mut self, is_asked: impl Fn(Order) -> bool) {
        let holder = self.holder();
        self.fates
            .retain(|order, _| holder == Some(*order) || is_asked(*order));
    }

    /// In words, for people.
    pub fn told(&self) -> String {
        let ended = self.fates.iter();
        let ended = ended.filter(|(order, _)| self.holder() != Some(**order));
        let ended: Vec<String> = ended
            .map(|(order, fate)| format!("order {order} {fate:?}"))
            .collect();
        let holder = self.holder().map_or("free".to_owned(), |order| {
            let fate = self.fates.get(&order).expect("a holder has a fate");
            format!("held by order {order}, {fate:?}")
        });
        format!("{holder} [{}]", ended.join(", "))
    }

    fn fate(&self, order: Order) -> Option<Fate> {
        self.fates.get(&order).copied()
    }

    fn is_sold(&self) -> bool {
        let holder = self.holder();
        holder.and_then(|order| self.fate(order)) == Some(Fate::Complete)
    }

    fn looked_at(&self, order: Order, seen: Seen) -> Option<Effect> {
        match (self.fate(order)?, seen) {
            // Tickets has confirmed it meanwhile: of that nobody is told either.
            (Fate::Created, Seen::AwaitingPayment) => {
                Some(Effect::Now(self.moved(order, Fate::AwaitingPayment)))
            }
            (Fate::Created, Seen::Created)
            | (Fate::AwaitingPayment, Seen::AwaitingPayment)
            | (Fate::Complete, Seen::Complete)
            | (Fate::Cancelled, Seen::Cancelled)
            | (Fate::Expired, Seen::Expired) => Some(Effect::Nothing),
            _ => None,
        }
    }

    fn taken(&self, order: Order, until: Micros) -> Lock {
        let mut lock = self.moved(order, Fate::Created);
        lock.held = Some(Held { order, until });
        lock
    }

    fn ended(&self, order: Order, fate: Fate) -> Lock {
        let mut lock = self.moved(order, fate);
        lock.held = None;
        lock
    }

    fn moved(&self, order: Order, fate: Fate) -> Lock {
        let mut lock = self.clone();
        lock.fates.insert(order, fate);
        lock
    }
}

fn nothing_if(is_right: bool) -> Option<Effect> {
    is_right.then_some(Effect::Nothing)
}
