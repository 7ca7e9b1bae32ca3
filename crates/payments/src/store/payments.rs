//! The table `payments`, whose unique index lets an order be paid once.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::{Money, OrderId, PaymentId, PaymentStatus};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::http::trace::TraceParent;
use tessera_platform::params;

use crate::domain::{ClientSecret, Decline, GatewayId, Intent, Payment, State, Token};

/// The columns of a [`Payment`], in the order in which it reads them.
macro_rules! columns {
    () => {
        "id, version, order_id, user_id, amount, currency, token, status, intent, gateway_id,
        decline_code, decline_message, client_secret, refunded, created_at, updated_at"
    };
}

const FIND: &str = concat!("SELECT ", columns!(), " FROM payments WHERE id = $1");
const LIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments
    WHERE order_id = $1 AND status IN ('processing', 'requires_action', 'authorized', 'captured')"
);
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE order_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);
const DUE: &str = "SELECT id FROM payments WHERE intent IS NOT NULL AND intent_at <= $1
    ORDER BY intent_at LIMIT $3";
const CLAIM: &str = concat!(
    "UPDATE payments SET intent_at = $2 WHERE id IN (SELECT id FROM claimed) RETURNING ",
    columns!(),
    ", intent_tries, intent_round, trace"
);
// Asking puts the next try off, and leaves the moment at which it was recorded. Of those that come first, which is
// enough for an alarm.
const OLDEST: &str = "SELECT min(updated_at) FROM
    (SELECT updated_at FROM payments WHERE intent IS NOT NULL AND status <> 'requires_action'
    ORDER BY intent_at LIMIT 1000) AS open";
const NEXT: &str =
    "SELECT intent_at FROM payments WHERE intent IS NOT NULL ORDER BY intent_at LIMIT 1";
const INSERT: &str = "INSERT INTO payments (id, version, order_id, user_id, amount, currency, token, status, intent,
    intent_at, intent_tries, created_at, updated_at, trace)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13)
    ON CONFLICT (order_id) WHERE status IN ('processing', 'requires_action', 'authorized', 'captured') DO NOTHING";
const SAVE: &str =
    "UPDATE payments SET version = $2, status = $3, intent = $4, intent_at = $5, intent_tries = 0,
    intent_round = 0, gateway_id = $6, decline_code = $7, decline_message = $8, client_secret = $9,
    refunded = $10, updated_at = $11, trace = $13
    WHERE id = $1 AND version = $12";
const POSTPONE: &str =
    "UPDATE payments SET intent_at = $4, intent_tries = intent_tries + 1, intent_round = $5
    WHERE id = $1 AND version = $2 AND intent_tries = $3";
const HASTEN: &str =
    "UPDATE payments SET intent_at = $2 WHERE id = $1 AND intent IS NOT NULL AND intent_at > $2";

const WITH_MONEY: &str = "SELECT id, gateway_id FROM payments WHERE id > $2 AND created_at >= $1
    AND status IN ('authorized', 'captured') AND gateway_id IS NOT NULL ORDER BY id LIMIT $3";
const ROUND: &str = "SELECT intent_round FROM payments WHERE id = $1";

/// A payment of which the gateway is to be asked something now.
#[derive(Clone, Debug)]
pub struct Due {
    /// The payment.
    pub payment: Payment,
    /// How often it was asked already, without an answer.
    pub tries: u32,
    /// How many of the gateway's answers were failures that it would repeat.
    pub round: u32,
    /// The step of a trace that recorded it.
    pub trace: Option<TraceParent>,
}

impl FromRow for Payment {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, version, order_id, user_id) = (row.next()?, row.next()?, row.next()?, row.next()?);
        let amount = super::money(row)?;
        let token = Token::new(row.next()?);
        let state = state(row)?;
        let refunded = Money::new(row.next()?, amount.currency());
        let (created_at, updated_at) = (row.next()?, row.next()?);
        Ok(Payment {
            id,
            version,
            order_id,
            user_id,
            amount,
            token,
            state,
            refunded,
            created_at,
            updated_at,
        })
    }
}

impl FromRow for Due {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Due {
            payment: Payment::from_row(row)?,
            tries: row.next()?,
            round: row.next()?,
            trace: row
                .next::<Option<String>>()?
                .and_then(|text| TraceParent::parse(&text)),
        })
    }
}

/// The columns that say where a payment stands. What fits no state is no payment of ours.
fn state(row: &mut Row<'_>) -> Result<State, DbError> {
    let status: PaymentStatus = row.parse()?;
    let intent: Option<Intent> = row.parse_opt()?;
    let id: Option<String> = row.next()?;
    let (code, message): (Option<String>, Option<String>) = (row.next()?, row.next()?);
    let decline = code.zip(message);
    let decline = decline.map(|(code, message)| Decline { code, message });
    let secret: Option<String> = row.next()?;
    let found = (status, intent, id.map(GatewayId::new));
    state_of(found, decline, secret.map(ClientSecret::new))
}

fn state_of(
    found: (PaymentStatus, Option<Intent>, Option<GatewayId>),
    decline: Option<Decline>,
    secret: Option<ClientSecret>,
) -> Result<State, DbError> {
    use PaymentStatus as Is;
    let lacks = |what: &str| DbError::Corrupt(format!("a payment {} without its {what}", found.0));
    match found {
        (Is::Processing, Some(Intent::Resolve), None) => Ok(State::Processing),
        (Is::RequiresAction, Some(Intent::Resolve), Some(id)) => match secret {
            Some(secret) => Ok(State::RequiresAction(id, secret)),
            None => Err(DbError::Corrupt("a payment without its secret".to_owned())),
        },
        (Is::Authorized, None, Some(id)) => Ok(State::Authorized(id)),
        (Is::Authorized, Some(Intent::Capture), Some(id)) => Ok(State::Capturing(id)),
        (Is::Authorized, Some(Intent::Void), Some(id)) => Ok(State::Voiding(id)),
        (Is::Refunded, Some(Intent::Refund), Some(id)) => Ok(State::Refunding(id)),
        (Is::Captured, None, Some(id)) => Ok(State::Captured(id)),
        (Is::Voided, None, Some(id)) => Ok(State::Voided(id)),
        (Is::CaptureFailed, None, Some(id)) => Ok(State::CaptureFailed(id)),
        (Is::Refunded, None, Some(id)) => Ok(State::Refunded(id)),
        (Is::Declined, None, None) => decline.map(State::Declined).ok_or_else(|| lacks("reason")),
        (Is::Declined, Some(Intent::Void), Some(id)) => {
            let decline = decline.ok_or_else(|| lacks("reason"))?;
            Ok(State::Discarding(id, decline))
        }
        (status, intent, id) => Err(DbError::Corrupt(format!(
            "a payment {status} with intent {intent:?} and gateway id {id:?}"
        ))),
    }
}

/// A payment, in a transaction.
pub async fn find(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>, DbError> {
    tx.opt(FIND, &params![id]).await
}

/// A payment, to look at.
pub async fn show(db: &Db, id: PaymentId) -> Result<Option<Payment>, DbError> {
    db.opt(FIND, &params![id]).await
}

/// Those since then that are taken for held or charged, after one of them, each with the gateway's id.
pub async fn with_money(
    db: &Db,
    since: Timestamp,
    after: PaymentId,
    limit: i64,
) -> Result<Vec<(PaymentId, String)>, DbError> {
    db.list(WITH_MONEY, &params![since, after, limit]).await
}

/// The round in which the gateway is asked about a payment.
pub async fn round(db: &Db, id: PaymentId) -> Result<u32, DbError> {
    let round: Option<(u32,)> = db.opt(ROUND, &params![id]).await?;
    Ok(round.map_or(0, |(round,)| round))
}

/// The payments of an order before `before`, the newest first.
pub async fn list(
    db: &Db,
    order: OrderId,
    before: PaymentId,
    limit: i64,
) -> Result<Vec<Payment>, DbError> {
    db.list(LIST, &params![order, before, limit]).await
}

/// The one payment of an order that is under way or done, if there is one, held until the end of the transaction.
pub async fn hold_live(tx: &mut Tx, order: OrderId) -> Result<Option<Payment>, DbError> {
    tx.hold(LIVE, &params![order]).await
}

/// Begins an attempt, whose outcome is asked for at `resolve_at` unless it is known by then: `false`
/// when another one of its order is under way or done.
pub async fn insert(
    tx: &mut Tx,
    payment: &Payment,
    resolve_at: Timestamp,
) -> Result<bool, DbError> {
    let currency = payment.amount.currency();
    let trace = tx.trace().map(|step| step.to_string());
    let params = params![
        payment.id,
        payment.version,
        payment.order_id,
        payment.user_id,
        payment.amount.minor(),
        currency.as_str(),
        payment.token.as_str(),
        payment.state.status().as_str(),
        payment.state.intent().map(Intent::as_str),
        resolve_at,
        payment.created_at,
        payment.updated_at,
        trace,
    ];
    tx.witness_by(FIND, payment.id.uuid());
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// Saves a change, and wakes the worker if the gateway is to be asked something: `false` when the
/// payment is no longer of the version before it.
pub async fn save(tx: &mut Tx, payment: &Payment) -> Result<bool, DbError> {
    let intent = payment.state.intent();
    let decline = payment.state.decline();
    let trace = tx.trace().map(|step| step.to_string());
    let params = params![
        payment.id,
        payment.version,
        payment.state.status().as_str(),
        intent.map(Intent::as_str),
        intent.map(|_| payment.updated_at),
        payment.state.gateway_id().map(GatewayId::as_str),
        decline.map(|decline| &decline.code),
        decline.map(|decline| &decline.message),
        payment.state.client_secret().map(ClientSecret::as_str),
        payment.refunded.minor(),
        payment.updated_at,
        payment.version - 1,
        trace,
    ];
    if intent.is_some() {
        tx.wake(SIGNAL);
    }
    Ok(tx.execute(SAVE, &params).await? == 1)
}

/// Wakes the worker that asks the gateway.
pub const SIGNAL: &str = "intents";

/// Takes up to `limit` payments of which the gateway is to be asked something now, the longest due first.
/// Nobody else takes them before `until`, which the answer, or a next try, overwrites.
pub async fn claim(tx: &mut Tx, until: Timestamp, limit: u32) -> Result<Vec<Due>, DbError> {
    let now = tx.now();
    tx.claim(DUE, CLAIM, &params![now, until, limit]).await
}

/// When the oldest of what the gateway is to be asked was recorded. What waits for its payer is nobody's arrears.
pub async fn oldest_intent(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let oldest: Option<(Option<Timestamp>,)> = db.opt(OLDEST, &[]).await?;
    Ok(oldest.and_then(|(since,)| since))
}

/// When the gateway is to be asked something next.
pub async fn next_due(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let next: Option<(Timestamp,)> = db.opt(NEXT, &[]).await?;
    Ok(next.map(|(moment,)| moment))
}

/// Counts a try without an answer, and sets the time and the round of the next one: `false` when somebody else has
/// counted it, or has had an answer.
pub async fn postpone(
    tx: &mut Tx,
    due: &Due,
    pause: SignedDuration,
    round: u32,
) -> Result<bool, DbError> {
    let moment = tx.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
    let payment = &due.payment;
    let params = params![payment.id, payment.version, due.tries, moment, round];
    tx.wake(SIGNAL);
    Ok(tx.execute(POSTPONE, &params).await? == 1)
}

/// Has the gateway asked now what it would be asked later.
pub async fn hasten(tx: &mut Tx, id: PaymentId) -> Result<(), DbError> {
    let now = tx.now();
    tx.wake(SIGNAL);
    tx.execute(HASTEN, &params![id, now]).await.map(drop)
}
