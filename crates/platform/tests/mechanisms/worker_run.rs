//! How a worker is run: again at once, at its moment, when woken, after a pause, and never again.
//!
//! The runtime's time is virtual here: it moves when everybody waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use parking_lot::Mutex;
use tessera_platform::BoxFuture;
use tessera_platform::clock::{Clock, Hand};
use tessera_platform::worker::{self, Next, Stop, Stopper, Worker, WorkerError};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::scratch::{noon, within};

/// What a step does.
#[derive(Clone)]
enum Step {
    Answer(Next),
    Fail,
    Panic,
    /// Takes until it is notified, and then has nothing more to do.
    Until(Arc<Notify>),
}

/// Does the steps of a list, and then nothing any more.
struct Scripted {
    steps: Mutex<VecDeque<Step>>,
    began: Instant,
    runs: mpsc::UnboundedSender<Duration>,
}

impl Worker for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async {
            let step = self.steps.lock().pop_front();
            self.runs.send(self.began.elapsed()).unwrap();
            match step {
                None => Ok(Next::Idle),
                Some(Step::Answer(next)) => Ok(next),
                Some(Step::Fail) => Err(WorkerError::Other("as planned".to_owned())),
                Some(Step::Panic) => panic!("as planned"),
                Some(Step::Until(notify)) => {
                    notify.notified().await;
                    Ok(Next::Idle)
                }
            }
        })
    }
}

/// A worker that runs.
struct Run {
    began: Instant,
    runs: mpsc::UnboundedReceiver<Duration>,
    wake: Arc<Notify>,
    hand: Hand,
    stopper: Stopper,
    task: JoinHandle<()>,
}

fn start(steps: impl Into<VecDeque<Step>>) -> Run {
    let (sender, runs) = mpsc::unbounded_channel();
    #[expect(clippy::disallowed_methods, reason = "the virtual time of the runtime")]
    let began = Instant::now();
    let worker = Arc::new(Scripted {
        steps: Mutex::new(steps.into()),
        began,
        runs: sender,
    });
    let (clock, hand) = Clock::manual(noon());
    let (stopper, stop): (Stopper, Stop) = Stopper::new();
    let wake = Arc::new(Notify::new());
    let task = tokio::spawn(worker::run("test", worker, Some(wake.clone()), clock, stop));
    Run {
        began,
        runs,
        wake,
        hand,
        stopper,
        task,
    }
}

impl Run {
    /// When the next step begins, in milliseconds of virtual time from the start.
    async fn next(&mut self) -> u128 {
        let at = within(self.runs.recv()).await;
        at.expect("the worker goes on").as_millis()
    }

    async fn next_of(&mut self, steps: usize) -> Vec<u128> {
        let mut times = Vec::new();
        for _ in 0..steps {
            times.push(self.next().await);
        }
        times
    }

    /// Waits until the worker has ended, and answers when that was.
    async fn ended(self) -> u128 {
        within(self.task).await.unwrap();
        self.began.elapsed().as_millis()
    }
}

#[tokio::test(start_paused = true)]
async fn while_there_is_more_to_do_it_goes_on_at_once_and_then_looks_every_second() {
    let again = Step::Answer(Next::Again);
    let mut run = start([again.clone(), again.clone(), again]);
    assert_eq!(run.next_of(6).await, [0, 0, 0, 0, 1000, 2000]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_is_tried_again_after_pauses_that_double_up_to_five_seconds() {
    let mut run = start(vec![Step::Fail; 10]);
    let times = run.next_of(11).await;
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(
        pauses,
        [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_success_the_pauses_are_short_again() {
    let (fail, again) = (Step::Fail, Step::Answer(Next::Again));
    let mut run = start([fail.clone(), fail.clone(), again, fail]);
    assert_eq!(run.next_of(5).await, [0, 50, 150, 150, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_is_tried_again_like_one_that_fails() {
    let mut run = start([Step::Panic, Step::Panic]);
    assert_eq!(run.next_of(3).await, [0, 50, 150]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_wakes_it_at_once() {
    let mut run = start([]);
    assert_eq!(run.next().await, 0);
    tokio::time::advance(Duration::from_millis(300)).await;
    run.wake.notify_one();
    assert_eq!(run.next().await, 300);
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_comes_during_a_step_is_not_lost() {
    let end = Arc::new(Notify::new());
    let mut run = start([Step::Until(end.clone())]);
    assert_eq!(run.next().await, 0);
    run.wake.notify_one();
    end.notify_one();
    assert_eq!(run.next().await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_at_its_moment_by_the_clock_that_was_handed_in() {
    let moment = noon() + SignedDuration::from_mins(15);
    let mut run = start([Step::Answer(Next::At(moment))]);
    assert_eq!(run.next().await, 0);
    run.hand.set(moment - SignedDuration::from_millis(1));
    tokio::time::advance(Duration::from_millis(400)).await;
    assert!(run.runs.try_recv().is_err(), "not yet");
    run.hand.set(moment);
    assert_eq!(run.next().await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_stops_at_once() {
    let far = Step::Answer(Next::At(noon() + SignedDuration::from_hours(1)));
    for waiting in [far, Step::Answer(Next::Idle), Step::Fail] {
        let mut run = start([waiting]);
        run.next().await;
        tokio::task::yield_now().await;
        run.stopper.stop();
        assert_eq!(run.ended().await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_would_go_on_for_ever_stops_after_its_step() {
    let mut run = start(vec![Step::Answer(Next::Again); 100_000]);
    run.next().await;
    run.stopper.stop();
    within(run.task).await.unwrap();
    assert!(run.runs.len() < 100, "{} steps later", run.runs.len());
}

#[tokio::test(start_paused = true)]
async fn a_step_under_way_is_finished_first() {
    let end = Arc::new(Notify::new());
    let mut run = start([Step::Until(end.clone())]);
    run.next().await;
    run.stopper.stop();
    tokio::task::yield_now().await;
    assert!(!run.task.is_finished());
    end.notify_one();
    assert_eq!(run.ended().await, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_any_more_once_whoever_could_stop_it_is_gone() {
    let mut run = start([]);
    run.next().await;
    let Run { stopper, task, .. } = run;
    drop(stopper);
    within(task).await.unwrap();
}

/// Keeps what is called.
struct Leaving(mpsc::UnboundedSender<&'static str>);

impl Worker for Leaving {
    fn name(&self) -> &'static str {
        "leaving"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async {
            self.0.send("a step").unwrap();
            Ok(Next::Idle)
        })
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.0.send("the end").unwrap();
            // Nobody waits for it.
            std::future::pending().await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_told_to_stop_may_put_its_things_in_order() {
    let (sender, mut called) = mpsc::unbounded_channel();
    let (stopper, stop) = Stopper::new();
    let clock = Clock::manual(noon()).0;
    let worker = Arc::new(Leaving(sender));
    let task = tokio::spawn(worker::run("test", worker, None, clock, stop));
    assert_eq!(called.recv().await, Some("a step"));
    stopper.stop();
    within(task).await.unwrap();
    assert_eq!(called.recv().await, Some("the end"));
    assert_eq!(called.recv().await, None);
}
