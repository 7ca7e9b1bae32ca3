//! What a comparison with Stripe finds, in words.

use std::sync::Arc;

use tessera_platform::clock::Clock;
use tessera_platform::config::StripeSettings;
use tessera_platform::db::Db;
use tessera_platform::telemetry::traces::Tracer;

use crate::gateway::stripe::Stripe;
use crate::gateway::{Calls, Gateway, GatewayId};
use crate::operations::{Verdict, mend};
use crate::reconcile::{self, LOOKS_BACK, Sides};

/// Compares all that Stripe has of the last days with the database of payments, as the service does every hour, and answers
/// what it found of each intent of ours, the newest first: `agree`, `under way`, `stray`, `mended: …` or `differ: …`.
#[expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and ends"
)]
pub async fn verdicts(db: &Db, settings: &StripeSettings, clock: &Clock) -> Vec<String> {
    let stripe = Stripe::new(settings, clock.clone()).expect("a client");
    let since = clock.now() - LOOKS_BACK;
    let mut after: Option<GatewayId> = None;
    let mut found = Vec::new();
    loop {
        let page = stripe.list(since, after.as_ref()).await.expect("a page");
        for seen in page.seen {
            let compared = db.write(seen, |tx, seen| Box::pin(mend(tx, seen)));
            found.push(in_words(compared.await.expect("a verdict")));
        }
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// How many the service finds to agree, to be mended, and to differ, when it compares as it does every hour.
#[expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and ends"
)]
pub async fn compared(db: &Db, settings: &StripeSettings, clock: &Clock) -> [u64; 3] {
    let stripe = Stripe::new(settings, clock.clone()).expect("a client");
    let gateway = &Calls::new(Arc::new(stripe), Tracer::default());
    let sides = Sides { db, gateway, clock };
    let all = reconcile::all(sides).await.expect("a comparison");
    let found = all.expect("answers");
    [found.agree, found.mended, found.differ]
}

fn in_words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Agree => "agree".to_owned(),
        Verdict::UnderWay => "under way".to_owned(),
        Verdict::Stray => "stray".to_owned(),
        Verdict::Mended(what) => format!("mended: {what}"),
        Verdict::Differ(why) => format!("differ: {why}"),
    }
}
