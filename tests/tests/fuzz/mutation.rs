//! Small changes of what was right: of bytes, and of texts.
//!
//! A change may change nothing (a letter becomes itself): who asks for one looks whether it did.

use proptest::prelude::*;
use proptest::sample::Index;

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    Flip { at: Index, bit: u8 },
    Insert { at: Index, byte: u8 },
    Remove { at: Index },
    Cut { at: Index },
    Double { from: Index, length: Index },
    Swap { one: Index, other: Index },
}

/// Up to three changes, one after the other.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..=3)
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Insert { at, byte }),
        2 => (at(), 0x20..0x7f_u8).prop_map(|(at, byte)| Change::Insert { at, byte }),
        2 => at().prop_map(|at| Change::Remove { at }),
        1 => at().prop_map(|at| Change::Cut { at }),
        1 => (at(), at()).prop_map(|(from, length)| Change::Double { from, length }),
        1 => (at(), at()).prop_map(|(one, other)| Change::Swap { one, other }),
    ]
}

/// `bytes` with these changes.
pub fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        apply(&mut bytes, change);
    }
    bytes
}

/// The same of a text; what is no text any more is read as well as it can be.
pub fn changed_text(text: &str, changes: &[Change]) -> String {
    String::from_utf8_lossy(&changed(text.as_bytes(), changes)).into_owned()
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    // An index has a place in what is not empty alone.
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Flip { at, bit } => bytes[at.index(length)] ^= 1 << bit,
        Change::Insert { at, byte } => bytes.insert(at.index(length + 1), *byte),
        Change::Remove { at } => drop(bytes.remove(at.index(length))),
        Change::Cut { at } => bytes.truncate(at.index(length)),
        Change::Swap { one, other } => bytes.swap(one.index(length), other.index(length)),
        Change::Double {
            from,
            length: taken,
        } => {
            let from = from.index(length);
            let copy = bytes[from..=from + taken.index(length - from)].to_vec();
            bytes.splice(from..from, copy);
        }
    }
}
