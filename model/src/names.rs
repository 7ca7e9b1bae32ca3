//! What the model calls its orders, its payments and its buyers, and tables with a place for each of them.
//!
//! The names are enums and the tables have fields, so that no place can be missing.

use std::ops::{Index, IndexMut};

/// An order, by the order in which their ids were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// The first one.
    O1,
    /// The second one.
    O2,
    /// The third one.
    O3,
}

impl Id {
    /// All of them, the oldest first.
    pub const ALL: [Id; 3] = [Id::O1, Id::O2, Id::O3];
}

/// An attempt to pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Try {
    /// The first one.
    P1,
    /// The second one, once the first one was declined.
    P2,
}

impl Try {
    /// Both of them.
    pub const ALL: [Try; 2] = [Try::P1, Try::P2];
}

/// Who asks the gateway: any two of the request that began an attempt and the workers of all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// One of them.
    One,
    /// Another one, at the same time.
    Other,
}

/// A buyer. They are alike: the one who reserves first is called Ann.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Buyer {
    /// Whoever reserves first.
    Ann,
    /// The other one.
    Ben,
}

/// Something for each order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PerOrder<T> {
    first: T,
    second: T,
    third: T,
}

impl<T> PerOrder<T> {
    /// All of them, with their orders, the oldest first.
    pub fn each(&self) -> [(Id, &T); 3] {
        [
            (Id::O1, &self.first),
            (Id::O2, &self.second),
            (Id::O3, &self.third),
        ]
    }
}

impl<T> Index<Id> for PerOrder<T> {
    type Output = T;

    fn index(&self, id: Id) -> &T {
        match id {
            Id::O1 => &self.first,
            Id::O2 => &self.second,
            Id::O3 => &self.third,
        }
    }
}

impl<T> IndexMut<Id> for PerOrder<T> {
    fn index_mut(&mut self, id: Id) -> &mut T {
        match id {
            Id::O1 => &mut self.first,
            Id::O2 => &mut self.second,
            Id::O3 => &mut self.third,
        }
    }
}

/// Something for each attempt to pay one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PerTry<T> {
    first: T,
    second: T,
}

impl<T> PerTry<T> {
    /// Both of them, with their attempts.
    pub fn each(&self) -> [(Try, &T); 2] {
        [(Try::P1, &self.first), (Try::P2, &self.second)]
    }
}

impl<T> Index<Try> for PerTry<T> {
    type Output = T;

    fn index(&self, at: Try) -> &T {
        match at {
            Try::P1 => &self.first,
            Try::P2 => &self.second,
        }
    }
}

impl<T> IndexMut<Try> for PerTry<T> {
    fn index_mut(&mut self, at: Try) -> &mut T {
        match at {
            Try::P1 => &mut self.first,
            Try::P2 => &mut self.second,
        }
    }
}
