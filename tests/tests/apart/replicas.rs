//! One of two processes of a service dies.

use crate::size::times;
use crate::stage::{People, play};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_of_orders_one_may_be_killed_again_and_again() {
    play(
        "orders-killed",
        &["orders"],
        People::Patient,
        async |stage| {
            for _kill in 0..times(4, 20) {
                stage.traffic.more(10).await;
                let killed = stage.apart.take("orders");
                killed.process.kill().await.expect("it is killed");
                stage.apart.add("orders").await;
                stage.done("one of orders was killed");
            }
            stage.traffic.more(10).await;
        },
    )
    .await;
}
