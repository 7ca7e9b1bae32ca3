//! The trace that the work of the moment belongs to, as a W3C `traceparent`: taken from the
//! request, handed on in the events, found again in the logs of every service.

use axum::http::HeaderMap;

use crate::ids::Ids;

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
    CURRENT.try_with(TraceParent::to_string).ok()
}

/// Runs `work` as the step `step`.
pub async fn scope<F: Future>(step: TraceParent, work: F) -> F::Output {
    CURRENT.scope(step, work).await
}

impl TraceParent {
    /// The next step of the trace that `parent` names, or the first of a new one.
    pub fn next(parent: Option<&str>, ids: &Ids) -> TraceParent {
        let random = u128::from_be_bytes(ids.random_bytes());
        match parent.and_then(TraceParent::parse) {
            Some(parent) => TraceParent {
                span: low_half(random),
                ..parent
            },
            None => {
                let span = low_half(u128::from_be_bytes(ids.random_bytes()));
                TraceParent {
                    trace: random.max(1),
                    span,
                    flags: 1,
                }
            }
        }
    }

    /// The next step of the trace that a request came with.
    pub(super) fn of_request(headers: &HeaderMap, ids: &Ids) -> TraceParent {
        let parent = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        TraceParent::next(parent, ids)
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
