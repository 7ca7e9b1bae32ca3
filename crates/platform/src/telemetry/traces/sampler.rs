//! Which traces are recorded.

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::{Sampler as Ratio, SamplingDecision, ShouldSample};

use super::Kind;
use crate::http::trace::TraceParent;

/// A sampler of OpenTelemetry's list.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    /// Whether the sender of a request has the say.
    asks_parent: bool,
    /// What decides otherwise. It looks at the trace's id alone, so that all services decide alike.
    own: Own,
}

#[derive(Clone, Debug)]
enum Own {
    All,
    None,
    Some(Ratio),
}

/// The default of the specification.
pub(super) const DEFAULT: &str = "parentbased_always_on";

impl Sampler {
    /// Reads `OTEL_TRACES_SAMPLER`.
    pub(super) fn parse(name: &str, ratio: Option<f64>) -> Result<Sampler, String> {
        let (asks_parent, kind) = match name.strip_prefix("parentbased_") {
            Some(kind) => (true, kind),
            None => (false, name),
        };
        let own = match kind {
            "always_on" => Own::All,
            "always_off" => Own::None,
            "traceidratio" => Own::Some(Ratio::TraceIdRatioBased(ratio.unwrap_or(1.0))),
            _ => {
                return Err(format!(
                    "{name:?} is none of always_on, always_off and traceidratio, with parentbased_ before it or without"
                ));
            }
        };
        Ok(Sampler { asks_parent, own })
    }

    /// Whether `step` is recorded.
    pub(super) fn takes(&self, step: TraceParent, parent: Option<TraceParent>) -> bool {
        if let (true, Some(parent)) = (self.asks_parent, parent) {
            return parent.is_sampled();
        }
        match &self.own {
            Own::All => true,
            Own::None => false,
            Own::Some(ratio) => {
                let trace = TraceId::from(step.numbers().0);
                let result = ratio.should_sample(None, trace, "", &Kind::Internal, &[], &[]);
                result.decision == SamplingDecision::RecordAndSample
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    fn taken(sampler: &Sampler, parent: Option<bool>) -> usize {
        let ids = Ids::seeded(1, Clock::system());
        let steps = (0..1_000).map(|_| TraceParent::after(None, &ids));
        steps
            .filter(|step| sampler.takes(*step, parent.map(|is| step.sampled(is))))
            .count()
    }

    fn sampler(name: &str, ratio: Option<f64>) -> Sampler {
        Sampler::parse(name, ratio).unwrap()
    }

    #[test]
    fn who_sends_a_request_decides_and_otherwise_the_sampler() {
        for (name, alone, with, without) in [
            ("always_on", 1_000, 1_000, 1_000),
            ("always_off", 0, 0, 0),
            ("parentbased_always_on", 1_000, 1_000, 0),
            ("parentbased_always_off", 0, 1_000, 0),
        ] {
            let sampler = sampler(name, None);
            assert_eq!(taken(&sampler, None), alone, "{name}");
            assert_eq!(taken(&sampler, Some(true)), with, "{name}");
            assert_eq!(taken(&sampler, Some(false)), without, "{name}");
        }
    }

    #[test]
    fn a_share_of_the_traces_is_a_share() {
        let tenth = sampler("parentbased_traceidratio", Some(0.1));
        assert!((50..200).contains(&taken(&tenth, None)));
        assert_eq!(taken(&tenth, Some(true)), 1_000);
        assert_eq!(taken(&sampler("traceidratio", Some(0.0)), Some(true)), 0);
        assert_eq!(taken(&sampler("traceidratio", None), None), 1_000);
    }

    #[test]
    fn another_name_is_refused() {
        Sampler::parse("jaeger_remote", None).unwrap_err();
        Sampler::parse("", None).unwrap_err();
    }
}
