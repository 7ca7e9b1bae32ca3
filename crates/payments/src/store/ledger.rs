//! The tables `transfers` and `entries`: the books. Rows are only ever added.

use tessera_contracts::{Currency, Money, OrderId, StatementKind, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;
use uuid::Uuid;

use crate::domain::{Account, Entry, Transfer};

const ADD: &str =
    "INSERT INTO transfers (name, kind, order_id, note, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (name) DO NOTHING";
const ENTRY: &str = "INSERT INTO entries (id, transfer, account, owner, order_id, amount, currency)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const ENTRIES: &str = "SELECT order_id, account, owner, amount, currency FROM entries WHERE transfer = $1 ORDER BY id";
const OF_ORDER: &str = "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM entries
    WHERE order_id = $1 AND account = $2";
const BALANCE: &str = "SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM entries
    WHERE owner = $1 AND account = $2 AND currency = $3";
const BALANCES: &str = "SELECT currency,
    CAST(coalesce(sum(CASE WHEN account = 'payable' THEN amount END), 0) AS bigint),
    CAST(coalesce(sum(CASE WHEN account = 'frozen' THEN amount END), 0) AS bigint),
    CAST(coalesce(sum(CASE WHEN account = 'paid_out' THEN amount END), 0) AS bigint)
    FROM entries WHERE owner = $1 AND account IN ('payable', 'frozen', 'paid_out')
    GROUP BY currency ORDER BY currency";
const STATEMENT: &str = "SELECT e.id, t.created_at, t.kind, e.order_id, o.title, t.note, e.amount, e.currency
    FROM entries AS e JOIN transfers AS t ON t.name = e.transfer LEFT JOIN orders AS o ON o.id = e.order_id
    WHERE e.owner = $1 AND e.account = 'payable' AND e.id < $2 ORDER BY e.id DESC LIMIT $3";
const TOTALS: &str = "SELECT account, currency, CAST(sum(amount) AS bigint) FROM entries
    GROUP BY account, currency ORDER BY currency, account";
const OWED: &str = "SELECT owner, currency, CAST(sum(amount) AS bigint) AS owed FROM entries
    WHERE owner IS NOT NULL AND account = 'payable'
    GROUP BY owner, currency HAVING sum(amount) <> 0 ORDER BY owed DESC, owner LIMIT $1";
const KNOW_PAYEE: &str = "INSERT INTO payees (id) VALUES ($1) ON CONFLICT (id) DO NOTHING";
const HOLD_PAYEE: &str = "SELECT id FROM payees WHERE id = $1";

/// What a seller has, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Theirs, and not paid out yet.
    pub payable: Money,
    /// Kept from them until a chargeback is decided.
    pub frozen: Money,
    /// Paid out so far.
    pub paid_out: Money,
}

/// One line of a seller's statement.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: Uuid,
    pub at: jiff::Timestamp,
    pub kind: StatementKind,
    pub order: Option<OrderId>,
    pub title: Option<String>,
    pub note: Option<String>,
    pub amount: Money,
}

/// What is in one account, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The account.
    pub account: Account,
    /// What is in it.
    pub amount: Money,
}

/// What a seller is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Who.
    pub seller: UserId,
    /// How much; below zero, what they owe.
    pub amount: Money,
}

impl FromRow for Balance {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let currency: Currency = row.parse()?;
        let mut money = || row.next().map(|minor| Money::new(minor, currency));
        Ok(Balance {
            payable: money()?,
            frozen: money()?,
            paid_out: money()?,
        })
    }
}

impl FromRow for Line {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Line {
            id: row.next()?,
            at: row.next()?,
            kind: row.parse()?,
            order: row.next()?,
            title: row.next()?,
            note: row.next()?,
            amount: super::money(row)?,
        })
    }
}

/// One side of a transfer that was made.
struct Side {
    order: Option<OrderId>,
    entry: Entry,
}

impl FromRow for Side {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let order = row.next()?;
        let account = account(row)?;
        Ok(Side {
            order,
            entry: Entry {
                account,
                owner: row.next()?,
                amount: super::money(row)?,
            },
        })
    }
}

fn account(row: &mut Row<'_>) -> Result<Account, DbError> {
    let word: String = row.next()?;
    word.parse()
        .map_err(|()| DbError::Corrupt(format!("there is no account {word:?}")))
}

impl FromRow for Total {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let account = account(row)?;
        let currency: Currency = row.parse()?;
        Ok(Total {
            account,
            amount: Money::new(row.next()?, currency),
        })
    }
}

impl FromRow for Owed {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let seller = row.next()?;
        let currency: Currency = row.parse()?;
        Ok(Owed {
            seller,
            amount: Money::new(row.next()?, currency),
        })
    }
}

/// Writes a transfer into the books: `false` when it is there already.
pub async fn add(tx: &mut Tx, transfer: &Transfer) -> Result<bool, DbError> {
    let now = tx.now();
    let Transfer {
        name,
        kind,
        order,
        entries,
        note,
    } = transfer;
    let params = params![name, *kind, *order, note.as_ref(), now];
    if tx.execute(ADD, &params).await? == 0 {
        return Ok(false);
    }
    for entry in entries.iter().filter(|entry| entry.amount.minor() != 0) {
        let (id, currency) = (tx.new_id(), entry.amount.currency());
        let params = params![
            id,
            name,
            entry.account.as_str(),
            entry.owner,
            *order,
            entry.amount.minor(),
            currency.as_str(),
        ];
        tx.later(ENTRY, &params).await?;
    }
    Ok(true)
}

/// Takes a transfer back, if it was made.
pub async fn undo(tx: &mut Tx, name: &str) -> Result<(), DbError> {
    let rows: Vec<Side> = tx.all(ENTRIES, &params![name]).await?;
    let Some(order) = rows.first().map(|side| side.order) else {
        return Ok(());
    };
    let entries: Vec<Entry> = rows.into_iter().map(|side| side.entry).collect();
    add(tx, &Transfer::undo(name, order, &entries))
        .await
        .map(drop)
}

/// What an account holds of one order, in minor units.
pub async fn of_order(tx: &mut Tx, order: OrderId, account: Account) -> Result<i64, DbError> {
    let (sum,): (i64,) = tx.one(OF_ORDER, &params![order, account.as_str()]).await?;
    Ok(sum)
}

/// What is a seller's and not paid out. Nobody else pays them out until this transaction ends.
pub async fn hold_payable(
    tx: &mut Tx,
    seller: UserId,
    currency: Currency,
) -> Result<Money, DbError> {
    tx.execute(KNOW_PAYEE, &params![seller]).await?;
    let _held: Option<(UserId,)> = tx.hold(HOLD_PAYEE, &params![seller]).await?;
    let account = Account::Payable.as_str();
    let params = params![seller, account, currency.as_str()];
    let (sum,): (i64,) = tx.one(BALANCE, &params).await?;
    Ok(Money::new(sum, currency))
}

/// What a seller has, by currency.
pub async fn balances(db: &Db, seller: UserId) -> Result<Vec<Balance>, DbError> {
    db.list(BALANCES, &params![seller]).await
}

/// What made a seller's balance what it is, before `before`, the newest first.
pub async fn statement(
    db: &Db,
    seller: UserId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Line>, DbError> {
    db.list(STATEMENT, &params![seller, before, limit]).await
}

/// What is in each account.
pub async fn totals(db: &Db) -> Result<Vec<Total>, DbError> {
    db.list(TOTALS, &params![]).await
}

/// The sellers who are owed something, or owe it, the most first.
pub async fn owed(db: &Db, limit: i64) -> Result<Vec<Owed>, DbError> {
    db.list(OWED, &params![limit]).await
}
