//! The databases crash.

use crate::size::times;
use crate::stage::{People, Stage, play};

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_crash_under_load_lose_nothing() {
    play("databases-crashed", &[], People::Patient, async |stage| {
        for _crash in 0..times(3, 10) {
            stage.traffic.more(20).await;
            crash(stage).await;
        }
        stage.traffic.more(20).await;
    })
    .await;
}

/// Ends them in the middle of whatever they do, and starts them again on what their disk has.
pub async fn crash(stage: &mut Stage) {
    let postgres = stage.apart.postgres.take().expect("databases");
    stage.apart.postgres = Some(postgres.crash().await.expect("they come back"));
    stage.done("the databases crashed");
}
