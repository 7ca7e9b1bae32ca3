//! One of two processes of a service dies.

use crate::size::times;
use crate::stage::{People, Stage, play};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_of_orders_one_may_be_killed_again_and_again() {
    play(
        "orders-killed",
        &["orders"],
        People::Patient,
        async |stage| {
            for _kill in 0..times(4, 20) {
                stage.traffic.more(10).await;
                kill_one(stage, "orders").await;
            }
            stage.traffic.more(10).await;
        },
    )
    .await;
}

/// Kills a process of a service, and starts another one.
pub async fn kill_one(stage: &mut Stage, service: &'static str) {
    let killed = stage.apart.take(service);
    killed.process.kill().await.expect("it is killed");
    stage.apart.add(service).await;
    stage.done(&format!("one of {service} was killed"));
}
