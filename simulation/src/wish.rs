//! What somebody may want, how it is done, and what may come of it. Who wants what is not decided here.

use serde_json::Value;
use uuid::Uuid;

use crate::memory::Memory;
use crate::net::Call;
use crate::persons::Held;

/// What somebody wants: done as often as it takes.
pub struct Wish {
    /// The number of the one who wants it.
    pub who: usize,
    /// For people.
    pub words: String,
    /// What it is.
    pub kind: Kind,
    /// How it is done.
    pub act: Act,
    /// How often it is tried.
    pub tries: u32,
}

/// How it is done.
pub enum Act {
    /// By a request.
    Ask(Call),
    /// At a terminal.
    GiveBack(GiveBack),
}

/// What an operator decides.
pub struct GiveBack {
    /// Of which order.
    pub order: String,
    /// How much; all that is left where it is not said.
    pub amount: Option<String>,
    /// What stands for it.
    pub reference: Option<String>,
    /// How often they do not hear what came of it.
    pub unheard: u32,
}

/// What somebody may want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To sell a ticket.
    List,
    /// To sell it for another price.
    Edit,
    /// To sell it no more.
    Withdraw,
    /// To have a ticket.
    Reserve,
    /// To pay this order.
    Pay(String),
    /// To have this order no more.
    Cancel(String),
    /// To see one's payments of an order.
    Look,
    /// To be let in by a session that may have ended.
    Knock,
    /// To have a session.
    SignIn,
    /// To know who one is, by a fresh token if the old one is old.
    Renew,
    /// To be signed out: these sessions have ended once that is answered.
    SignOut(Vec<Uuid>),
    /// To have no account any more.
    Leave,
    /// To give back what was paid.
    GiveBack,
}

impl Wish {
    /// A wish for which a service is asked.
    pub fn asked(memory: &Memory, who: usize, kind: Kind, call: Call) -> Wish {
        let body = call.body.as_ref().map(Value::to_string);
        let person = memory.persons.get(who);
        let name = person.map_or("somebody", |person| &person.name);
        let sid = call.held.as_ref().map(|held| held.caller.sid.simple());
        let sid = sid.map(|sid| sid.to_string().split_off(28));
        let words = format!(
            "{name}, session {}: {} {} {}",
            sid.as_deref().unwrap_or("none"),
            call.method,
            call.path,
            body.unwrap_or_default()
        );
        Wish {
            who,
            words,
            kind,
            act: Act::Ask(call),
            tries: 1,
        }
    }

    /// By which session it is asked for.
    pub fn held(&self) -> Option<&Held> {
        match &self.act {
            Act::Ask(call) => call.held.as_ref(),
            Act::GiveBack(_) => None,
        }
    }

    /// Under which key.
    pub fn key(&self) -> Option<&str> {
        match &self.act {
            Act::Ask(call) => call.key.as_deref(),
            Act::GiveBack(_) => None,
        }
    }
}

impl Kind {
    /// What may be answered, but that one is not signed in: all else is a fault.
    pub fn expects(&self) -> &'static [u16] {
        match self {
            Kind::List => &[201],
            Kind::Edit => &[200, 409],
            Kind::SignOut(_) | Kind::SignIn | Kind::Renew => &[200],
            Kind::Withdraw | Kind::Cancel(_) => &[204, 409],
            Kind::Reserve => &[201, 404, 409],
            Kind::Pay(_) => &[201, 202, 402, 404, 409],
            Kind::Look | Kind::Knock => &[200, 404],
            Kind::Leave => &[204],
            Kind::GiveBack => &[],
        }
    }

    /// Its name where answers are counted.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::List => "list",
            Kind::Edit => "edit",
            Kind::Withdraw => "withdraw",
            Kind::Reserve => "reserve",
            Kind::Pay(_) => "pay",
            Kind::Cancel(_) => "cancel",
            Kind::Look => "look",
            Kind::Knock => "knock",
            Kind::SignIn => "sign in",
            Kind::Renew => "renew",
            Kind::SignOut(_) => "sign out",
            Kind::Leave => "leave",
            Kind::GiveBack => "refund",
        }
    }
}
