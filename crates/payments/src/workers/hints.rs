//! Looks at what the gateway told of: whether it is early, late or told twice, what counts is how things stand there now.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::PaymentId;
use tessera_platform::BoxFuture;
use tessera_platform::db::DbError;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::App;
use crate::domain::CLAIMED_FOR;
use crate::gateway::{Dispute, GatewayError, Seen};
use crate::instruments;
use crate::operations::{Bounced, Followed, Silence, bounce, follow_dispute, pause};
use crate::reconcile::{self, Found, Sides};
use crate::store::disputes;
use crate::store::hints::{self, Hint, SIGNAL, Subject};

/// Hints that one step looks at.
const PORTION: u32 = 16;

/// For how long they are kept, so that one that is told again is known: Stripe repeats an event for three days, and lists it
/// for thirty.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
const FORGOTTEN_AT_ONCE: u32 = 500;

/// The worker that looks.
pub struct Hints {
    app: App,
}

impl Hints {
    /// Works on what the gateway of `app` told.
    pub fn new(app: App) -> Hints {
        Hints { app }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let ctx = &self.app.ctx;
        match hints::next_due(&ctx.db).await? {
            None => return Ok(Next::Idle),
            Some(moment) if moment > ctx.clock.now() => return Ok(Next::At(moment)),
            Some(_) => {}
        }
        let claimed = ctx.db.write_bulk(ctx.db.lease(CLAIMED_FOR), |tx, lease| {
            let until = tx.now().saturating_add(*lease).unwrap_or(Timestamp::MAX);
            Box::pin(hints::claim(tx, until, PORTION))
        });
        let due = claimed.await?;
        if due.is_empty() {
            return Ok(Next::Idle);
        }
        for hint in due {
            self.follow(hint).await?;
        }
        let forget = ctx.db.write_bulk((), |tx, ()| {
            let moment = tx.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
            Box::pin(hints::prune(tx, moment, FORGOTTEN_AT_ONCE))
        });
        forget.await?;
        Ok(Next::Again)
    }

    async fn follow(&self, hint: Hint) -> Result<(), DbError> {
        let looked = match hint.subject {
            Subject::Payment => self.payment(&hint.object).await?,
            Subject::Dispute => self.dispute(&hint.object).await?,
            Subject::Refund => self.refund(&hint.object).await?,
        };
        let db = &self.app.ctx.db;
        let Err(error) = looked else {
            let done = db.write_bulk(hint, |tx, hint| Box::pin(hints::done(tx, hint)));
            return done.await;
        };
        tracing::warn!(hint = hint.id, object = hint.object, %error, "could not look at it, trying again");
        let why = Silence::after(&error);
        db.write_bulk((hint, why), |tx, (hint, why)| {
            Box::pin(async {
                let pause = pause(tx, hint.tries, *why);
                hints::postpone(tx, hint, pause).await
            })
        })
        .await
    }

    async fn payment(&self, id: &str) -> Result<Result<(), GatewayError>, DbError> {
        let seen: Seen = match self.app.gateway.look(id).await {
            Ok(Some(seen)) => seen,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let key: Option<PaymentId> = seen.key;
        match reconcile::one(Sides::of(&self.app), seen).await? {
            Found::Differs(why) => {
                let payment = key.map(|key| key.to_string());
                tracing::error!(
                    payment,
                    intent = id,
                    why,
                    "a payment is not as the gateway has it"
                );
                Ok(Ok(()))
            }
            Found::Silent(error) => Ok(Err(error)),
            Found::Agrees | Found::UnderWay | Found::Mended => Ok(Ok(())),
        }
    }

    async fn dispute(&self, id: &str) -> Result<Result<(), GatewayError>, DbError> {
        let news: Dispute = match self.app.gateway.dispute(id).await {
            Ok(Some(news)) => news,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let db = &self.app.ctx.db;
        let told = news.clone();
        let followed = db.write_bulk(news, |tx, news| Box::pin(follow_dispute(tx, news)));
        let followed = followed.await?;
        instruments::disputes_open().set(disputes::count_open(db).await? as f64);
        match followed {
            Followed::Frozen => {
                tracing::error!(
                    dispute = told.id,
                    intent = told.payment.as_str(),
                    reason = told.reason,
                    "a buyer's bank asks for the money back: what the seller would get of it is frozen"
                );
            }
            Followed::Decided => {
                tracing::warn!(dispute = told.id, standing = ?told.standing, "a chargeback is decided");
            }
            Followed::TooEarly => {
                let why = "the charge of this chargeback is not known yet";
                return Ok(Err(GatewayError::Unavailable(why.to_owned())));
            }
            Followed::OtherCurrency => {
                tracing::error!(
                    dispute = told.id,
                    amount = %told.amount.amount(),
                    currency = told.amount.currency().as_str(),
                    "a chargeback in another currency than its order's: the books know nothing of it"
                );
            }
            Followed::NotOurs | Followed::Known => {}
        }
        Ok(Ok(()))
    }

    async fn refund(&self, id: &str) -> Result<Result<(), GatewayError>, DbError> {
        let bounced = match self.app.gateway.bounced(id).await {
            Ok(Some(refund)) => refund,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let db = &self.app.ctx.db;
        let taken_back = db.write_bulk(bounced, |tx, refund| Box::pin(bounce(tx, *refund)));
        match taken_back.await? {
            Bounced::News => {
                tracing::error!(refund = %bounced, "a refund came back: the buyer does not have it");
            }
            Bounced::Known => {}
            Bounced::TooEarly => {
                let why = "it is not known yet that this refund was made";
                return Ok(Err(GatewayError::Unavailable(why.to_owned())));
            }
        }
        Ok(Ok(()))
    }
}

impl Worker for Hints {
    fn name(&self) -> &'static str {
        "hints"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
