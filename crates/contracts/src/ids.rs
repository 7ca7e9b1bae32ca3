//! The ids on the wire: a `UUIDv7` each, of a type of its own, so that no order id is ever taken for a ticket's.
//!
//! Owns their text form. Never draws one: ids are handed in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid, example = "0198c0de-7a11-7000-8000-000000000001")]
        pub struct $name(Uuid);

        impl $name {
            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }
        }
    };
}

id!(
    /// A registered user, as buyer, seller or payer.
    UserId
);
id!(
    /// A ticket that was listed for sale.
    TicketId
);
id!(
    /// An order: one buyer's attempt at one ticket.
    OrderId
);
id!(
    /// A payment: one attempt to pay an order.
    PaymentId
);
id!(
    /// An event. Consumers recognise a duplicate by it, and by nothing else.
    EventId
);
id!(
    /// A signed-in session.
    SessionId
);
