//! A session: from a sign-in until it is ended, or not used for a month.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::{SessionId, UserId};

/// One sign-in of one user. Its tokens come and go; it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Timestamp,
    /// When a token of it was issued last.
    pub last_used_at: Timestamp,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

/// How long a session lives from its last use.
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A token older than this is renewed.
const RENEWAL_AGE: SignedDuration = SignedDuration::from_hours(1);

/// How many sessions one user may have at once; one more ends the one that was used least lately.
pub const MOST_SESSIONS: u32 = 100;

impl Session {
    /// A session that begins.
    pub fn opened(id: SessionId, user_id: UserId, now: Timestamp) -> Session {
        Session {
            id,
            user_id,
            created_at: now,
            last_used_at: now,
            ended_at: None,
        }
    }

    /// When it ended, or ends if it is not used again.
    pub fn ends_at(&self) -> Timestamp {
        let idle = self.last_used_at.saturating_add(IDLE_LIFE);
        self.ended_at.unwrap_or(idle.unwrap_or(Timestamp::MAX))
    }

    /// Whether it lives at `now`.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.ends_at()
    }

    /// Whether a token of `issued_at` is old enough to be renewed.
    pub fn is_renewable(issued_at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(issued_at) > RENEWAL_AGE
    }
}

/// A session used last at this moment, or before it, is dead at `now`.
pub fn last_use_too_old(now: Timestamp) -> Timestamp {
    now.saturating_sub(IDLE_LIFE).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let id = uuid::Uuid::from_u128(1);
        Session::opened(id.into(), id.into(), moment(0))
    }

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn it_lives_for_thirty_days_from_its_last_use() {
        let month = 30 * 24 * 3600;
        assert!(session().lives(moment(month - 1)));
        assert!(!session().lives(moment(month)));
        assert_eq!(session().ends_at(), moment(month));
        assert_eq!(last_use_too_old(moment(month)), moment(0));
    }

    #[test]
    fn ended_is_ended() {
        let ended = Session {
            ended_at: Some(moment(5)),
            ..session()
        };
        assert!(!ended.lives(moment(4)));
        assert_eq!(ended.ends_at(), moment(5));
    }

    #[test]
    fn a_token_is_renewed_once_it_is_older_than_an_hour() {
        assert!(!Session::is_renewable(moment(0), moment(3600)));
        assert!(Session::is_renewable(moment(0), moment(3601)));
    }
}
