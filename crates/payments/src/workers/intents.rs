//! Asks the gateway what is still to be asked of it, and records what it answers: again and again,
//! until there is an answer.
//!
//! Processes share the work: each claims what it asks about. That only saves calls. Two may ask the same at
//! once, and any step may be cut off: the gateway does a thing once for each payment, and every result is
//! recorded by compare-and-set.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use metrics::Gauge;
use tessera_platform::BoxFuture;
use tessera_platform::db::DbError;
use tessera_platform::http::trace;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::App;
use crate::domain::{Authorization, CLAIMED_FOR, GatewayId, Intent, Payment, Settled, State};
use crate::gateway::{GatewayError, Refund, Released};
use crate::instruments;
use crate::operations::{Answered, Silence, postpone, record_answer, settle};
use crate::store::payments::{self, Due, SIGNAL};

/// Intents that one step carries out: two for each call at the same time, so that all are answered before
/// their claim is over.
const PORTION: u32 = 64;
/// Of them, those at the same time: as many calls the gateway gets at once, at most.
const AT_ONCE: usize = 32;

/// The worker that carries out what is recorded.
pub struct Intents {
    app: App,
    overdue: Gauge,
}

/// What the gateway said.
enum Word {
    Answer(Authorization),
    Settled(Settled),
}

impl Intents {
    /// Works on the payments of `app`.
    pub fn new(app: App) -> Intents {
        Intents {
            app,
            overdue: instruments::payments_overdue(),
        }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let ctx = &self.app.ctx;
        let oldest = payments::oldest_intent(&ctx.db).await?;
        let age = oldest.map_or(0.0, |since| {
            ctx.clock.now().duration_since(since).as_secs_f64()
        });
        self.overdue.set(age.max(0.0));
        match payments::next_due(&ctx.db).await? {
            None => return Ok(Next::Idle),
            Some(moment) if moment > ctx.clock.now() => return Ok(Next::At(moment)),
            Some(_) => {}
        }
        let due = self.claim().await?;
        if due.is_empty() {
            // Another process was faster.
            return Ok(Next::Idle);
        }
        let carried_out = stream::iter(due.into_iter().map(|due| self.carry_out_in_its_trace(due)));
        let outcomes: Vec<Result<(), DbError>> =
            carried_out.buffer_unordered(AT_ONCE).collect().await;
        // One that could not be recorded is still due, and must not keep the others from it.
        outcomes.into_iter().collect::<Result<(), DbError>>()?;
        Ok(Next::Again)
    }

    async fn claim(&self) -> Result<Vec<Due>, DbError> {
        let db = &self.app.ctx.db;
        let claimed = db.write_bulk(db.lease(CLAIMED_FOR), |tx, lease| {
            let until = tx.now().saturating_add(*lease).unwrap_or(Timestamp::MAX);
            Box::pin(payments::claim(tx, until, PORTION))
        });
        claimed.await
    }

    /// It goes on in the trace of whoever it was recorded for.
    async fn carry_out_in_its_trace(&self, due: Due) -> Result<(), DbError> {
        trace::scope_within(due.trace, self.carry_out(due)).await
    }

    async fn carry_out(&self, due: Due) -> Result<(), DbError> {
        // The model: services::payments::ask, services::gateway.
        match self.ask(&due.payment, due.round).await {
            Ok(Some(Word::Answer(Authorization::ActionRequired(..)))) if waits_for_payer(&due) => {
                self.put_off(due, Silence::Payer).await
            }
            Ok(Some(word)) => self.record(due.payment, word).await,
            Ok(None) => Ok(()),
            Err(error) => self.postpone(due, &error).await,
        }
    }

    async fn ask(&self, payment: &Payment, round: u32) -> Result<Option<Word>, GatewayError> {
        let gateway = &self.app.gateway;
        let word = match &payment.state {
            State::Processing | State::RequiresAction(..) => {
                Word::Answer(gateway.resolve(payment, round).await?)
            }
            State::Capturing(id) => match gateway.capture(payment, id, round).await {
                Ok(fee) => Word::Settled(Settled::Captured { fee }),
                Err(GatewayError::Refused(reason)) => {
                    tracing::error!(payment = %payment.id, reason, "the capture was refused for good");
                    Word::Settled(Settled::CaptureRefused)
                }
                Err(error) => return Err(error),
            },
            // A refusal is no end of it: what is still held, or was even charged, needs a person.
            State::Voiding(id) | State::Discarding(id, _) => {
                Word::Settled(released(gateway.void(payment, id, round).await?))
            }
            State::Refunding(id) => {
                let wish = give_back(payment, id, round);
                gateway.refund(payment.id, &wish).await?;
                Word::Settled(Settled::Refunded)
            }
            State::Authorized(_)
            | State::Captured(_)
            | State::Declined(_)
            | State::Voided(_)
            | State::CaptureFailed(_)
            | State::Refunded(_) => return Ok(None),
        };
        Ok(Some(word))
    }

    async fn record(&self, payment: Payment, word: Word) -> Result<(), DbError> {
        let db = &self.app.ctx.db;
        match word {
            Word::Answer(answer) => {
                let attempts = self.app.ctx.settings.payment_attempts;
                let answered = Answered {
                    payment,
                    answer,
                    attempts,
                };
                db.write_bulk(answered, |tx, answered| {
                    Box::pin(record_answer(tx, answered))
                })
                .await
                .map(drop)
            }
            Word::Settled(settled) => {
                db.write_bulk((payment, settled), |tx, (payment, settled)| {
                    Box::pin(settle(tx, payment, *settled))
                })
                .await
            }
        }
    }

    async fn postpone(&self, due: Due, error: &GatewayError) -> Result<(), DbError> {
        let (payment, tries) = (due.payment.id, due.tries + 1);
        let intent = due.payment.state.intent().map_or("none", Intent::as_str);
        match error {
            GatewayError::Refused(_) => {
                tracing::error!(%payment, intent, tries, %error, "not done, and no try will help: this needs a person");
            }
            _ => {
                tracing::warn!(%payment, intent, tries, %error, "not done, trying again");
            }
        }
        self.put_off(due, Silence::after(error)).await
    }

    async fn put_off(&self, due: Due, why: Silence) -> Result<(), DbError> {
        let db = &self.app.ctx.db;
        db.write_bulk((due, why), |tx, (due, why)| {
            Box::pin(postpone(tx, due, *why))
        })
        .await
    }
}

/// Whether nothing is new: it was known before that the payer is to confirm the payment.
fn waits_for_payer(due: &Due) -> bool {
    due.payment.state.client_secret().is_some()
}

fn released(released: Released) -> Settled {
    match released {
        Released::Voided => Settled::Voided,
        Released::ChargedElsewhere => Settled::ChargedElsewhere,
    }
}

/// All of it.
fn give_back(payment: &Payment, id: &GatewayId, round: u32) -> Refund {
    Refund {
        id: id.clone(),
        key: payment.id.uuid(),
        round,
        amount: payment.amount,
    }
}

impl Worker for Intents {
    fn name(&self) -> &'static str {
        "intents"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
