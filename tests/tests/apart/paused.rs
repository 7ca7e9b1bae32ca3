//! A process that stands still for longer than anybody waits for it, and then goes on as if nothing had been.

use std::time::Duration;

use tessera_tests::apart::Apart;
use tessera_tests::{eventually, pause};

use crate::size::{is_full, millis};
use crate::stage::{People, Stage, consumers, gauge, now, play, wait};

/// Until the front sends it nothing more: its readiness fails.
const NOTICED_AFTER: u64 = 1_000;

/// Which services it happens to.
fn services() -> &'static [&'static str] {
    if is_full() {
        &["orders", "payments", "tickets"]
    } else {
        &["orders"]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_does_no_harm_when_it_goes_on() {
    let more = ["orders", "payments", "tickets"];
    play("consumer-paused", &more, People::Patient, async |stage| {
        for service in services() {
            stage.traffic.more(20).await;
            stand_still(
                stage,
                service,
                Duration::from_millis(millis(17_000, 45_000)),
            )
            .await;
            stage.traffic.more(20).await;
        }
    })
    .await;
}

/// Stops the process that publishes for the service, with events that it has not confirmed, until its lease (5 s),
/// its events (10 s), its statements (10 s) and its transactions (15 s) are given up; then lets it go on.
pub async fn stand_still(stage: &mut Stage, service: &'static str, span: Duration) {
    let place = leader(&stage.apart, service).await;
    let address = stage.apart.instances[place].address;
    let process = &stage.apart.instances[place].process;
    process.signal("STOP").await.expect("it stands still");
    let stopped = now();
    pause(NOTICED_AFTER).await;
    stage.apart.backends.remove(address);
    eventually("events that it holds", async || {
        unconfirmed(&stage.apart, service).await
    })
    .await;
    stage.tell(&format!("{service} stands still"));
    eventually("another one to publish", async || {
        for instance in &stage.apart.instances {
            let is_other = instance.service == service && instance.address != address;
            if is_other && leads(&instance.address.to_string()).await {
                return Some(());
            }
        }
        None
    })
    .await;
    // All that needs the service goes on without it.
    stage.traffic.more(20).await;
    let rest = span.saturating_sub(stopped.elapsed());
    wait(stage, rest, &format!("{service} stands still")).await;
    let process = &stage.apart.instances[place].process;
    process.signal("CONT").await.expect("it goes on");
    stage.done(&format!(
        "{service} goes on after {:.0?}",
        stopped.elapsed()
    ));
    stage.apart.backends.add(service, address);
}

/// The process that publishes.
async fn leader(apart: &Apart, service: &str) -> usize {
    eventually("somebody who publishes", async || {
        for (place, instance) in apart.instances.iter().enumerate() {
            if instance.service == service && leads(&instance.address.to_string()).await {
                return Some(place);
            }
        }
        None
    })
    .await
}

async fn leads(address: &str) -> bool {
    gauge(address, "tessera_relay_leader").await == Some(1.0)
}

/// That the service has got events and not confirmed them.
async fn unconfirmed(apart: &Apart, service: &str) -> Option<()> {
    let all = consumers(apart).await?;
    let own = all.iter().find(|consumer| consumer["name"] == service)?;
    (own["num_ack_pending"].as_u64()? > 0).then_some(())
}
