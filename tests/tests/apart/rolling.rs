//! Every process of every service is restarted, one after another, as Kubernetes does it.

use std::time::Duration;

use tessera_apart::services::{Instance, SERVICES};
use tessera_tests::pause;

use crate::size::times;
use crate::stage::{People, Stage, now, play};

/// What passes between taking a process out of the front and telling it to end: `preStop` in deploy/kubernetes
/// has five seconds, for a whole cluster has to hear of it.
const HEARD_OF: u64 = 300;

/// What is promised of SIGTERM.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_everything_fails_no_request() {
    play(
        "rolling-restart",
        &SERVICES,
        People::Strict,
        async |stage| {
            for _round in 0..times(1, 3) {
                for service in SERVICES {
                    restart(stage, service).await;
                    stage.traffic.more(2).await;
                }
            }
            stage.traffic.more(10).await;
        },
    )
    .await;
}

/// Replaces both processes of a service: the new one first, as the Deployments say; and the old one first, while
/// another one is there.
pub async fn restart(stage: &mut Stage, service: &'static str) {
    stage.apart.add(service).await;
    end_one(stage, service).await;
    end_one(stage, service).await;
    stage.apart.add(service).await;
}

async fn end_one(stage: &mut Stage, service: &str) {
    let mut old: Instance = stage.apart.take(service);
    pause(HEARD_OF).await;
    let told = now();
    old.process.signal("TERM").await.expect("it is told");
    let status = old.process.ended().await.expect("it ends");
    let took = told.elapsed();
    assert!(status.success(), "{service}: {status}");
    assert!(took < ENDS_WITHIN, "{service} took {took:?} to end");
    stage.done(&format!(
        "{service} was restarted, and ended within {took:.1?}"
    ));
}
