//! The databases crash.

use crate::size::times;
use crate::stage::{People, play};

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_crash_under_load_lose_nothing() {
    play("databases-crashed", &[], People::Patient, async |stage| {
        for _crash in 0..times(3, 10) {
            stage.traffic.more(20).await;
            let postgres = stage.apart.postgres.take().expect("databases");
            stage.apart.postgres = Some(postgres.crash().await.expect("they come back"));
            stage.done("the databases crashed");
        }
        stage.traffic.more(20).await;
    })
    .await;
}
