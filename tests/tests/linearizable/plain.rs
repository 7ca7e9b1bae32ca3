//! The search without memory and without shortcuts, for histories of a few operations: what the checker is measured
//! by. It must share nothing with it but the specification.

use crate::history::Operation;
use crate::lock::{Effect, Lock};

/// Whether any order explains the history: all of them are tried.
pub fn is_explained(history: &[Operation]) -> bool {
    let left: Vec<usize> = (0..history.len()).collect();
    can_go_on(history, &left, &Lock::default())
}

fn can_go_on(history: &[Operation], left: &[usize], lock: &Lock) -> bool {
    let answers = left.iter().filter_map(|number| history[*number].answered);
    let Some(first_answer) = answers.min() else {
        return true;
    };
    // The lock may expire before anything else is done.
    if let Some(expired) = lock.expired(first_answer)
        && can_go_on(history, left, &expired)
    {
        return true;
    }
    left.iter().enumerate().any(|(place, number)| {
        let operation = &history[*number];
        // What began after another one was answered comes after it.
        if operation.begun > first_answer {
            return false;
        }
        let lock = match lock.by(&operation.deed) {
            Some(Effect::Now(lock)) => lock,
            Some(Effect::Nothing) => lock.clone(),
            None => return false,
        };
        let mut left = left.to_vec();
        left.remove(place);
        can_go_on(history, &left, &lock)
    })
}
