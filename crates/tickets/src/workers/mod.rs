//! The duties of tickets that nobody asks for, one file each.

mod aside;
mod ended;
mod strays;
mod terms;
mod withdrawals;

use std::sync::Arc;

use tessera_platform::service::Ctx;
use tessera_platform::worker::Worker;

use crate::store::Passed;

pub use withdrawals::SIGNAL as WITHDRAWALS;

/// Listings that one step of `ended` or `withdrawals` changes at most. Few: on a server it holds them all until its commit, and
/// others may want them.
const PORTION: i64 = 20;

/// All of them.
pub fn all(ctx: &Ctx, passed: &Passed) -> Vec<Arc<dyn Worker>> {
    vec![
        Arc::new(aside::Aside {
            db: ctx.db.clone(),
            passed: passed.clone(),
        }),
        Arc::new(strays::Strays::new(ctx.db.clone(), ctx.clock.clone())),
        Arc::new(withdrawals::Withdrawals(ctx.db.clone())),
        Arc::new(ended::Ended {
            db: ctx.db.clone(),
            clock: ctx.clock.clone(),
        }),
        Arc::new(terms::Terms {
            db: ctx.db.clone(),
            clock: ctx.clock.clone(),
        }),
    ]
}
