//! The distributed form with people in it, from its start to the figures at its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tessera_tests::apart::{Apart, has_servers};
use tessera_tests::client::Client;
use tessera_tests::{pause, within};
use tokio::signal::unix::{SignalKind, signal};

use crate::size::is_full;
use crate::tally::Tally;
use crate::traffic::Traffic;

/// How long all events may take to arrive once all is well again, in seconds.
const ARRIVE_WITHIN: u64 = 120;

/// Of so many purchases of people in a hurry some end in each way.
const A_LOAD: usize = 500;

/// A running marketplace, and who uses it.
pub struct Stage {
    pub apart: Apart,
    pub traffic: Traffic,
    pub tally: Arc<Tally>,
    name: &'static str,
    begun: Instant,
}

/// Who uses it.
#[derive(Clone, Copy, PartialEq)]
pub enum People {
    /// As most clients do: what is not answered is sent again.
    Patient,
    /// Nothing is sent twice, and nothing but the answer will do.
    Strict,
    /// As patient; but their locks are short, so that orders end before they are paid, and they want each other's tickets.
    Hurried,
}

impl People {
    /// What the services are told for their sake.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            People::Patient | People::Strict => &[],
            People::Hurried => &[("LOCK_SECONDS", "10")],
        }
    }
}

/// Plays a scenario with one process of each service and `more`, and sees that nothing was lost or broken by it.
pub async fn play(
    name: &'static str,
    more: &[&'static str],
    people: People,
    faults: impl AsyncFnOnce(&mut Stage),
) {
    if !has_servers() {
        return;
    }
    unless_interrupted(async {
        let apart = Apart::start_with(more, people.settings()).await;
        let tally = Arc::new(Tally::default());
        let traffic = Traffic::start(&apart, &tally, people).await;
        let mut stage = Stage {
            apart,
            traffic,
            tally,
            name,
            begun: now(),
        };
        stage.tell("people buy");
        faults(&mut stage).await;
        stage.finish().await;
    })
    .await;
}

/// Ends the test in good order, and with it all processes, when its runner is told to stop.
pub async fn unless_interrupted(test: impl Future<Output = ()>) {
    let mut terminate = signal(SignalKind::terminate()).expect("signals");
    tokio::select! {
        () = test => {}
        _ = terminate.recv() => panic!("terminated"),
        _ = tokio::signal::ctrl_c() => panic!("interrupted"),
    }
}

impl Stage {
    /// A fault was done.
    pub fn done(&self, what: &str) {
        self.tally.faults.one();
        self.tell(&format!("{what} ({})", self.tally.faults.get()));
    }

    /// For who watches a full run.
    pub fn tell(&self, what: &str) {
        if is_full() {
            let seconds = self.begun.elapsed().as_secs();
            let begun = self.tally.begun.get();
            println!(
                "   {seconds:>4} s  {}: {what}; {begun} purchases begun",
                self.name
            );
        }
    }

    async fn finish(self) {
        self.tell("people stop");
        let Stage {
            apart,
            traffic,
            tally,
            ..
        } = self;
        let must_differ = traffic.buyer().is(People::Hurried) && tally.begun.get() > A_LOAD;
        traffic.settle().await;
        assert!(!must_differ || tally.has_every_end(), "{tally}");
        delivered(&apart).await;
        conclude(apart, &tally).await;
    }
}

/// Looks for anything that is broken, leaves the figures, and ends all.
pub async fn conclude(apart: Apart, tally: &Tally) {
    let sound = check(&apart, tally).await;
    tally.hand_in();
    let failed = tally.failed();
    sound.expect("all is sound");
    assert_eq!(tally.lost.get(), 0, "lost: {tally}");
    assert!(failed.is_empty(), "{} failed: {failed:#?}", failed.len());
    apart.end().await;
}

/// Looks for anything that is broken, at any moment; answers what was found.
pub async fn check(apart: &Apart, tally: &Tally) -> Result<(), String> {
    let check = apart.run(&["check"]).await;
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let errors = String::from_utf8_lossy(&check.stderr);
    tally.violations.add(violations(&said));
    if check.status.success() {
        Ok(())
    } else {
        Err(format!("{said}{errors}"))
    }
}

/// The sum of what is `BROKEN: 1,234` in a report.
fn violations(report: &str) -> usize {
    let broken = report
        .lines()
        .filter_map(|line| line.split_once("BROKEN: "));
    let numbers = broken.map(|(_, rest)| {
        let digits = rest.chars().filter(|letter| *letter != ',');
        let digits: String = digits.take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().expect("a number")
    });
    numbers.sum()
}

/// Waits until no outbox has anything unpublished, and no consumer anything that it has not confirmed.
pub async fn delivered(apart: &Apart) {
    within(ARRIVE_WITHIN, "all events to arrive", async || {
        let mut waiting = false;
        for instance in &apart.instances {
            waiting |=
                gauge(&instance.address.to_string(), "tessera_outbox_age_seconds").await? > 0.0;
        }
        for consumer in consumers(apart).await? {
            waiting |= consumer["num_pending"] != 0 || consumer["num_ack_pending"] != 0;
        }
        (!waiting).then_some(())
    })
    .await;
}

/// What a process says of itself: the largest value of a gauge; 0 where it has none of that name.
pub async fn gauge(address: &str, name: &str) -> Option<f64> {
    let page = Client::new(&format!("http://{address}"))
        .text("/metrics")
        .await?;
    let values = page.lines().filter(|line| line.starts_with(name));
    let values = values.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    Some(values.fold(0.0, f64::max))
}

/// The stream's consumers, as the broker's monitoring shows them.
pub async fn consumers(apart: &Apart) -> Option<Vec<Value>> {
    let broker = Client::new(&apart.nats.as_ref()?.monitor_url());
    let shown = broker.try_get("/jsz?consumers=true").await?;
    let found = shown
        .body
        .pointer("/account_details/0/stream_detail/0/consumer_detail");
    found.and_then(Value::as_array).cloned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bound on the machine's own time"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets some time pass, and tells it now and then.
pub async fn wait(stage: &Stage, span: Duration, what: &str) {
    let begun = now();
    while begun.elapsed() < span {
        let left = span.saturating_sub(begun.elapsed());
        pause(u64::try_from(left.as_millis()).unwrap_or(0).min(10_000)).await;
        stage.tell(what);
    }
}

#[test]
fn broken_things_are_counted_over_all_lines() {
    let report = "I1 orders 5 ok\nI4 events 9 BROKEN: 1,234, 2 under way\n - x\nI5 BROKEN: 6\n";
    assert_eq!(violations(report), 1_240);
    assert_eq!(violations("all is well"), 0);
}
