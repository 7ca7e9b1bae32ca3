//! Compares what payments recorded with what the gateway has: one authorization that the gateway told of, or all of the last
//! days. What is safe is mended, and the rest is told.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::PaymentId;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError};
use uuid::Uuid;

use crate::App;
use crate::gateway::{Calls, GatewayError, GatewayId, Released, Seen, Settle};
use crate::operations::{Verdict, mend};
use crate::store::hints::{self, Hint};
use crate::store::payments;

/// How far back a run looks: longer than an authorization lasts.
pub const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(24 * 8);

/// Payments that one statement reads.
const PORTION: i64 = 500;

/// What a comparison found.
#[derive(Debug)]
pub enum Found {
    /// Both say the same.
    Agrees,
    /// The gateway is being asked.
    UnderWay,
    /// It is mended, or about to be.
    Mended,
    /// A person has to look, and why.
    Differs(String),
    /// The gateway did not answer.
    Silent(GatewayError),
}

/// What a run over many found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub agree: u64,
    pub under_way: u64,
    pub mended: u64,
    pub differ: u64,
    /// Of which the gateway did not answer.
    pub silent: u64,
}

impl Summary {
    fn count(&mut self, found: Found, id: &GatewayId, key: Option<PaymentId>) {
        match found {
            Found::Agrees => self.agree += 1,
            Found::UnderWay => self.under_way += 1,
            Found::Mended => self.mended += 1,
            Found::Silent(error) => {
                self.silent += 1;
                tracing::warn!(intent = id.as_str(), %error, "the gateway did not say how one stands");
            }
            Found::Differs(why) => {
                self.differ += 1;
                let payment = key.map(|key| key.to_string());
                tracing::error!(
                    payment,
                    intent = id.as_str(),
                    why,
                    "a payment is not as the gateway has it"
                );
            }
        }
    }
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// What payments recorded.
    pub db: &'a Db,
    /// What has the authorizations.
    pub gateway: &'a Calls,
    /// The time.
    pub clock: &'a Clock,
}

impl<'a> Sides<'a> {
    /// Those of the service.
    pub fn of(app: &'a App) -> Sides<'a> {
        Sides {
            db: &app.ctx.db,
            gateway: &app.gateway,
            clock: &app.ctx.clock,
        }
    }
}

/// Compares one.
pub async fn one(sides: Sides<'_>, seen: Seen) -> Result<Found, DbError> {
    let compared = seen.clone();
    let verdict = sides
        .db
        .write_bulk(compared, |tx, seen| Box::pin(mend(tx, seen)));
    Ok(match verdict.await? {
        Verdict::Agree => Found::Agrees,
        Verdict::UnderWay => Found::UnderWay,
        Verdict::Mended(what) => {
            tracing::warn!(
                intent = seen.id.as_str(),
                what,
                "mended what the gateway had otherwise"
            );
            Found::Mended
        }
        Verdict::Differ(why) => Found::Differs(why),
        Verdict::Stray => release(sides, seen).await,
    })
}

/// The round in which what no payment stands for is released: after all that a payment has, and each hour another one, since a
/// failure is repeated to its key.
fn stray_round(now: Timestamp) -> u32 {
    u32::try_from(now.as_second() / 3_600).unwrap_or(u32::MAX)
}

/// No payment stands for it.
async fn release(sides: Sides<'_>, seen: Seen) -> Found {
    let Some(key) = seen.key else {
        return Found::Agrees;
    };
    let wish = Settle {
        id: seen.id,
        key,
        round: stray_round(sides.clock.now()),
        amount: seen.amount,
    };
    match sides.gateway.void_stray(&wish).await {
        Ok(Released::Voided) => {
            tracing::warn!(
                intent = wish.id.as_str(),
                "released what no payment stands for"
            );
            Found::Mended
        }
        Ok(Released::ChargedElsewhere) => {
            Found::Differs("it was charged, and no payment stands for it".to_owned())
        }
        Err(GatewayError::Refused(why)) => Found::Differs(why),
        Err(error) => Found::Silent(error),
    }
}

/// Compares all that the gateway has of the last days, and all that payments has.
pub async fn all(sides: Sides<'_>) -> Result<Result<Summary, GatewayError>, DbError> {
    let now = sides.clock.now();
    let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    if let Err(error) = hear_again(sides, since).await? {
        return Ok(Err(error));
    }
    let mut summary = Summary::default();
    let mut after: Option<GatewayId> = None;
    let mut listed = HashSet::new();
    loop {
        let page = match sides.gateway.list(since, after.as_ref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        for seen in page.seen {
            let (id, key) = (seen.id.clone(), seen.key);
            // One that could not be released does not keep the others from being looked at.
            let found = one(sides, seen).await?;
            summary.count(found, &id, key);
            listed.insert(id.as_str().to_owned());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    compare_ours(sides, since, &listed, &mut summary).await?;
    Ok(Ok(summary))
}

/// Looks at what payments takes for held or charged, and the gateway did not list.
async fn compare_ours(
    sides: Sides<'_>,
    since: Timestamp,
    listed: &HashSet<String>,
    summary: &mut Summary,
) -> Result<(), DbError> {
    let mut after = PaymentId::from(Uuid::nil());
    loop {
        let page = payments::with_money(sides.db, since, after, PORTION).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = *last;
        for (key, id) in page {
            if listed.contains(&id) {
                continue;
            }
            let found = match sides.gateway.look(&id).await {
                Ok(Some(seen)) => one(sides, seen).await?,
                Ok(None) => Found::Differs("the gateway does not know it".to_owned()),
                Err(error) => Found::Silent(error),
            };
            summary.count(found, &GatewayId::new(id), Some(key));
        }
    }
}

/// Notes what the gateway told of chargebacks and refunds, as if it came now: the message may never have arrived.
async fn hear_again(
    sides: Sides<'_>,
    since: Timestamp,
) -> Result<Result<(), GatewayError>, DbError> {
    let mut after: Option<String> = None;
    loop {
        let page = match sides.gateway.news(since, after.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        let Some(last) = page.last() else {
            return Ok(Ok(()));
        };
        after = Some(last.id.clone());
        for hint in page.into_iter().filter_map(Hint::at) {
            let db = sides.db;
            db.write_bulk(hint, |tx, hint| Box::pin(hints::insert(tx, hint)))
                .await?;
        }
    }
}
