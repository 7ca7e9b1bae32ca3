//! What the bus still has for a follower is on its way, for however long that is; what it has no more is not.
//! Skipped where the tests have no NATS server.

use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use jiff::SignedDuration;
use tessera::check::Invariant::{Agreed, Delivered};
use tessera_platform::bus::nats::{NatsSettings, STREAM};

use crate::Scene;
use crate::on_postgres::scene::{Served, or_skip};
use crate::scene::broken;

/// Much longer than an event is on its way to a service that runs, and shorter than a lock.
const LONG: SignedDuration = SignedDuration::from_mins(10);

/// As if payments had gone down before the last event came to it: the bus has it, and hands it over again.
async fn hand_back_the_last(nats: &NatsSettings) {
    let client = async_nats::connect(nats.servers.clone()).await.unwrap();
    let stream = jetstream::new(client).get_stream(STREAM).await.unwrap();
    let found = stream.consumer_info("payments").await.unwrap();
    stream.delete_consumer("payments").await.unwrap();
    let again = Config {
        durable_name: Some("payments".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: found.delivered.stream_sequence,
        },
        ack_policy: AckPolicy::Explicit,
        filter_subjects: found.config.filter_subjects,
        ..Config::default()
    };
    stream.create_consumer(again).await.unwrap();
}

#[tokio::test]
async fn a_service_that_is_down_for_long_has_not_lost_what_the_bus_has_for_it() {
    let served = or_skip!(Served::play().await);
    let Some(nats) = served.scene.settings.nats.clone() else {
        return;
    };
    // The last event is of this order.
    let heard = "DELETE FROM inbox WHERE event_id = (SELECT event_id FROM inbox ORDER BY event_id DESC LIMIT 1)";
    served.damage("payments", heard).await;
    served
        .damage("payments", "DELETE FROM orders WHERE id = {awaiting}")
        .await;
    let app = &served.scene.market.app;
    app.hand.advance(LONG);
    let (lost, report) = served.broken().await;
    assert_eq!(lost, [Delivered, Agreed], "{report}");
    let words = report.violations(Delivered).join("\n");
    assert!(words.contains("payments never got it"), "{words}");
    hand_back_the_last(&nats).await;
    let report = served.check().await;
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.under_way(Agreed), 1, "{report}");
    let shown = report.to_string();
    assert!(
        shown.contains("1 events on the bus to be taken in"),
        "{shown}"
    );
}

#[tokio::test]
async fn one_that_has_never_run_on_this_bus_has_everything_before_it() {
    let scene = Scene::open_with(|settings| settings.database = None).await;
    let Some(nats) = scene.settings.nats.clone() else {
        return;
    };
    let scene = scene.played().await;
    let copy = scene.copy();
    copy.damage(
        "expiration",
        "DELETE FROM inbox; DELETE FROM deadlines WHERE order_id = {awaiting}",
    );
    scene.market.app.hand.advance(SignedDuration::from_mins(5));
    let with_bus = |settings: &mut tessera_platform::config::Settings| {
        settings.nats = Some(nats.clone());
    };
    let report = copy.check_with(with_bus).await;
    assert_eq!(broken(&report), [Delivered, Agreed], "{report}");
    let client = async_nats::connect(nats.servers.clone()).await.unwrap();
    let stream = jetstream::new(client).get_stream(STREAM).await.unwrap();
    stream.delete_consumer("expiration").await.unwrap();
    let report = copy.check_with(with_bus).await;
    assert!(report.is_sound(), "{report}");
    assert!(report.under_way(Agreed) > 0, "{report}");
}

#[tokio::test]
async fn a_bus_that_cannot_be_asked_is_said_to_be_so() {
    let scene = Scene::open().await;
    let report = scene
        .copy()
        .check_with(|settings| {
            settings.nats = Some(NatsSettings::parse("nats://127.0.0.1:1").unwrap());
        })
        .await;
    assert!(report.is_sound(), "{report}");
    let shown = report.to_string();
    assert!(
        shown.contains("The bus cannot be asked (NATS_URL: "),
        "{shown}"
    );
}
