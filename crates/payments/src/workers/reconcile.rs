//! Compares the last days with the gateway, now and then: what no answer and no message told is found there.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::BoxFuture;
use tessera_platform::worker::{Next, Worker, WorkerError};

use parking_lot::Mutex;

use crate::App;
use crate::instruments;
use crate::reconcile::{self, Sides, Summary};
use crate::store::disputes;

/// Between two runs.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// After a run that the gateway did not answer.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// After the start: not while everything else begins, too.
const FIRST_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// The worker that compares. Each process does so for itself: it changes only what is otherwise, and each change counts once.
pub struct Reconcile {
    app: App,
    next: Mutex<Option<Timestamp>>,
}

impl Reconcile {
    /// Compares the payments of `app`.
    pub fn new(app: App) -> Reconcile {
        instruments::describe_reconciled();
        Reconcile {
            app,
            next: Mutex::new(None),
        }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let ctx = &self.app.ctx;
        instruments::disputes_open().set(disputes::count_open(&ctx.db).await? as f64);
        let now = ctx.clock.now();
        let next = *self
            .next
            .lock()
            .get_or_insert_with(|| later(now, FIRST_AFTER));
        if now < next {
            return Ok(Next::At(next));
        }
        let pause = match reconcile::all(Sides::of(&self.app)).await? {
            Ok(summary) => {
                tell(summary);
                if summary.silent > 0 {
                    AGAIN_AFTER
                } else {
                    EVERY
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the gateway did not say what it has");
                AGAIN_AFTER
            }
        };
        let next = later(ctx.clock.now(), pause);
        *self.next.lock() = Some(next);
        Ok(Next::At(next))
    }
}

fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

fn tell(summary: Summary) {
    let Summary {
        agree,
        under_way,
        mended,
        differ,
        silent,
    } = summary;
    tracing::info!(
        agree,
        under_way,
        mended,
        differ,
        silent,
        "compared the last days with the gateway"
    );
    let figures = [
        ("agree", agree),
        ("under_way", under_way),
        ("mended", mended),
        ("differ", differ),
        ("silent", silent),
    ];
    for (verdict, count) in figures {
        instruments::reconciled(verdict).set(count as f64);
    }
}

impl Worker for Reconcile {
    fn name(&self) -> &'static str {
        "reconcile"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
