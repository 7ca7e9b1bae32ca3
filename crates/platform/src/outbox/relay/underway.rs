//! Batches on their way inside one process. Each is published, and then marked; the next one waits for neither, so that an
//! event reaches an inbox that is ready for it however slow another one is with those before.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use uuid::Uuid;

use super::rows::{self, Unmarked};
use crate::BoxFuture;
use crate::db::Db;
use crate::worker::WorkerError;

/// Batches at once, those that only lack their marks among them.
const MOST: usize = 8;
/// Another one sets out while fewer events than this are to reach their inboxes. Where there are more, those that come
/// meanwhile are gathered: many small batches have their price.
const FEW: usize = 24;

type Step = BoxFuture<'static, (u64, Result<(), WorkerError>)>;

/// All of them.
#[derive(Default)]
pub(super) struct Underway {
    batches: BTreeMap<u64, Batch>,
    steps: FuturesUnordered<Step>,
    begun: u64,
}

struct Batch {
    ids: Vec<Uuid>,
    is_published: bool,
}

impl Underway {
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether another batch may set out.
    pub(super) fn has_room(&self) -> bool {
        let coming = self.batches.values().filter(|batch| !batch.is_published);
        let events: usize = coming.map(|batch| batch.ids.len()).sum();
        self.batches.len() < MOST && events < FEW
    }

    /// The first and the last of their events.
    pub(super) fn bounds(&self) -> Option<(Uuid, Uuid)> {
        let ids = || self.batches.values().flat_map(|batch| &batch.ids);
        Some((*ids().min()?, *ids().max()?))
    }

    /// Lets a batch set out, by what publishes it.
    pub(super) fn begin(
        &mut self,
        ids: Vec<Uuid>,
        publish: impl Future<Output = Result<(), WorkerError>> + Send + 'static,
    ) {
        self.begun += 1;
        let number = self.begun;
        let is_published = false;
        self.batches.insert(number, Batch { ids, is_published });
        self.steps
            .push(Box::pin(async move { (number, publish.await) }));
    }

    /// Waits until one of them has come a step further. One that failed is on its way no more.
    pub(super) async fn progress(&mut self, db: &Db) -> Result<(), WorkerError> {
        let Some((number, done)) = self.steps.next().await else {
            return Ok(());
        };
        let Some(mut batch) = self.batches.remove(&number) else {
            return Ok(());
        };
        done?;
        if !batch.is_published {
            batch.is_published = true;
            self.steps
                .push(Box::pin(mark(db.clone(), number, batch.ids.clone())));
            self.batches.insert(number, batch);
        }
        Ok(())
    }
}

async fn mark(db: Db, number: u64, ids: Vec<Uuid>) -> (u64, Result<(), WorkerError>) {
    let unmarked = Unmarked {
        ids,
        batches: Vec::new(),
    };
    let marked = db.write_along(unmarked, |tx, unmarked| Box::pin(rows::mark(tx, unmarked)));
    (number, marked.await.map_err(WorkerError::from))
}
