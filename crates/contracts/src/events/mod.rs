//! The events: what each service tells the others about what it owns.
//!
//! Owns the one table of events below. A new event is a line in it, a data type in its group's file, and a
//! sample in `tests/golden`. Data holds the aggregate's full public state, so that a consumer can apply an
//! event without those before it; it never holds an e-mail address or a name of a person.

mod envelope;
mod expiration;
mod order;
mod payment;
mod session;
mod ticket;
mod user;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

pub use envelope::{Event, EventError};
pub use expiration::ExpirationComplete;
pub use order::{OrderState, OrderTicket};
pub use payment::PaymentState;
pub use session::SessionEnded;
pub use ticket::{TicketRefused, TicketState};
pub use user::UserState;

use crate::words::words;

/// One line of the table: `Event(Data) = type, NATS subject`.
macro_rules! events {
    ($( $(#[doc = $doc:literal])+ $event:ident($data:ident) = $name:literal, $nats_subject:literal; )+) => {
        words! {
            /// What happened, and to which kind of aggregate.
            EventType: "event type" {
                $( $(#[doc = $doc])+ $event = $name, )+
            }
        }

        impl EventType {
            /// The subject that it is published under: `tessera.order.created`.
            #[must_use]
            pub const fn nats_subject(self) -> &'static str {
                match self {
                    $( Self::$event => $nats_subject, )+
                }
            }

            /// The `dataschema` attribute: the name of the form of the data.
            #[must_use]
            pub const fn data_schema(self) -> &'static str {
                match self {
                    $( Self::$event => concat!("urn:tessera:event:", $name, ":1"), )+
                }
            }

            fn read_data(self, data: &RawValue) -> serde_json::Result<EventData> {
                match self {
                    $( Self::$event => serde_json::from_str(data.get()).map(EventData::$event), )+
                }
            }
        }

        /// What happened, with the state that it left.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum EventData {
            $( $(#[doc = $doc])+ $event($data), )+
        }

        impl EventData {
            /// The type of the event.
            #[must_use]
            pub const fn event_type(&self) -> EventType {
                match self {
                    $( Self::$event(_) => EventType::$event, )+
                }
            }

            /// The id of the aggregate that it is about.
            #[must_use]
            pub const fn subject(&self) -> Uuid {
                match self {
                    $( Self::$event(data) => data.subject(), )+
                }
            }
        }

        impl Serialize for EventData {
            /// The bare data; the type is told by the envelope.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$event(data) => data.serialize(serializer), )+
                }
            }
        }

        /// The name and the schema of an event's data.
        #[must_use]
        pub fn schema(event: EventType) -> NamedSchema {
            match event {
                $( EventType::$event => named::<$data>(), )+
            }
        }

        /// The schemas that the event's own refers to, directly or not.
        fn parts(event: EventType) -> Vec<NamedSchema> {
            let mut parts = Vec::new();
            match event {
                $( EventType::$event => $data::schemas(&mut parts), )+
            }
            parts
        }
    };
}

/// The schemas of all events' data, with those that they refer to, by name.
#[must_use]
pub fn schemas() -> BTreeMap<String, RefOr<Schema>> {
    let all = EventType::ALL.iter().copied();
    all.flat_map(|event| std::iter::once(schema(event)).chain(parts(event)))
        .collect()
}

/// A schema with the name that others refer to it by.
pub type NamedSchema = (String, RefOr<Schema>);

fn named<T: ToSchema>() -> NamedSchema {
    (T::name().into_owned(), T::schema())
}

events! {
    /// A ticket was listed.
    TicketCreated(TicketState) = "ticket:created", "tessera.ticket.created";
    /// A listing changed: an edit, a lock, a release, a sale or a withdrawal.
    TicketUpdated(TicketState) = "ticket:updated", "tessera.ticket.updated";
    /// An order does not get the lock that it asked for.
    TicketRefused(TicketRefused) = "ticket:refused", "tessera.ticket.refused";
    /// An order was made, and asks for the lock.
    OrderCreated(OrderState) = "order:created", "tessera.order.created";
    /// An order got its lock, and may be paid.
    OrderUpdated(OrderState) = "order:updated", "tessera.order.updated";
    /// An order ended without the ticket.
    OrderCancelled(OrderState) = "order:cancelled", "tessera.order.cancelled";
    /// An order is paid: the ticket is sold.
    OrderCompleted(OrderState) = "order:completed", "tessera.order.completed";
    /// Someone signed up.
    UserRegistered(UserState) = "user:registered", "tessera.user.registered";
    /// Someone deleted their account.
    UserDeleted(UserState) = "user:deleted", "tessera.user.deleted";
    /// A session ended before its tokens do.
    SessionEnded(SessionEnded) = "session:ended", "tessera.session.ended";
    /// The lock of an order is past its end.
    ExpirationComplete(ExpirationComplete) = "expiration:complete", "tessera.expiration.complete";
    /// A card was authorized for an order.
    PaymentCreated(PaymentState) = "payment:created", "tessera.payment.created";
    /// The authorized amount was charged.
    PaymentCaptured(PaymentState) = "payment:captured", "tessera.payment.captured";
    /// No payment of the order will succeed: its last attempt was declined, or its capture refused for good.
    PaymentFailed(PaymentState) = "payment:failed", "tessera.payment.failed";
    /// The authorization was released: nothing was charged.
    PaymentVoided(PaymentState) = "payment:voided", "tessera.payment.voided";
    /// What of a payment is given back has changed: `refunded` says how much it is.
    PaymentRefunded(PaymentState) = "payment:refunded", "tessera.payment.refunded";
}

impl EventType {
    /// The `type` attribute, `order:created`: the name that everybody uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.as_str()
    }
}
