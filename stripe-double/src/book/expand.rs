//! Putting objects in the place of their ids (<https://docs.stripe.com/api/expanding_objects>).

use serde_json::{Value, json};

use super::Book;
use super::refusal::{Refusal, Refused};

/// As documented.
const DEEPEST: usize = 4;
/// The fields that have an id of an object that the book knows.
const EXPANDABLE: [&str; 7] = [
    "balance_transaction",
    "charge",
    "failure_balance_transaction",
    "latest_charge",
    "payment_intent",
    "payment_method",
    "source",
];

/// What is wrong with paths, before anything is done.
pub(crate) fn check_paths(paths: &[String]) -> Result<(), Refused> {
    for path in paths {
        let known = |step: &str| {
            EXPANDABLE.contains(&step) || ["data", "last_payment_error"].contains(&step)
        };
        if !path.split('.').all(known) {
            return Err(cannot(path));
        }
        if path.split('.').count() > DEEPEST {
            let message = format!("You cannot expand more than {DEEPEST} levels: {path}");
            return Err(Refusal::parameter(None, "expand", message));
        }
    }
    Ok(())
}

/// Puts the object in place that `path` leads to, as in `latest_charge.balance_transaction`, or `data.charge` in a
/// list.
pub(crate) fn expand(book: &Book, value: &mut Value, path: &str) -> Result<(), Refused> {
    let steps: Vec<&str> = path.split('.').collect();
    follow(book, value, &steps, path)
}

fn follow(book: &Book, value: &mut Value, steps: &[&str], path: &str) -> Result<(), Refused> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(());
    };
    let Some(field) = value.get_mut(*step) else {
        return Err(cannot(path));
    };
    match field {
        Value::Array(items) if *step == "data" => {
            for item in items {
                follow(book, item, rest, path)?;
            }
            Ok(())
        }
        Value::String(id) if EXPANDABLE.contains(step) => {
            *field = book
                .object(id)
                .map(|object| whole(book, object))
                .unwrap_or(Value::Null);
            follow(book, field, rest, path)
        }
        // It leads to nothing here, or stands there already.
        Value::Null if EXPANDABLE.contains(step) => Ok(()),
        Value::Object(_) => follow(book, field, rest, path),
        _ => Err(cannot(path)),
    }
}

fn cannot(path: &str) -> Refused {
    let message = format!("This property cannot be expanded: {path}");
    Refusal::parameter(None, "expand", message)
}

/// What is always whole: the balance transactions of a dispute.
pub(crate) fn whole(book: &Book, mut object: Value) -> Value {
    if let Some(Value::Array(transactions)) = object.get_mut("balance_transactions") {
        for transaction in transactions {
            let id = transaction.as_str().unwrap_or_default();
            *transaction = json!(book.object(id));
        }
    }
    object
}
