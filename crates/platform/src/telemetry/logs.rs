//! Log lines, each with the trace that it was written in.

use std::fmt;
use std::io::{self, IsTerminal};

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::SettingError;
use crate::http::trace;

/// It logs the parameters of every statement at the level debug, and there are e-mail addresses among them. So it
/// never says more than this, whatever is asked for.
const DISCREET: &str = "tokio_postgres=info";

/// Starts logging to standard error: lines for people on a terminal, JSON otherwise. A second call
/// changes nothing.
pub fn init_logs(filter: &str) -> Result<(), SettingError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed(filter)?)
        .with_writer(io::stderr);
    // An error says that logging was started before.
    let _started_before = if io::stderr().is_terminal() {
        builder.event_format(for_people()).try_init()
    } else {
        builder
            .fmt_fields(JsonFields::new())
            .event_format(for_programs())
            .try_init()
    };
    Ok(())
}

fn parsed(filter: &str) -> Result<EnvFilter, SettingError> {
    let wrong =
        |error: &dyn fmt::Display| SettingError::new("RUST_LOG", format!("{filter:?}: {error}"));
    // The last word about a target is the one that counts; about parts of it there must be none.
    let kept: Vec<&str> = filter
        .split(',')
        .filter(|part| !part.trim().starts_with("tokio_postgres"))
        .collect();
    EnvFilter::try_new(filter).map_err(|error| wrong(&error))?;
    let parsed = EnvFilter::try_new(kept.join(",")).map_err(|error| wrong(&error))?;
    let discreet: Directive = DISCREET.parse().map_err(|error| wrong(&error))?;
    Ok(parsed.add_directive(discreet))
}

/// Writes each line as `F` does, and the trace that it belongs to at its end.
struct Traced<F> {
    format: Format<F>,
    /// The line, without its end, with the trace's id.
    close: fn(line: &str, trace_id: &str) -> String,
}

/// Lines for people.
fn for_people() -> Traced<Full> {
    Traced {
        format: Format::default(),
        close: |line, trace_id| format!("{line} trace_id={trace_id}"),
    }
}

/// A JSON object for each line.
fn for_programs() -> Traced<Json> {
    Traced {
        format: Format::default().json().flatten_event(true),
        close: |line, trace_id| match line.strip_suffix('}') {
            Some(members) => format!("{members},\"trace_id\":\"{trace_id}\"}}"),
            None => line.to_owned(),
        },
    }
}

impl<F, S, N> FormatEvent<S, N> for Traced<F>
where
    Format<F>: FormatEvent<S, N>,
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(step) = trace::current_step() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        let inner = Writer::new(&mut line);
        self.format.format_event(context, inner, event)?;
        let closed = (self.close)(line.trim_end(), &step.trace_id());
        writeln!(writer, "{closed}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::http::trace::TraceParent;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Kept {
        type Writer = Kept;

        fn make_writer(&'a self) -> Kept {
            self.clone()
        }
    }

    impl Kept {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    const STEP: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn speak() {
        tracing::info!(amount = 7, "outside");
        let step = TraceParent::parse(STEP).unwrap();
        trace::run_within(Some(step), || tracing::info!(amount = 7, "within"));
    }

    #[test]
    fn a_line_within_a_request_or_an_event_names_its_trace() {
        let kept = Kept::default();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(for_programs())
            .with_writer(kept.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, speak);
        let lines: Vec<serde_json::Value> = kept
            .lines()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["trace_id"], serde_json::Value::Null);
        assert_eq!(
            (&lines[1]["trace_id"], &lines[1]["amount"]),
            (&TRACE.into(), &7.into())
        );

        let kept = Kept::default();
        let subscriber = tracing_subscriber::fmt()
            .event_format(for_people())
            .with_writer(kept.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, speak);
        let lines = kept.lines();
        assert!(!lines[0].contains("trace_id"), "{lines:?}");
        assert!(
            lines[1].ends_with(&format!("trace_id={TRACE}")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_filter_that_makes_no_sense_names_its_setting() {
        assert_eq!(
            init_logs("info,tessera=loud").unwrap_err().setting,
            "RUST_LOG"
        );
    }

    #[test]
    fn no_filter_makes_the_database_client_show_what_it_is_given() {
        for filter in [
            "trace",
            "tokio_postgres=trace",
            "tokio_postgres::query=debug,info",
        ] {
            let parsed = parsed(filter).unwrap().to_string();
            let said: Vec<&str> = parsed
                .split(',')
                .filter(|part| part.contains("tokio_postgres"))
                .collect();
            assert_eq!(said, [DISCREET], "{parsed}");
        }
    }
}
