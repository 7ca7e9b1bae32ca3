//! Every write that a browser can be made to send: those of the API and the forms of the pages, each with a request that would do
//! something, and one that is let in and does nothing.

use crate::scene::{Person, Thing};

/// An id that was given to nothing, long ago: nobody waits for its event.
pub const ABSENT: &str = "01890000-0000-7000-8000-000000000001";

/// What a body is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Json,
    Form,
    /// It is not looked at.
    Nothing,
}

/// A line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    pub operation: &'static str,
    pub reads: Reads,
    /// What it would be done to, and whose that is.
    pub thing: Option<(Thing, Person)>,
    /// What Grace's browser would do something by, with `{id}` for the thing's; and how that is answered.
    pub does: (&'static str, u16),
    /// What does nothing, to a thing that is not there; and how that is answered.
    pub does_nothing: (&'static str, u16),
    /// What there is to be seen of it afterwards.
    pub leaves: Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    Nothing,
    /// In what the three can read, or in the number of events.
    Change,
    /// The session is over.
    EndOfSession,
}

/// Those of the API.
#[rustfmt::skip]
pub static WRITES: &[Write] = &[
    json("POST /api/users/signup", (r#"{"email":"forged@example.com","password":"correct horse"}"#, 201), ("{}", 400)),
    json("POST /api/users/signin", (r#"{"email":"grace@example.com","password":"correct horse"}"#, 200), ("{}", 400)),
    json("POST /api/users/password", (r#"{"current":"correct horse","new":"correct horse"}"#, 200), ("{}", 400)),
    json("POST /api/users/signout", (r#"{"everywhere":true}"#, 200), (r#"{"everywhere":"no"}"#, 400)).ends_session(),
    json("DELETE /api/users/me", (r#"{"password":"correct horse"}"#, 204), ("{}", 400)).ends_session(),
    json("POST /api/tickets", (r#"{"title":"Forged","price":"1.00"}"#, 201), ("{}", 400)),
    json("PUT /api/tickets/{id}", (r#"{"title":"Forged"}"#, 200), ("{}", 404)).of(Thing::Ticket, Person::Grace),
    bare("DELETE /api/tickets/{id}", 204, 404).of(Thing::Ticket, Person::Grace),
    json("POST /api/orders", (r#"{"ticketId":"{id}"}"#, 201), ("{}", 400)).of(Thing::Ticket, Person::Ada),
    bare("DELETE /api/orders/{id}", 204, 404).of(Thing::Order, Person::Grace),
    json("POST /api/payments", (r#"{"orderId":"{id}","token":"tok_visa"}"#, 201), ("{}", 400)).of(Thing::Order, Person::Grace),
    // It finds out how things stand, and they stand well.
    bare("POST /api/payments/{id}/confirmation", 201, 404).of(Thing::Payment, Person::Grace).leaves(Trace::Nothing),
    // No browser has the secret that an event is signed with.
    bare("POST /api/payments/webhooks/stripe", 400, 400).leaves(Trace::Nothing),
];

/// The forms of the pages.
#[rustfmt::skip]
pub static FORMS: &[Write] = &[
    // A new account is seen by nobody else; that it could be made last shows that it was not made before.
    form("POST /auth/signup", ("email=form@example.com&password=correct+horse", 303), ("email=", 400)).leaves(Trace::Nothing),
    form("POST /auth/signin", ("email=grace@example.com&password=correct+horse", 303), ("email=", 400)),
    bare("POST /auth/signout", 303, 303).ends_session(),
    form("POST /account", ("do=everywhere", 303), ("do=", 400)).ends_session(),
    form("POST /language", ("language=de", 303), ("language=", 303)).leaves(Trace::Nothing),
    form("POST /tickets/new", ("title=Forged&price=1&do=list&key=n", 303), ("do=preview", 200)),
    form("POST /tickets/{id}", ("price=120.00&key=r", 303), ("", 400)).of(Thing::Ticket, Person::Ada),
    form("POST /tickets/{id}/edit", ("title=Forged&price=1&version=1", 303), ("", 404)).of(Thing::Ticket, Person::Grace),
    bare("POST /tickets/{id}/withdraw", 303, 404).of(Thing::Ticket, Person::Grace),
    form("POST /orders/{id}", ("do=cancel", 303), ("do=", 400)).of(Thing::Order, Person::Grace),
];

impl Reads {
    /// What such a body calls itself.
    pub fn proper(self) -> &'static str {
        match self {
            Reads::Json => "application/json",
            Reads::Form => "application/x-www-form-urlencoded",
            Reads::Nothing => "text/plain",
        }
    }

    /// How a body is refused that is taken for this, if it is.
    pub fn refusal(self, taken_for: Option<Reads>) -> &'static str {
        match self {
            Reads::Json if taken_for != Some(Reads::Json) => "not_json",
            Reads::Form if taken_for != Some(Reads::Form) => "not_a_form",
            Reads::Json | Reads::Form | Reads::Nothing => "",
        }
    }
}

type Told = (&'static str, u16);

const fn json(operation: &'static str, does: Told, does_nothing: Told) -> Write {
    Write {
        operation,
        reads: Reads::Json,
        thing: None,
        does,
        does_nothing,
        leaves: Trace::Change,
    }
}

const fn form(operation: &'static str, does: Told, does_nothing: Told) -> Write {
    let mut write = json(operation, does, does_nothing);
    write.reads = Reads::Form;
    write
}

/// One whose body is not looked at.
const fn bare(operation: &'static str, does: u16, does_nothing: u16) -> Write {
    let mut write = json(operation, ("x", does), ("x", does_nothing));
    write.reads = Reads::Nothing;
    write
}

impl Write {
    /// Whether it is a page's.
    pub fn is_form(&self) -> bool {
        !self.operation.contains(" /api/")
    }

    const fn of(mut self, thing: Thing, owner: Person) -> Write {
        self.thing = Some((thing, owner));
        self
    }

    const fn ends_session(self) -> Write {
        self.leaves(Trace::EndOfSession)
    }

    const fn leaves(mut self, trace: Trace) -> Write {
        self.leaves = trace;
        self
    }
}
