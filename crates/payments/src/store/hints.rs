//! The table `hints`: what the gateway told of its own accord, each event once.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::gateway::{About, News};

const INSERT: &str = "INSERT INTO hints (id, subject, object, received_at, due_at, tries) VALUES ($1, $2, $3, $4, $4, 0)
    ON CONFLICT (id) DO NOTHING";
const DUE: &str = "SELECT id FROM hints WHERE due_at <= $1 ORDER BY due_at LIMIT $3";
const CLAIM: &str = "UPDATE hints SET due_at = $2 WHERE id IN (SELECT id FROM claimed)
    RETURNING id, subject, object, tries";
const NEXT: &str = "SELECT due_at FROM hints WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
const DONE: &str = "UPDATE hints SET due_at = NULL WHERE id = $1";
const POSTPONE: &str =
    "UPDATE hints SET due_at = $3, tries = tries + 1 WHERE id = $1 AND tries = $2";
const PRUNE: &str = "DELETE FROM hints WHERE id IN
    (SELECT id FROM hints WHERE received_at <= $1 AND due_at IS NULL ORDER BY received_at LIMIT $2)";

/// Wakes the worker that looks at them.
pub const SIGNAL: &str = "hints";

/// Something to look at.
#[derive(Clone, Debug)]
pub struct Hint {
    /// The gateway's id of the event.
    pub id: String,
    /// What kind of thing is to be looked at.
    pub subject: Subject,
    /// The gateway's id of it.
    pub object: String,
    /// How often it was looked at already, in vain.
    pub tries: u32,
}

impl Hint {
    /// What to look at upon this news, if it is anything that matters here.
    pub fn at(news: News) -> Option<Hint> {
        let (subject, object) = match news.about? {
            About::Payment(id) => (Subject::Payment, id),
            About::Dispute(id) => (Subject::Dispute, id),
            About::Refund(id) => (Subject::Refund, id),
        };
        Some(Hint {
            id: news.id,
            subject,
            object,
            tries: 0,
        })
    }
}

/// A kind of thing that the gateway tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An authorization.
    Payment,
    /// A chargeback.
    Dispute,
    /// A refund.
    Refund,
}

impl Subject {
    fn as_str(self) -> &'static str {
        match self {
            Subject::Payment => "payment",
            Subject::Dispute => "dispute",
            Subject::Refund => "refund",
        }
    }

    fn of(word: &str) -> Result<Subject, DbError> {
        let all = [Subject::Payment, Subject::Dispute, Subject::Refund];
        let mut found = all.into_iter().filter(|subject| subject.as_str() == word);
        found
            .next()
            .ok_or_else(|| DbError::Corrupt(format!("a hint at a {word:?}")))
    }
}

impl FromRow for Hint {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Hint {
            id: row.next()?,
            subject: Subject::of(&row.next::<String>()?)?,
            object: row.next()?,
            tries: row.next()?,
        })
    }
}

/// Notes one: `false` when it is known.
pub async fn insert(tx: &mut Tx, hint: &Hint) -> Result<bool, DbError> {
    let now = tx.now();
    let Hint {
        id,
        subject,
        object,
        ..
    } = hint;
    tx.wake(SIGNAL);
    let params = params![id, subject.as_str(), object, now];
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// Takes up to `limit` that are to be looked at now. Nobody else takes them before `until`.
pub async fn claim(tx: &mut Tx, until: Timestamp, limit: u32) -> Result<Vec<Hint>, DbError> {
    let now = tx.now();
    tx.claim(DUE, CLAIM, &params![now, until, limit]).await
}

/// When one is to be looked at next.
pub async fn next_due(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let next: Option<(Timestamp,)> = db.opt(NEXT, &[]).await?;
    Ok(next.map(|(moment,)| moment))
}

/// It was looked at.
pub async fn done(tx: &mut Tx, hint: &Hint) -> Result<(), DbError> {
    tx.execute(DONE, &params![hint.id.as_str()]).await.map(drop)
}

/// It is looked at again later.
pub async fn postpone(tx: &mut Tx, hint: &Hint, pause: SignedDuration) -> Result<(), DbError> {
    let moment = tx.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
    let params = params![hint.id.as_str(), hint.tries, moment];
    tx.execute(POSTPONE, &params).await.map(drop)
}

/// Forgets up to `limit` that came before `moment`: the gateway does not repeat them any more.
pub async fn prune(tx: &mut Tx, moment: Timestamp, limit: u32) -> Result<u64, DbError> {
    tx.execute(PRUNE, &params![moment, limit]).await
}
