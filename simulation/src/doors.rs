//! Whether services let in whom they should: each answer is held against what the databases say of the session that it was
//! asked by. Decides nothing: it only looks.

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use crate::net::{Answer, Call};
use crate::persons::Caller;
use crate::watch::Watch;

/// How long a session lives from its last use.
const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A request by a session, as it reached a service.
#[derive(Clone, Debug)]
pub struct Entry {
    service: &'static str,
    /// For people.
    words: String,
    caller: Caller,
    way: Way,
    /// Whether the session was dead at that service already.
    was_dead: bool,
}

/// How a service says that somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By a refusal, also of a token that has run out.
    Refusal,
    /// By naming nobody, but not since a token has run out.
    Nobody,
}

impl Entry {
    /// Notes how the session of a request stands as it arrives, by the service's clock. `None` where nobody is told
    /// whether they are signed in.
    pub fn of(call: &Call, watch: &Watch, now: Timestamp) -> Result<Option<Entry>, String> {
        let Some(held) = &call.held else {
            return Ok(None);
        };
        let way = match call.path.as_str() {
            "/api/users/signout" => return Ok(None),
            "/api/users/currentuser" => Way::Nobody,
            _ => Way::Refusal,
        };
        let mut entry = Entry {
            service: call.service,
            words: format!("{} {}", call.method, call.path),
            caller: held.caller,
            way,
            was_dead: false,
        };
        entry.was_dead = entry.is_dead(watch, now)?;
        Ok(Some(entry))
    }

    /// Where it arrived.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Looks whether the answer is right, by the service's clock.
    pub fn judge(&self, answer: &Answer, watch: &Watch, now: Timestamp) -> Result<(), String> {
        let is_refused = match self.way {
            Way::Refusal => answer.status == 401,
            Way::Nobody => answer.status == 200 && answer.names_nobody(),
        };
        let Entry {
            service,
            words,
            caller,
            ..
        } = self;
        // 503 is said before anybody looks who is asking.
        if self.was_dead && !is_refused && answer.status != 503 {
            return Err(format!(
                "session {} was dead at {service}, and '{words}' by it was answered with {}",
                caller.sid, answer.status
            ));
        }
        if is_refused && !self.may_be_refused(watch, now)? {
            return Err(format!(
                "session {} lives, and {service} refuses '{words}' by it",
                caller.sid
            ));
        }
        Ok(())
    }

    /// Whether the service knows by itself that nobody may come in by this token. What it has committed it knows, since
    /// memory learns of an end before the table does, and a process that starts reads the table.
    fn is_dead(&self, watch: &Watch, now: Timestamp) -> Result<bool, String> {
        let has_run_out = self.way == Way::Refusal && now >= self.caller.expires_at;
        if has_run_out || self.service == "auth" {
            return Ok(has_run_out || !self.lives_at_auth(watch, now)?);
        }
        let ended = format!(
            "SELECT 1 FROM {}.ended_sessions WHERE sid = ?1",
            self.service
        );
        watch.finds(&ended, params![self.caller.sid.as_bytes()])
    }

    /// A service may know more than it has committed, but nothing that auth does not know.
    fn may_be_refused(&self, watch: &Watch, now: Timestamp) -> Result<bool, String> {
        let has_run_out = self.way == Way::Refusal && now >= self.caller.expires_at;
        let gone = match self.service {
            "tickets" => "SELECT 1 FROM tickets.sellers WHERE user_id = ?1 AND gone",
            "orders" => "SELECT 1 FROM orders.buyers WHERE user_id = ?1 AND gone",
            _ => "SELECT 1 WHERE ?1 IS NULL",
        };
        Ok(has_run_out
            || !self.lives_at_auth(watch, now)?
            || watch.finds(gone, params![self.caller.user.as_bytes()])?)
    }

    fn lives_at_auth(&self, watch: &Watch, now: Timestamp) -> Result<bool, String> {
        let last_use = now.saturating_sub(IDLE_LIFE).unwrap_or(Timestamp::MIN);
        watch.finds(
            "SELECT 1 FROM auth.sessions WHERE id = ?1 AND user_id = ?2 AND ended_at IS NULL AND last_used_at > ?3",
            params![
                self.caller.sid.as_bytes(),
                self.caller.user.as_bytes(),
                last_use.as_microsecond()
            ],
        )
    }
}
