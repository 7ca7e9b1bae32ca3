//! Asks the gateway for the refunds that operators decided, and records what it answers: again and again, until there is an
//! answer.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tessera_platform::BoxFuture;
use tessera_platform::db::DbError;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::App;
use crate::domain::{CLAIMED_FOR, RefundStatus};
use crate::gateway::{GatewayError, Refund};
use crate::operations::{Silence, end_refund, postpone_refund};
use crate::store::payments;
use crate::store::refunds::{self, Due, SIGNAL};

/// Refunds that one step asks for.
const PORTION: u32 = 16;
/// Of them, those at the same time.
const AT_ONCE: usize = 8;

/// The worker that gives back.
pub struct Refunds {
    app: App,
}

impl Refunds {
    /// Works on the refunds of `app`.
    pub fn new(app: App) -> Refunds {
        Refunds { app }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let ctx = &self.app.ctx;
        match refunds::next_due(&ctx.db).await? {
            None => return Ok(Next::Idle),
            Some(moment) if moment > ctx.clock.now() => return Ok(Next::At(moment)),
            Some(_) => {}
        }
        let claimed = ctx.db.write_bulk(ctx.db.lease(CLAIMED_FOR), |tx, lease| {
            let until = tx.now().saturating_add(*lease).unwrap_or(Timestamp::MAX);
            Box::pin(refunds::claim(tx, until, PORTION))
        });
        let due: Vec<Due> = claimed.await?;
        if due.is_empty() {
            return Ok(Next::Idle);
        }
        let carried_out = stream::iter(due.into_iter().map(|due| self.carry_out(due)));
        let outcomes: Vec<Result<(), DbError>> =
            carried_out.buffer_unordered(AT_ONCE).collect().await;
        outcomes.into_iter().collect::<Result<(), DbError>>()?;
        Ok(Next::Again)
    }

    async fn carry_out(&self, due: Due) -> Result<(), DbError> {
        let db = &self.app.ctx.db;
        let refund = due.refund.clone();
        let status = match self.ask(&due).await? {
            Ok(()) => RefundStatus::Done,
            Err(GatewayError::Refused(reason)) => {
                tracing::error!(refund = %refund.id, order = %refund.order, reason, "a refund was refused for good");
                RefundStatus::Failed
            }
            Err(error) => return self.postpone(due, &error).await,
        };
        db.write_bulk((refund, status), |tx, (refund, status)| {
            Box::pin(end_refund(tx, refund, *status))
        })
        .await
    }

    async fn ask(&self, due: &Due) -> Result<Result<(), GatewayError>, DbError> {
        let refund = &due.refund;
        let payment = payments::show(&self.app.ctx.db, refund.payment).await?;
        let Some(id) = payment.and_then(|payment| payment.state.gateway_id().cloned()) else {
            return Err(DbError::Corrupt(format!(
                "refund {} of a payment that was not charged",
                refund.id
            )));
        };
        let wish = Refund {
            id,
            key: refund.id,
            round: due.round,
            amount: refund.amount,
        };
        Ok(self.app.gateway.refund(refund.payment, &wish).await)
    }

    async fn postpone(&self, due: Due, error: &GatewayError) -> Result<(), DbError> {
        tracing::warn!(refund = %due.refund.id, tries = due.tries + 1, %error, "not given back, trying again");
        let why = Silence::after(error);
        let db = &self.app.ctx.db;
        db.write_bulk((due, why), |tx, (due, why)| {
            Box::pin(postpone_refund(tx, due, *why))
        })
        .await
    }
}

impl Worker for Refunds {
    fn name(&self) -> &'static str {
        "refunds"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
