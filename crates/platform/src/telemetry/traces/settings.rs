//! The settings of traces: those of OpenTelemetry, checked at the start.

use std::collections::HashMap;
use std::fmt;

use url::Url;

use super::sampler::{self, Sampler};
use crate::config::SettingError;

const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

/// A collector, and what it is sent.
#[derive(Clone)]
pub struct TraceSettings {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, with the path of traces.
    pub(super) url: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: they may hold a secret.
    pub(super) headers: HashMap<String, String>,
    /// `OTEL_TRACES_SAMPLER` and its argument.
    pub(super) sampler: Sampler,
}

impl TraceSettings {
    /// From the settings as they were written.
    pub(crate) fn parse(
        endpoint: &str,
        headers: Option<&str>,
        sampler: Option<&str>,
        ratio: Option<&str>,
    ) -> Result<TraceSettings, SettingError> {
        let named = |setting| move |message: String| SettingError::new(setting, message);
        let url = traces_of(endpoint).map_err(named("OTEL_EXPORTER_OTLP_ENDPOINT"))?;
        let headers = pairs(headers.unwrap_or_default()).map_err(named(HEADERS))?;
        let ratio = ratio.map(share).transpose().map_err(named(SAMPLER_ARG))?;
        let sampler = Sampler::parse(sampler.unwrap_or(sampler::DEFAULT), ratio);
        Ok(TraceSettings {
            url,
            headers,
            sampler: sampler.map_err(named(SAMPLER))?,
        })
    }
}

/// As the specification has it: the path of traces is appended to the one that is given.
fn traces_of(text: &str) -> Result<Url, String> {
    let wrong = || {
        format!(
            "{text:?} is not the address of a collector, by http or https, such as http://otel-collector:4318"
        )
    };
    let mut url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must hold no password: OTEL_EXPORTER_OTLP_HEADERS may".to_owned());
    }
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// `name=value,name=value`, the values percent-encoded. The error repeats none of them.
fn pairs(text: &str) -> Result<HashMap<String, String>, String> {
    let wrong = || "it must be name=value, with commas between several".to_owned();
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let name = name.trim().to_lowercase();
            let value = decoded(value.trim()).ok_or_else(wrong)?;
            let fits = axum::http::HeaderName::try_from(&name).is_ok()
                && axum::http::HeaderValue::try_from(&value).is_ok();
            fits.then_some((name, value)).ok_or_else(wrong)
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text:?} is not a number from 0 to 1")),
    }
}

impl fmt::Debug for TraceSettings {
    /// Without the headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceSettings")
            .field("url", &self.url.as_str())
            .field("sampler", &self.sampler)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTOR: &str = "http://otel.example.com:4318";

    fn url(endpoint: &str) -> Result<String, SettingError> {
        let settings = TraceSettings::parse(endpoint, None, None, None)?;
        Ok(settings.url.to_string())
    }

    #[test]
    fn the_path_of_traces_is_appended() {
        let want = "http://otel.example.com:4318/v1/traces";
        assert_eq!(url(COLLECTOR).unwrap(), want);
        assert_eq!(url("http://otel.example.com:4318/").unwrap(), want);
        assert_eq!(
            url("https://otel.example.com/in/").unwrap(),
            "https://otel.example.com/in/v1/traces"
        );
    }

    #[test]
    fn what_is_no_collector_is_refused_by_name() {
        for wrong in [
            "otel:4318",
            "grpc://otel:4317",
            "http://",
            "http://otel:port",
            "http://o:s3cret@otel:4318",
            "http://otel:4318?key=1",
        ] {
            let error = url(wrong).unwrap_err();
            assert_eq!(error.setting, "OTEL_EXPORTER_OTLP_ENDPOINT", "{wrong}");
        }
        assert!(
            !url("http://o:s3cret@otel")
                .unwrap_err()
                .message
                .contains("s3cret")
        );
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let given = "Authorization=Bearer%20s3cret, x-tenant = a";
        let settings = TraceSettings::parse(COLLECTOR, Some(given), None, None).unwrap();
        assert_eq!(settings.headers["authorization"], "Bearer s3cret");
        assert_eq!(settings.headers["x-tenant"], "a");
        assert!(!format!("{settings:?}").contains("s3cret"));
        for wrong in ["s3cret", "a b=s3cret", "a=s3cret%0A", "a=s3cret%2"] {
            let error = TraceSettings::parse(COLLECTOR, Some(wrong), None, None).unwrap_err();
            assert_eq!(error.setting, HEADERS);
            assert!(!error.message.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_sampler_that_is_none_is_refused_by_name() {
        let refused = |sampler, ratio| {
            TraceSettings::parse(COLLECTOR, None, sampler, ratio)
                .unwrap_err()
                .setting
        };
        assert_eq!(refused(Some("sometimes"), None), SAMPLER);
        for wrong in ["-0.1", "1.1", "NaN", "half"] {
            assert_eq!(refused(Some("traceidratio"), Some(wrong)), SAMPLER_ARG);
        }
    }
}
