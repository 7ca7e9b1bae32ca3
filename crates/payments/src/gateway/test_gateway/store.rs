//! The gateway's book: the only place that knows its tables.

use std::str::FromStr;

use tessera_contracts::{Currency, Money, PaymentId};
use tessera_platform::db::{Db, DbError, FromRow, Migration, Row, Tx};
use tessera_platform::params;

use super::tokens::Verdict;
use crate::domain::{Authorization, Decline, GatewayId, Token};
use crate::gateway::{Authorize, Refund};

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "gateway/0001_book",
        sql: include_str!("migrations/0001_book.sql"),
    },
    Migration {
        name: "gateway/0002_refunds",
        sql: include_str!("migrations/0002_refunds.sql"),
    },
];

const INSERT: &str = "INSERT INTO authorizations
    (key, gateway_id, token, amount, currency, status, decline_code, decline_message, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (key) DO NOTHING";
const FIND: &str = "SELECT key, gateway_id, token, amount, currency, decline_code, decline_message
    FROM authorizations WHERE key = $1";
const SETTLE: &str = "UPDATE authorizations SET status = $3, updated_at = $4
    WHERE gateway_id = $1 AND key = $2 AND status = 'authorized' RETURNING amount, currency";
const STANDING: &str = "SELECT status FROM authorizations WHERE gateway_id = $1 AND key = $2";
const APPEND: &str = "INSERT INTO movements (id, gateway_id, kind, amount, currency, at)
    VALUES ($1, $2, $3, $4, $5, $6)";

const IS_REFUNDED: &str = "SELECT amount FROM refunds WHERE key = $1";
const GIVE_BACK: &str = "UPDATE authorizations SET refunded = refunded + $2, updated_at = $3
    WHERE gateway_id = $1 AND status = 'captured' AND refunded + $2 <= amount AND currency = $4";
const REFUND: &str = "INSERT INTO refunds (key, gateway_id, amount, currency, created_at)
    VALUES ($1, $2, $3, $4, $5)";

/// One authorization, with the answer that it was given.
pub(super) struct Entry {
    key: PaymentId,
    id: GatewayId,
    pub(super) token: Token,
    pub(super) amount: Money,
    decline: Option<Decline>,
}

/// How an authorization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Authorized,
    Declined,
    Captured,
    Voided,
}

/// One thing that the gateway did.
pub(super) struct Movement {
    id: GatewayId,
    kind: &'static str,
    amount: Money,
}

impl Entry {
    pub(super) fn new(wish: &Authorize, verdict: Verdict) -> Entry {
        Entry {
            key: wish.key,
            // One id for each key, so that asking again cannot make a second one.
            id: GatewayId::new(format!("test_{}", wish.key.uuid().simple())),
            token: wish.token.clone(),
            amount: wish.amount,
            decline: match verdict {
                Verdict::Accept => None,
                Verdict::Decline(decline) => Some(decline),
            },
        }
    }

    pub(super) fn into_answer(self) -> Authorization {
        match self.decline {
            None => Authorization::Authorized(self.id),
            Some(decline) => Authorization::Declined(decline),
        }
    }

    fn standing(&self) -> Standing {
        match self.decline {
            None => Standing::Authorized,
            Some(_) => Standing::Declined,
        }
    }
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Standing::Authorized => "authorized",
            Standing::Declined => "declined",
            Standing::Captured => "captured",
            Standing::Voided => "voided",
        }
    }

    /// What the gateway does to bring it there.
    fn movement(self) -> &'static str {
        match self {
            Standing::Authorized => "authorize",
            Standing::Declined => "decline",
            Standing::Captured => "capture",
            Standing::Voided => "void",
        }
    }
}

impl FromStr for Standing {
    type Err = ();

    fn from_str(text: &str) -> Result<Standing, ()> {
        let all = [
            Standing::Authorized,
            Standing::Declined,
            Standing::Captured,
            Standing::Voided,
        ];
        let mut found = all.into_iter().filter(|standing| standing.as_str() == text);
        found.next().ok_or(())
    }
}

impl Movement {
    /// The first movement of an authorization.
    pub(super) fn opening(entry: &Entry) -> Movement {
        Movement {
            id: entry.id.clone(),
            kind: entry.standing().movement(),
            amount: entry.amount,
        }
    }

    /// One that goes back.
    pub(super) fn refund(wish: &Refund) -> Movement {
        Movement {
            id: wish.id.clone(),
            kind: "refund",
            amount: wish.amount,
        }
    }

    /// The movement that ends it.
    pub(super) fn closing(id: GatewayId, to: Standing, amount: Money) -> Movement {
        Movement {
            id,
            kind: to.movement(),
            amount,
        }
    }
}

impl FromRow for Entry {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (key, id, token) = (row.next()?, row.next()?, row.next()?);
        let Amount(amount) = Amount::from_row(row)?;
        let (code, message): (Option<String>, Option<String>) = (row.next()?, row.next()?);
        let decline = code.zip(message);
        Ok(Entry {
            key,
            id: GatewayId::new(id),
            token: Token::new(token),
            amount,
            decline: decline.map(|(code, message)| Decline { code, message }),
        })
    }
}

struct Amount(Money);

impl FromRow for Amount {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let minor = row.next()?;
        let currency: Currency = row.parse()?;
        Ok(Amount(Money::new(minor, currency)))
    }
}

impl FromRow for Standing {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        row.parse()
    }
}

/// Writes a new authorization into the book: `false` when its key is there already.
pub(super) async fn insert(tx: &mut Tx, entry: &Entry) -> Result<bool, DbError> {
    let currency = entry.amount.currency();
    let params = params![
        entry.key,
        entry.id.as_str(),
        entry.token.as_str(),
        entry.amount.minor(),
        currency.as_str(),
        entry.standing().as_str(),
        entry.decline.as_ref().map(|decline| &decline.code),
        entry.decline.as_ref().map(|decline| &decline.message),
        tx.now(),
    ];
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// The authorization of a key that is in the book.
pub(super) async fn find(tx: &mut Tx, key: PaymentId) -> Result<Entry, DbError> {
    tx.one(FIND, &params![key]).await
}

/// The authorization of a key, to tell of it.
pub(super) async fn show(book: &Db, key: PaymentId) -> Result<Option<Entry>, DbError> {
    book.opt(FIND, &params![key]).await
}

/// Ends an authorization, and answers its amount; `None` when nothing is held by it.
pub(super) async fn settle(
    tx: &mut Tx,
    id: &GatewayId,
    key: PaymentId,
    to: Standing,
) -> Result<Option<Money>, DbError> {
    let params = params![id.as_str(), key, to.as_str(), tx.now()];
    let amount: Option<Amount> = tx.opt(SETTLE, &params).await?;
    Ok(amount.map(|Amount(money)| money))
}

/// How an authorization stands, if there is one.
pub(super) async fn standing(
    tx: &mut Tx,
    id: &GatewayId,
    key: PaymentId,
) -> Result<Option<Standing>, DbError> {
    tx.opt(STANDING, &params![id.as_str(), key]).await
}

/// Whether this very refund is in the book.
pub(super) async fn is_refunded(tx: &mut Tx, wish: &Refund) -> Result<bool, DbError> {
    let earlier: Option<(i64,)> = tx.opt(IS_REFUNDED, &params![wish.key]).await?;
    Ok(earlier.is_some())
}

/// Writes a refund into the book: `false` when less than that is left of what was charged.
pub(super) async fn refund(tx: &mut Tx, wish: &Refund) -> Result<bool, DbError> {
    let (now, currency, id) = (tx.now(), wish.amount.currency(), wish.id.as_str());
    let params = params![id, wish.amount.minor(), now, currency.as_str()];
    if tx.execute(GIVE_BACK, &params).await? == 0 {
        return Ok(false);
    }
    let params = params![wish.key, id, wish.amount.minor(), currency.as_str(), now];
    tx.execute(REFUND, &params).await?;
    Ok(true)
}

/// Notes what the gateway did.
pub(super) async fn append(tx: &mut Tx, movement: Movement) -> Result<(), DbError> {
    let (id, now) = (tx.new_id(), tx.now());
    let currency = movement.amount.currency();
    let params = params![
        id,
        movement.id.as_str(),
        movement.kind,
        movement.amount.minor(),
        currency.as_str(),
        now,
    ];
    tx.later(APPEND, &params).await
}
