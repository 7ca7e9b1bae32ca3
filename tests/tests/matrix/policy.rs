//! Who may do what: the policy of the API, as a table. A line for each operation, and the few rules that the lines name.
//!
//! It is written from what is promised to the outside, never from what a handler does.

use crate::scene::{Person, Thing};

/// Who is let in. Whoever must be signed in and is not is answered 401, whatever they ask for and of whatever thing:
/// so they cannot learn whether it is there.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Nobody is asked who they are.
    Anyone(u16),
    /// Anybody may look at it, and be told that it is not there.
    AnyoneSees(Thing, u16),
    /// Whoever asks is told who they are; a dead session is nobody.
    SaysWho,
    /// It ends the session that it comes with, and answers everybody alike.
    EndsSession,
    /// Whoever is signed in, for themselves. No line can be asked for in the name of somebody else.
    SignedIn(u16),
    /// The one whose thing it is. Another is told that it is not theirs: 403.
    Owner(Thing, u16),
    /// Everybody but the one whose thing it is.
    AnotherThanOwner(Thing, u16),
}

/// Where the thing is named. What is no id at all is nowhere (404) in a path, and not valid (400) elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Nowhere,
    InPath,
    InQuery,
    InBody,
}

/// What is left afterwards. What changes something is done to a thing, or an account, that was made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    Nothing,
    AChange,
    /// Of the account, or its sessions.
    AnotherAccount,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// As the description names it.
    pub operation: &'static str,
    pub rule: Rule,
    pub named: Named,
    pub leaves: Leaves,
    /// What follows the path, with `{id}` for the thing's.
    pub query: &'static str,
    /// The body, with `{id}` for the thing's.
    pub body: &'static str,
}

/// Whose thing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// No thing is.
    Nothing,
    Of(Person),
    /// One that is not there.
    Absent,
    /// What is no id.
    Malformed,
}

/// The table. A line stays a line, however long it is: it is read across.
#[rustfmt::skip]
pub static POLICY: &[Line] = &[
    // Auth
    line("POST /api/users/signup", Rule::Anyone(400)).body("{}"),
    line("POST /api/users/signin", Rule::Anyone(400)).body("{}"),
    line("POST /api/users/signout", Rule::EndsSession).of_account(),
    line("GET /api/users/currentuser", Rule::SaysWho),
    line("GET /api/users/export", Rule::SignedIn(200)),
    line("POST /api/users/password", Rule::SignedIn(200)).of_account().body(r#"{"current":"correct horse","new":"battery staple"}"#),
    line("POST /api/users/password", Rule::SignedIn(401)).body(r#"{"current":"wrong horse","new":"battery staple"}"#),
    line("DELETE /api/users/me", Rule::SignedIn(204)).of_account().body(r#"{"password":"correct horse"}"#),
    line("DELETE /api/users/me", Rule::SignedIn(401)).body(r#"{"password":"wrong horse"}"#),
    line("GET /.well-known/jwks.json", Rule::Anyone(200)),
    // Tickets
    line("GET /api/tickets", Rule::Anyone(200)),
    line("GET /api/tickets", Rule::SignedIn(200)).query("?seller=me"),
    line("POST /api/tickets", Rule::SignedIn(201)).changes().body(r#"{"title":"Hamlet","price":"10.00"}"#),
    line("GET /api/tickets/{id}", Rule::AnyoneSees(Thing::Ticket, 200)).path(),
    line("PUT /api/tickets/{id}", Rule::Owner(Thing::Ticket, 200)).path().changes().body(r#"{"title":"Taken over"}"#),
    line("DELETE /api/tickets/{id}", Rule::Owner(Thing::Ticket, 204)).path().changes(),
    // Orders
    line("GET /api/orders", Rule::SignedIn(200)),
    line("POST /api/orders", Rule::AnotherThanOwner(Thing::Ticket, 201)).changes().body(r#"{"ticketId":"{id}"}"#),
    line("GET /api/orders/{id}", Rule::Owner(Thing::Order, 200)).path(),
    line("DELETE /api/orders/{id}", Rule::Owner(Thing::Order, 204)).path().changes(),
    line("DELETE /api/orders/{id}", Rule::Owner(Thing::PaidOrder, 409)).path(),
    // Payments
    line("GET /api/payments", Rule::Owner(Thing::PaidOrder, 200)).query("?orderId={id}"),
    line("POST /api/payments", Rule::Owner(Thing::Order, 201)).changes().body(r#"{"orderId":"{id}","token":"tok_visa"}"#),
    line("POST /api/payments", Rule::Owner(Thing::PaidOrder, 409)).body(r#"{"orderId":"{id}","token":"tok_visa"}"#),
    line("GET /api/payments/{id}", Rule::Owner(Thing::Payment, 200)).path(),
    line("POST /api/payments/{id}/confirmation", Rule::Owner(Thing::Payment, 201)).path(),
    line("GET /api/payments/balance", Rule::SignedIn(200)),
    line("GET /api/payments/statement", Rule::SignedIn(200)),
    // Only a signature of Stripe's counts there, and no session.
    line("POST /api/payments/webhooks/stripe", Rule::Anyone(400)).body("{}"),
];

/// What is answered to somebody who counts as `caller`.
pub fn expected(line: &Line, caller: Option<Person>, whose: Whose) -> u16 {
    let malformed = if line.named == Named::InPath {
        404
    } else {
        400
    };
    match (line.rule, caller, whose) {
        (Rule::Anyone(status), _, _) => status,
        (Rule::SaysWho | Rule::EndsSession, _, _) => 200,
        (Rule::AnyoneSees(..), _, Whose::Absent) => 404,
        (Rule::AnyoneSees(..), _, Whose::Malformed) => malformed,
        (Rule::AnyoneSees(_, status), _, _) => status,
        (_, None, _) => 401,
        (Rule::SignedIn(status), Some(_), _) => status,
        (_, Some(_), Whose::Absent) => 404,
        (_, Some(_), Whose::Malformed) => malformed,
        (Rule::Owner(_, status), Some(caller), Whose::Of(owner)) if caller == owner => status,
        (Rule::AnotherThanOwner(_, status), Some(caller), Whose::Of(owner)) if caller != owner => {
            status
        }
        (Rule::Owner(..) | Rule::AnotherThanOwner(..), Some(_), _) => 403,
    }
}

impl Line {
    /// What it is done to.
    pub fn thing(&self) -> Option<Thing> {
        match self.rule {
            Rule::AnyoneSees(thing, _)
            | Rule::Owner(thing, _)
            | Rule::AnotherThanOwner(thing, _) => Some(thing),
            Rule::Anyone(_) | Rule::SaysWho | Rule::EndsSession | Rule::SignedIn(_) => None,
        }
    }

    const fn path(mut self) -> Line {
        self.named = Named::InPath;
        self
    }

    const fn query(mut self, query: &'static str) -> Line {
        self.named = Named::InQuery;
        self.query = query;
        self
    }

    const fn body(mut self, body: &'static str) -> Line {
        if matches!(self.named, Named::Nowhere) {
            self.named = Named::InBody;
        }
        self.body = body;
        self
    }

    const fn changes(mut self) -> Line {
        self.leaves = Leaves::AChange;
        self
    }

    const fn of_account(mut self) -> Line {
        self.leaves = Leaves::AnotherAccount;
        self
    }
}

const fn line(operation: &'static str, rule: Rule) -> Line {
    Line {
        operation,
        rule,
        named: Named::Nowhere,
        leaves: Leaves::Nothing,
        query: "",
        body: "",
    }
}
