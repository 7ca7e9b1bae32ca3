//! Compares what payments recorded with what the gateway has: one authorization that the gateway told of, or all of the last
//! days. What is safe is mended, and the rest is told.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::db::DbError;

use crate::App;
use crate::gateway::{GatewayError, GatewayId, Released, Seen, Settle};
use crate::operations::{Verdict, mend};
use crate::store::hints::{self, Hint};

/// How far back a run looks: longer than an authorization lasts.
pub const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(24 * 8);

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
}

/// Compares one.
pub async fn one(app: &App, seen: Seen) -> Result<Found, DbError> {
    let compared = seen.clone();
    let db = &app.ctx.db;
    let verdict = db.write_bulk(compared, |tx, seen| Box::pin(mend(tx, seen)));
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
        Verdict::Stray => release(app, seen).await,
    })
}

/// The round in which what no payment stands for is released: after all that a payment has, and each hour another one, since a
/// failure is repeated to its key.
fn stray_round(now: Timestamp) -> u32 {
    u32::try_from(now.as_second() / 3_600).unwrap_or(u32::MAX)
}

/// No payment stands for it.
async fn release(app: &App, seen: Seen) -> Found {
    let Some(key) = seen.key else {
        return Found::Agrees;
    };
    let wish = Settle {
        id: seen.id,
        key,
        round: stray_round(app.ctx.clock.now()),
        amount: seen.amount,
    };
    match app.gateway.void_stray(&wish).await {
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

/// Compares all that the gateway has of the last days.
pub async fn all(app: &App) -> Result<Result<Summary, GatewayError>, DbError> {
    let now = app.ctx.clock.now();
    let since = now.saturating_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    if let Err(error) = hear_again(app, since).await? {
        return Ok(Err(error));
    }
    let mut summary = Summary::default();
    let mut after: Option<GatewayId> = None;
    // One that could not be released does not keep the others from being looked at.
    let mut silent = None;
    loop {
        let page = match app.gateway.list(since, after.as_ref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        for seen in page.seen {
            let (id, key) = (seen.id.clone(), seen.key);
            match one(app, seen).await? {
                Found::Agrees => summary.agree += 1,
                Found::UnderWay => summary.under_way += 1,
                Found::Mended => summary.mended += 1,
                Found::Differs(why) => {
                    summary.differ += 1;
                    let payment = key.map(|key| key.to_string());
                    tracing::error!(
                        payment,
                        intent = id.as_str(),
                        why,
                        "a payment is not as the gateway has it"
                    );
                }
                Found::Silent(error) => silent = Some(error),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(silent.map_or(Ok(summary), Err));
        }
    }
}

/// Notes what the gateway told of chargebacks and refunds, as if it came now: the message may never have arrived.
async fn hear_again(app: &App, since: Timestamp) -> Result<Result<(), GatewayError>, DbError> {
    let mut after: Option<String> = None;
    loop {
        let page = match app.gateway.news(since, after.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        let Some(last) = page.last() else {
            return Ok(Ok(()));
        };
        after = Some(last.id.clone());
        for hint in page.into_iter().filter_map(Hint::at) {
            let db = &app.ctx.db;
            db.write_bulk(hint, |tx, hint| Box::pin(hints::insert(tx, hint)))
                .await?;
        }
    }
}
