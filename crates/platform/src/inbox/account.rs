//! What is told of an event once it is over: a count, a time, a span.
//!
//! A transaction may be run again, and what was told in its first run would be wrong. So a run only notes how it
//! went, and the account is given when it is known what became of it.

use parking_lot::Mutex;
use tessera_contracts::events::{Event, EventType};
use tessera_contracts::ids::EventId;
use tokio::time::Instant;

use super::handle::{Handled, Letter};
use crate::http::trace::TraceParent;
use crate::instruments;
use crate::telemetry::measured_now;
use crate::telemetry::traces::{Kind, Span, Tracer};

/// How the work on one event went so far.
pub(super) struct Account {
    trace: Option<(TraceParent, TraceParent)>,
    last_run: Mutex<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    since: Instant,
    outcome: &'static str,
}

impl Account {
    pub(super) fn open(id: EventId, event: Option<&Event>, tracer: &Tracer) -> Account {
        let written_in = event
            .and_then(|event| event.traceparent.as_deref())
            .and_then(TraceParent::parse);
        Account {
            trace: written_in.map(|written_in| steps(written_in, id, tracer)),
            last_run: Mutex::new(Run::now(DONE)),
        }
    }

    /// The step that the work on the event is.
    pub(super) fn step(&self) -> Option<TraceParent> {
        self.trace.map(|(step, _)| step)
    }

    pub(super) fn begins(&self) {
        *self.last_run.lock() = Run::now(DONE);
    }

    pub(super) fn is_ignored(&self) {
        self.last_run.lock().outcome = IGNORED;
    }

    pub(super) fn is_known(&self) {
        *self.last_run.lock() = Run::now(DUPLICATE);
    }
}

/// The step that handles an event, and the one that published it: its parent.
fn steps(written_in: TraceParent, id: EventId, tracer: &Tracer) -> (TraceParent, TraceParent) {
    if !tracer.is_on() {
        return (written_in, written_in);
    }
    let (published, _) = tracer.publishing(written_in, id);
    (tracer.after(published), published)
}

impl Run {
    fn now(outcome: &'static str) -> Run {
        Run {
            since: measured_now(),
            outcome,
        }
    }
}

const DONE: &str = "done";
const IGNORED: &str = "ignored";
const DUPLICATE: &str = "duplicate";
const FAILED: &str = "failed";
const PUT_OFF: &str = "put_off";
const REJECTED: &str = "rejected";

/// All that may become of an event.
const OUTCOMES: [&str; 6] = [DONE, IGNORED, DUPLICATE, FAILED, PUT_OFF, REJECTED];

/// Where one service's accounts are given.
pub(super) struct Books {
    owner: &'static str,
    tracer: Tracer,
    system: &'static str,
    measured: Vec<Measured>,
}

struct Measured {
    event_type: EventType,
    counts: [metrics::Counter; OUTCOMES.len()],
    seconds: metrics::Histogram,
}

impl Books {
    /// The books of `owner`, which follows these events.
    pub(super) fn open(
        owner: &'static str,
        follows: &[EventType],
        tracer: Tracer,
        system: &'static str,
    ) -> Books {
        let measured = follows.iter().map(|event_type| Measured {
            event_type: *event_type,
            counts: OUTCOMES
                .map(|outcome| instruments::events_consumed(owner, *event_type, outcome)),
            seconds: instruments::event_seconds(owner, *event_type),
        });
        Books {
            owner,
            tracer,
            system,
            measured: measured.collect(),
        }
    }

    pub(super) fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Gives the account of an event whose work is committed.
    pub(super) fn committed(&self, letter: &Letter) {
        let run = *letter.account.last_run.lock();
        self.note(letter, run, None);
    }

    /// Gives the account of an event that was not handled.
    pub(super) fn not_handled(&self, letter: &Letter, verdict: &Handled) {
        let outcome = match verdict {
            Handled::PutOff(_) | Handled::Unfollowed => PUT_OFF,
            Handled::Rejected(_) => REJECTED,
            Handled::Failed(_) | Handled::Engine(_) => FAILED,
        };
        let run = *letter.account.last_run.lock();
        self.note(letter, Run { outcome, ..run }, Some(verdict));
    }

    fn note(&self, letter: &Letter, run: Run, verdict: Option<&Handled>) {
        let Ok(event) = &*letter.event else { return };
        let (event_type, took) = (event.data.event_type(), run.since.elapsed());
        let measured = self
            .measured
            .iter()
            .find(|measured| measured.event_type == event_type);
        if let Some(measured) = measured {
            let counts = OUTCOMES.iter().zip(&measured.counts);
            for (_, count) in counts.filter(|(outcome, _)| **outcome == run.outcome) {
                count.increment(1);
            }
            if run.outcome != DUPLICATE {
                measured.seconds.record(took);
            }
        }
        let Some((step, parent)) = letter.account.trace else {
            return;
        };
        if run.outcome == DUPLICATE || !self.tracer.records(step) {
            return;
        }
        let name = event_type.name();
        let span = Span::new(Kind::Consumer, format!("process {name}"), took)
            .with("messaging.system", self.system)
            .with("messaging.destination.name", name)
            .with("messaging.consumer.group.name", self.owner)
            .with("messaging.operation.type", "process")
            .with("messaging.operation.name", "process")
            .with("messaging.message.id", letter.id.to_string())
            .with("tessera.outcome", run.outcome);
        let span = match verdict {
            Some(Handled::Failed(_) | Handled::Rejected(_) | Handled::Engine(_)) => {
                span.failed(run.outcome)
            }
            Some(Handled::PutOff(_) | Handled::Unfollowed) | None => span,
        };
        self.tracer.record(step, Some(parent), span);
    }
}
