//! Batches on their way inside one process. Each is published, and then marked. The next one does not wait for those before
//! it, as long as these are few: an event reaches an inbox that is ready for it, though another one is slow.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use uuid::Uuid;

use super::rows::{self, Unmarked, Unpublished};
use crate::BoxFuture;
use crate::db::Db;
use crate::worker::WorkerError;

/// Batches at once, those that only lack their marks among them.
const MOST: usize = 8;
/// Another one sets out while fewer events than this are to reach their inboxes. Where there are more, those that come
/// meanwhile are gathered: many small batches have their price.
const FEW: usize = 24;

type Done = (u64, Result<(), WorkerError>);

/// All of them.
#[derive(Default)]
pub(super) struct Underway {
    batches: BTreeMap<u64, Batch>,
    steps: FuturesUnordered<BoxFuture<'static, Done>>,
    begun: u64,
}

struct Batch {
    ids: Vec<Uuid>,
    oldest: Option<Timestamp>,
    is_published: bool,
}

impl Underway {
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether another batch may set out.
    pub(super) fn has_room(&self) -> bool {
        let events: usize = self.coming().map(|batch| batch.ids.len()).sum();
        self.batches.len() < MOST && events < FEW
    }

    /// Since when the oldest event waits that has not reached all inboxes.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.coming().filter_map(|batch| batch.oldest).min()
    }

    fn coming(&self) -> impl Iterator<Item = &Batch> {
        self.batches.values().filter(|batch| !batch.is_published)
    }

    /// The first and the last of their events.
    pub(super) fn bounds(&self) -> Option<(Uuid, Uuid)> {
        let ids = || self.batches.values().flat_map(|batch| &batch.ids);
        Some((*ids().min()?, *ids().max()?))
    }

    /// Lets a batch set out, by what publishes it.
    pub(super) fn begin(
        &mut self,
        events: &[Unpublished],
        publish: impl Future<Output = Result<(), WorkerError>> + Send + 'static,
    ) {
        self.begun += 1;
        let batch = Batch {
            ids: events.iter().map(|event| event.id).collect(),
            oldest: events.first().map(|event| event.created_at),
            is_published: false,
        };
        self.batches.insert(self.begun, batch);
        self.take_step(self.begun, publish);
    }

    fn take_step(
        &self,
        number: u64,
        step: impl Future<Output = Result<(), WorkerError>> + Send + 'static,
    ) {
        self.steps.push(Box::pin(async move {
            // A step that panicked is one that failed: its batch is not on its way any more.
            let panicked = |_| WorkerError::Other("a batch panicked".to_owned());
            let done = AssertUnwindSafe(step).catch_unwind().await;
            (number, done.map_err(panicked).flatten())
        }));
    }

    /// Waits until some of them have come a step further. Those that failed are on their way no more.
    pub(super) async fn progress(&mut self, db: &Db) -> Result<(), WorkerError> {
        let Some(done) = self.steps.next().await else {
            self.batches.clear();
            return Ok(());
        };
        let mut end = self.note(done, db);
        // Those that failed with it, too: after each failure nothing is done for a while.
        while let Some(Some(done)) = self.steps.next().now_or_never() {
            end = end.and(self.note(done, db));
        }
        end
    }

    fn note(&mut self, (number, done): Done, db: &Db) -> Result<(), WorkerError> {
        let Some(mut batch) = self.batches.remove(&number) else {
            return Ok(());
        };
        done?;
        if !batch.is_published {
            batch.is_published = true;
            self.take_step(number, mark(db.clone(), batch.ids.clone()));
            self.batches.insert(number, batch);
        }
        Ok(())
    }
}

async fn mark(db: Db, ids: Vec<Uuid>) -> Result<(), WorkerError> {
    let unmarked = Unmarked {
        ids,
        batches: Vec::new(),
    };
    let marked = db.write_along(unmarked, |tx, unmarked| Box::pin(rows::mark(tx, unmarked)));
    Ok(marked.await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    fn open(folder: &tempfile::TempDir) -> Db {
        let (clock, _hand) = Clock::manual(Timestamp::UNIX_EPOCH);
        let ids = Ids::seeded(1, clock.clone());
        Db::open_sqlite(&folder.path().join("a.db"), "a", &[], &clock, &ids).unwrap()
    }

    #[tokio::test]
    async fn those_that_fail_together_are_one_failure() {
        let folder = tempfile::tempdir().unwrap();
        let (db, mut underway) = (open(&folder), Underway::default());
        for _ in 0..3 {
            underway.begin(&[], async {
                Err(WorkerError::Other("as planned".to_owned()))
            });
        }
        underway.progress(&db).await.unwrap_err();
        assert!(underway.is_empty());
    }

    #[tokio::test]
    async fn one_that_panics_is_on_its_way_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (db, mut underway) = (open(&folder), Underway::default());
        underway.begin(&[], async { panic!("as planned") });
        let failure = underway.progress(&db).await.unwrap_err();
        assert_eq!(failure.to_string(), "a batch panicked");
        assert!(underway.is_empty());
    }
}
