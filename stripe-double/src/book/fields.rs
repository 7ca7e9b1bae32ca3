//! Putting together what an object looks like on the wire.

use serde_json::Value;

/// Adds the fields of `more` to an object.
pub(super) fn joined(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

/// Adds fields that an object of the double never has anything in: Stripe shows them as null.
pub(super) fn with_nulls(mut object: Value, names: &[&str]) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.extend(names.iter().map(|name| ((*name).to_owned(), Value::Null)));
    }
    object
}
