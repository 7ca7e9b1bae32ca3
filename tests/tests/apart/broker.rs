//! The broker is away, dies, forgets, and comes back.

use std::path::Path;
use std::time::Duration;

use tessera_apart::nats::Nats;
use tessera_tests::apart::Apart;
use tessera_tests::{pause, within};

use crate::size::{millis, times};
use crate::stage::{People, Stage, gauge, now, play, wait};

/// What a relay says when it finds that the stream has less than it confirmed.
const FILLED_AGAIN: &str = "events will be published again";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_down_people_go_on_and_afterwards_all_is_told() {
    play("broker-away", &[], People::Patient, async |stage| {
        stage.traffic.more(20).await;
        // Listed, and heard of by orders, before the broker goes.
        let mut stock = Vec::new();
        for _ in 0..times(10, 60) {
            stock.extend(stage.traffic.seller.list().await);
        }
        // The news of the last of them is there when that of what was listed after it is.
        stage.traffic.more(20).await;
        let nats = stage.apart.nats.take().expect("a broker");
        let down = nats.kill().await.expect("it is killed");
        stage.done("the broker is away");
        let away = Duration::from_millis(millis(3_000, 60_000));
        let begun = now();
        while begun.elapsed() < away {
            // Nobody has to wait for it who lists, or reserves what orders knows.
            stage.traffic.seller.list().await.expect("a ticket");
            if let Some(ticket) = stock.pop() {
                stage
                    .traffic
                    .buyer()
                    .reserve(&ticket)
                    .await
                    .expect("an order");
            }
            pause(900).await;
        }
        // Of what was said in the first moment. It is looked at once a second, and disks stand still at times.
        let grown = away.as_secs_f64() / 2.0;
        let oldest = within(10, "the oldest event to be seen to be old", async || {
            let oldest = outbox_age(&stage.apart).await;
            (oldest > grown).then_some(oldest)
        })
        .await;
        stage.apart.nats = Some(down.start().await.expect("it comes back"));
        stage.tell(&format!(
            "the broker is back; the oldest event had waited for {oldest:.0} s"
        ));
        within(60, "the outboxes to drain", async || {
            (outbox_age(&stage.apart).await < 2.0).then_some(())
        })
        .await;
        stage.traffic.more(times(50, 200)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_may_be_killed_again_and_again() {
    play("broker-killed", &[], People::Patient, async |stage| {
        for _kill in 0..times(3, 20) {
            stage.traffic.more(20).await;
            kill(stage).await;
        }
        stage.traffic.more(20).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lost_its_store_is_filled_again_by_itself() {
    play("broker-emptied", &[], People::Patient, async |stage| {
        for _loss in 0..times(1, 3) {
            stage.traffic.more(50).await;
            lose_its_store(stage).await;
        }
        stage.traffic.more(50).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_went_back_to_an_older_copy_is_filled_again_by_itself() {
    play("broker-rolled-back", &[], People::Patient, async |stage| {
        for _time in 0..times(1, 3) {
            stage.traffic.more(30).await;
            go_back(stage).await;
        }
        stage.traffic.more(30).await;
    })
    .await;
}

/// Kills it, and starts it again.
pub async fn kill(stage: &mut Stage) {
    stay_away(stage, Duration::ZERO).await;
}

/// Kills it, and starts it again after some time.
pub async fn stay_away(stage: &mut Stage, span: Duration) {
    let nats = stage.apart.nats.take().expect("a broker");
    let down = nats.kill().await.expect("it is killed");
    wait(stage, span, "the broker is away").await;
    stage.apart.nats = Some(down.start().await.expect("it comes back"));
    stage.done("the broker was killed");
}

/// Its disk is lost.
pub async fn lose_its_store(stage: &mut Stage) {
    let nats = stage.apart.nats.take().expect("a broker");
    let store = nats.store();
    let down = nats.kill().await.expect("it is killed");
    std::fs::remove_dir_all(store).expect("its store goes");
    come_back_and_be_filled(stage, down).await;
    stage.done("the broker lost its store");
}

/// Somebody puts a backup in the place of its disk.
pub async fn go_back(stage: &mut Stage) {
    let nats = stage.apart.nats.take().expect("a broker");
    let (store, copy) = (nats.store(), stage.apart.folder.path().join("older"));
    let down = nats.stop().await.expect("it stops");
    copy_all(&store, &copy);
    let nats = down.start().await.expect("it comes back");
    stage.apart.nats = Some(nats);
    // These are in the stream that is thrown away.
    stage.traffic.more(30).await;
    let nats = stage.apart.nats.take().expect("a broker");
    let down = nats.kill().await.expect("it is killed");
    std::fs::remove_dir_all(&store).expect("its store goes");
    std::fs::rename(&copy, &store).expect("the older copy takes its place");
    come_back_and_be_filled(stage, down).await;
    stage.done("the broker went back to an older copy");
}

/// Starts it, and waits until the relays have noticed.
async fn come_back_and_be_filled(stage: &mut Stage, down: tessera_apart::nats::Stopped) {
    let before = refills(&stage.apart);
    let nats: Nats = down.start().await.expect("it comes back");
    stage.apart.nats = Some(nats);
    within(60, "the stream to be filled again", async || {
        (refills(&stage.apart) > before).then_some(())
    })
    .await;
}

/// How often any relay has said so.
fn refills(apart: &Apart) -> usize {
    let files = std::fs::read_dir(apart.folder.path()).expect("the logs");
    let logs = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    logs.map(|log| log.matches(FILLED_AGAIN).count()).sum()
}

/// The oldest event in any outbox, in seconds, as the services say it.
async fn outbox_age(apart: &Apart) -> f64 {
    let mut oldest: f64 = 0.0;
    for instance in &apart.instances {
        let age = gauge(&instance.address.to_string(), "tessera_outbox_age_seconds").await;
        oldest = oldest.max(age.unwrap_or(0.0));
    }
    oldest
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            copy_all(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).expect("a copy");
        }
    }
}
