//! The trace that the work of the moment belongs to, as a W3C `traceparent`: taken from the
//! request, handed on in the events, found again in the logs of every service.

use axum::http::HeaderMap;
use uuid::Uuid;

use crate::ids::Ids;

/// The flag that says that the steps of a trace are recorded.
const SAMPLED: u8 = 1;

/// One step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

tokio::task_local! {
    static CURRENT: TraceParent;
}

/// The trace of the request or event that this task works on.
pub fn current() -> Option<String> {
    current_step().map(|step| step.to_string())
}

/// The step of the request or event that this task works on.
pub fn current_step() -> Option<TraceParent> {
    CURRENT.try_with(|step| *step).ok()
}

/// Runs `work` as the step `step`.
pub async fn scope<F: Future>(step: TraceParent, work: F) -> F::Output {
    CURRENT.scope(step, work).await
}

/// Runs `work` as the step `step`, where there is one.
pub async fn scope_within<F: Future>(step: Option<TraceParent>, work: F) -> F::Output {
    match step {
        Some(step) => CURRENT.scope(step, work).await,
        None => work.await,
    }
}

/// The same, for work that is done at once.
pub fn run_within<T>(step: Option<TraceParent>, work: impl FnOnce() -> T) -> T {
    match step {
        Some(step) => CURRENT.sync_scope(step, work),
        None => work(),
    }
}

impl TraceParent {
    /// The next step of the trace that `parent` names, or the first of a new one.
    pub fn next(parent: Option<&str>, ids: &Ids) -> TraceParent {
        TraceParent::after(parent.and_then(TraceParent::parse), ids)
    }

    /// The step after `parent`, or the first of a new trace.
    pub fn after(parent: Option<TraceParent>, ids: &Ids) -> TraceParent {
        let random = u128::from_be_bytes(ids.random_bytes());
        match parent {
            Some(parent) => TraceParent {
                span: low_half(random),
                ..parent
            },
            None => {
                let span = low_half(u128::from_be_bytes(ids.random_bytes()));
                TraceParent {
                    trace: random.max(1),
                    span,
                    flags: SAMPLED,
                }
            }
        }
    }

    /// The first step of a new trace, which is to publish `event`: one that nobody asked for.
    pub(crate) fn begun_by(event: Uuid, ids: &Ids) -> TraceParent {
        let random = u128::from_be_bytes(ids.random_bytes());
        TraceParent {
            trace: random.max(1),
            span: low_half(event.as_u128()),
            flags: SAMPLED,
        }
    }

    /// The step that publishes `event`, which was written in this one, and its parent: none where the event
    /// began the trace.
    ///
    /// Its id is half of the event's, so that everybody who has the event knows it.
    pub(crate) fn publishing(self, event: Uuid) -> (TraceParent, Option<TraceParent>) {
        let step = TraceParent {
            span: low_half(event.as_u128()),
            ..self
        };
        (step, Some(self).filter(|parent| *parent != step))
    }

    /// What a request came with.
    pub(super) fn of_request(headers: &HeaderMap) -> Option<TraceParent> {
        let given = headers.get("traceparent")?;
        TraceParent::parse(given.to_str().ok()?)
    }

    /// Reads version 00: `00-<32 hex>-<16 hex>-<2 hex>`, in lower case, neither id all zeros.
    pub fn parse(text: &str) -> Option<TraceParent> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != "00" || parts.next().is_some() {
            return None;
        }
        let hex = |part: &str, digits: usize| {
            let fits = part.len() == digits
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            fits.then(|| u128::from_str_radix(part, 16).ok()).flatten()
        };
        let (trace, span) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
        let flags = u8::try_from(hex(flags, 2)?).ok()?;
        (trace != 0 && span != 0).then_some(TraceParent { trace, span, flags })
    }

    /// Whether the steps of the trace are recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same step, recorded or not.
    pub(crate) fn sampled(self, is: bool) -> TraceParent {
        let flags = if is {
            self.flags | SAMPLED
        } else {
            self.flags & !SAMPLED
        };
        TraceParent { flags, ..self }
    }

    /// The two ids as numbers: the trace's, and the step's own.
    pub(crate) fn numbers(&self) -> (u128, u64) {
        (self.trace, self.span)
    }

    /// The id that all steps of the trace share: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

impl std::fmt::Display for TraceParent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace, self.span, self.flags
        )
    }
}

/// The low 64 bits, never 0.
fn low_half(random: u128) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = random.to_be_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_step_stays_in_the_trace_that_it_was_given() {
        let ids = Ids::seeded(1, Clock::system());
        assert_eq!(TraceParent::parse(GIVEN).unwrap().to_string(), GIVEN);
        let next = TraceParent::next(Some(GIVEN), &ids);
        assert_eq!(next.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(next.to_string(), GIVEN);
        let (one, other) = (TraceParent::next(None, &ids), TraceParent::next(None, &ids));
        assert_ne!(one.trace_id(), other.trace_id());
        assert_eq!(TraceParent::parse(&one.to_string()), Some(one));
    }

    #[test]
    fn what_is_not_well_formed_begins_a_new_trace() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn whoever_has_an_event_knows_the_step_that_published_it() {
        let ids = Ids::seeded(1, Clock::system());
        let (event, written_in) = (ids.next(), TraceParent::parse(GIVEN).unwrap());
        let (step, parent) = written_in.publishing(event);
        assert_eq!(parent, Some(written_in));
        assert_eq!(step.trace_id(), written_in.trace_id());
        assert_ne!(step, written_in);
        assert_eq!(written_in.publishing(event), (step, parent));
        assert_ne!(written_in.publishing(ids.next()).0, step);

        let first = TraceParent::begun_by(event, &ids);
        assert_eq!(first.publishing(event), (first, None));
    }

    #[test]
    fn a_step_is_recorded_or_not() {
        let step = TraceParent::parse(GIVEN).unwrap();
        assert!(step.is_sampled());
        let not = step.sampled(false);
        assert!(!not.is_sampled() && not.to_string().ends_with("-00"));
        assert_eq!(not.sampled(true), step);
    }

    #[tokio::test]
    async fn the_trace_is_known_to_the_work_within_it_alone() {
        let step = TraceParent::parse(GIVEN).unwrap();
        assert_eq!(current(), None);
        assert_eq!(
            scope(step, async { current() }).await.as_deref(),
            Some(GIVEN)
        );
        assert_eq!(current(), None);
    }
}
