//! Who there is: each with an account at auth, and with sessions that were minted before the run. What they do is not known here.
//!
//! Their accounts are made with the files (`template.rs`), so that a run hashes no password; the one that all of them
//! have is checked for real, but by parameters that cost nothing.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rusqlite::{Connection, params};
use tessera_contracts::UserId;
use tessera_platform::session::{SigningKeys, User, Verified};
use uuid::Uuid;

use crate::time::Time;

/// Everybody's password.
pub const PASSWORD: &str = "open sesame";
/// Its hash: 8 KiB and one pass, where the program itself takes 19 MiB and two.
const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2ltdWxhdGlvbnNhbHQwMA$t3jYFoT3rw+9w3yrXDpv6S9QjHW5ocj9Aj42LMiQbes";
/// Accounts that there are, whether somebody takes part by them or not.
const ACCOUNTS: usize = 6;
/// Those of them who sell; the others buy.
pub const SELLERS: usize = 2;
/// Sessions of each that live when a run begins. The one before them was used last so many days ago.
const LIVING: usize = 2;
const LONG_AGO: SignedDuration = SignedDuration::from_hours(40 * 24);
/// How long a token counts.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A token, and what it says.
#[derive(Clone, Debug)]
pub struct Held {
    /// As it is sent.
    pub token: String,
    /// Whose it is.
    pub caller: Caller,
}

/// Whom a token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: Uuid,
    /// In which session.
    pub sid: Uuid,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// For people.
    pub name: String,
    /// Their id.
    pub user: Uuid,
    /// Their address.
    pub email: String,
    /// The tokens of sessions that they take for living.
    pub living: Vec<Held>,
    /// The tokens of sessions that they have asked to end, or were told to be dead.
    pub past: Vec<Held>,
    /// A token of a session that nobody has used for so long that it is dead.
    pub ancient: Held,
    /// Whether they have asked for the end of their account.
    pub is_leaving: bool,
}

impl Person {
    /// The one of this number.
    pub fn new(
        number: usize,
        keys: &SigningKeys,
        now: Timestamp,
        chance: &mut StdRng,
    ) -> Result<Person, String> {
        let mut living = Vec::new();
        for session in 1..=LIVING {
            living.push(mint(number, session, keys, issued(now, session, chance))?);
        }
        let name = match number.checked_sub(SELLERS) {
            None => format!("seller {number}"),
            Some(number) => format!("buyer {number}"),
        };
        Ok(Person {
            name,
            user: user(number).uuid(),
            email: email(number),
            living,
            past: Vec::new(),
            ancient: mint(number, 0, keys, earlier(now, LONG_AGO))?,
            is_leaving: false,
        })
    }

    /// The token that they send next: of a session that they take for living, or, once they are leaving, of one that may
    /// still be taken for that.
    pub fn token(&self, chance: &mut StdRng) -> Option<Held> {
        let living = self.living.choose(chance);
        let past = || self.past.choose(chance);
        living.or_else(|| past_of(self.is_leaving, past)).cloned()
    }

    /// They take this session for dead from now on.
    pub fn set_aside(&mut self, sid: Uuid) {
        let (aside, kept): (Vec<Held>, Vec<Held>) = std::mem::take(&mut self.living)
            .into_iter()
            .partition(|held| held.caller.sid == sid);
        self.living = kept;
        self.past.extend(aside);
    }

    /// They have a token that was handed to them, in the place of an older one of its session.
    pub fn receive(&mut self, token: String, verified: Verified) {
        let caller = Caller::of(verified);
        self.living.retain(|held| held.caller.sid != caller.sid);
        self.living.push(Held { token, caller });
    }
}

impl Caller {
    fn of(verified: Verified) -> Caller {
        Caller {
            user: verified.user.id.uuid(),
            sid: verified.user.sid.uuid(),
            expires_at: verified.expires_at,
        }
    }
}

fn past_of<'p>(is_leaving: bool, past: impl FnOnce() -> Option<&'p Held>) -> Option<&'p Held> {
    is_leaving.then(past).flatten()
}

/// A while ago, so that the token counts also where a clock is slow; some so long ago that it runs out on the way.
fn issued(now: Timestamp, session: usize, chance: &mut StdRng) -> Timestamp {
    let left = SignedDuration::from_secs(chance.random_range(5..90));
    let is_old = session == LIVING && chance.random_bool(0.5);
    let ago = match is_old {
        true => TOKEN_LIFE - left,
        false => SignedDuration::from_mins(1),
    };
    earlier(now, ago)
}

fn mint(
    number: usize,
    session: usize,
    keys: &SigningKeys,
    issued: Timestamp,
) -> Result<Held, String> {
    let user = User {
        id: user(number),
        sid: sid(number, session).into(),
    };
    let token = keys.issue(user, issued);
    let expires_at = Timestamp::from_second((issued.as_second()) + TOKEN_LIFE.as_secs());
    Ok(Held {
        token: token.map_err(|error| error.to_string())?,
        caller: Caller {
            user: user.id.uuid(),
            sid: user.sid.uuid(),
            expires_at: expires_at.map_err(|error| error.to_string())?,
        },
    })
}

/// Writes all accounts into the database of auth in `file`.
pub fn register(file: &Path) -> Result<(), String> {
    let cannot = |error: rusqlite::Error| format!("nobody can be registered: {error}");
    let auth = Connection::open(file).map_err(cannot)?;
    let now = Time::start().now();
    let used = |session| match session {
        0 => earlier(now, LONG_AGO),
        _ => earlier(now, SignedDuration::from_hours(2)),
    };
    for number in 0..ACCOUNTS {
        let (user, email) = (user(number).uuid(), email(number));
        let row = params![user.as_bytes(), email, HASH];
        auth.execute(
            "INSERT INTO users (id, email, email_key, password_hash, version, created_at, updated_at)
             VALUES (?1, ?2, ?2, ?3, 1, 0, 0)",
            row,
        )
        .map_err(cannot)?;
        for session in 0..=LIVING {
            let sid = sid(number, session);
            let used = used(session).as_microsecond();
            auth.execute(
                "INSERT INTO sessions (id, user_id, created_at, last_used_at) VALUES (?1, ?2, ?3, ?3)",
                params![sid.as_bytes(), user.as_bytes(), used],
            )
            .map_err(cannot)?;
        }
    }
    Ok(())
}

fn earlier(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(now)
}

fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

fn user(number: usize) -> UserId {
    id(number as u128 + 1).into()
}

fn sid(number: usize, session: usize) -> Uuid {
    id(1_000 + 10 * number as u128 + session as u128)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128((0x7 << 76) | (0b10 << 62) | number)
}
