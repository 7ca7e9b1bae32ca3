//! The objects of one kind, in the order in which they were made.

use std::collections::HashMap;

use serde_json::Value;

use super::refusal::{Refusal, Refused};

/// What stands on a shelf.
pub(crate) trait Kept {
    /// What Stripe calls it in words, as in `No such payment_intent`.
    const NAME: &'static str;
    fn id(&self) -> &str;
    /// Seconds since 1970.
    fn created(&self) -> i64;
    /// As it goes over the wire, with ids where other objects belong.
    fn json(&self) -> Value;
}

pub(crate) struct Shelf<T> {
    items: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        let (items, places) = (Vec::new(), HashMap::new());
        Shelf { items, places }
    }
}

impl<T: Kept> Shelf<T> {
    pub(crate) fn put(&mut self, item: T) {
        self.places.insert(item.id().to_owned(), self.items.len());
        self.items.push(item);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(*self.places.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(*self.places.get(id)?)
    }

    /// The one of this id; `param` is the parameter that named it.
    pub(crate) fn find(&self, id: &str, param: &str) -> Result<&T, Refused> {
        let found = self.get(id);
        found.ok_or_else(|| Refusal::no_such(T::NAME, id, param))
    }

    /// As `find`, to be changed.
    pub(crate) fn find_mut(&mut self, id: &str, param: &str) -> Result<&mut T, Refused> {
        let found = self.get_mut(id);
        found.ok_or_else(|| Refusal::no_such(T::NAME, id, param))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let at = self.places.remove(id)?;
        let item = self.items.remove(at);
        for place in self.places.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
        Some(item)
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn json(&self) -> Vec<Value> {
        self.items.iter().map(T::json).collect()
    }
}
