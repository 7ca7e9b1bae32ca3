//! Which kinds of payment methods an intent takes.
//!
//! Since version 2026-09-30.endive nobody says `payment_method_types` any more: Stripe chooses by the account's
//! settings, and a caller may exclude some kinds, or allow but a few
//! (<https://docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents>).

use serde_json::{Value, json};

/// The kinds that the double's account has. Neither redirects.
pub(crate) const KINDS: [&str; 2] = ["card", "link"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    /// Those of the account's settings, without some.
    Dynamic {
        /// Whether whoever pays may be led to another site: `always` or `never`.
        allow_redirects: String,
        excluded: Vec<String>,
    },
    /// These, as far as the account has them.
    Allowed(Vec<String>),
}

impl Kinds {
    /// The kinds that are left: `payment_method_types` on the wire.
    pub(super) fn taken(&self) -> Vec<&'static str> {
        let is_taken = |kind: &&str| match self {
            Kinds::Dynamic { excluded, .. } => !excluded.iter().any(|excluded| excluded == kind),
            Kinds::Allowed(allowed) => allowed.iter().any(|allowed| allowed == kind),
        };
        KINDS.into_iter().filter(is_taken).collect()
    }

    /// Whether Stripe wants to know a way back before it confirms. It says so of dynamic kinds; that it does not of
    /// allowed ones, none of which redirects, is our reading.
    pub(super) fn want_a_way_back(&self) -> bool {
        matches!(self, Kinds::Dynamic { allow_redirects, .. } if allow_redirects == "always")
    }

    /// The fields of the intent that say it.
    pub(super) fn json(&self) -> Value {
        let (automatic, allowed, excluded) = match self {
            Kinds::Dynamic {
                allow_redirects,
                excluded,
            } => {
                let automatic = json!({ "enabled": true, "allow_redirects": allow_redirects });
                let excluded = (!excluded.is_empty()).then_some(excluded);
                (automatic, Value::Null, json!(excluded))
            }
            Kinds::Allowed(allowed) => (Value::Null, json!(allowed), Value::Null),
        };
        json!({
            "allowed_payment_method_types": allowed,
            "automatic_payment_methods": automatic,
            "excluded_payment_method_types": excluded,
            "payment_method_types": self.taken(),
        })
    }
}
