//! A collector of OpenTelemetry, as far as the tests need one: it keeps the spans that it is sent.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use parking_lot::Mutex;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::pause;

/// What a span is of, as the protocol numbers it.
pub use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

/// A collector that listens until it is dropped.
pub struct Collector {
    /// Where: what `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    pub endpoint: String,
    kept: Arc<Mutex<Kept>>,
    served: JoinHandle<()>,
}

#[derive(Default)]
struct Kept {
    spans: Vec<Seen>,
    headers: HeaderMap,
}

/// A span, as far as the tests look at it. Ids are in hexadecimal digits.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub struct Seen {
    pub service: String,
    pub name: String,
    pub kind: SpanKind,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub nanoseconds: u64,
    pub attributes: HashMap<String, String>,
}

impl Collector {
    /// Starts to listen.
    pub async fn start() -> Collector {
        Collector::start_slow(0).await
    }

    /// Starts to listen, and takes so many milliseconds over each batch.
    pub async fn start_slow(milliseconds: u64) -> Collector {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let slow = async move |state: State<_>, headers: HeaderMap, body: Bytes| {
            pause(milliseconds).await;
            take(state, headers, body).await
        };
        let routes = Router::new()
            .route("/v1/traces", post(slow))
            .with_state(kept.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let served = axum::serve(listener, routes);
        Collector {
            endpoint: format!("http://{address}"),
            kept,
            served: tokio::spawn(async move { drop(served.await) }),
        }
    }

    /// The spans of one trace so far.
    pub fn spans(&self, trace: &str) -> Vec<Seen> {
        let kept = self.kept.lock();
        let of_it = kept.spans.iter().filter(|span| span.trace == trace);
        of_it.cloned().collect()
    }

    /// All spans so far.
    pub fn all(&self) -> Vec<Seen> {
        self.kept.lock().spans.clone()
    }

    /// The headers that the last spans came with.
    pub fn headers(&self) -> HeaderMap {
        self.kept.lock().headers.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn take(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, HeaderMap::new(), Vec::new());
    };
    let mut kept = kept.lock();
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.unwrap_or_default();
        let service = texts(&resource.attributes).remove("service.name");
        let service = service.unwrap_or_default();
        let spans = of_resource.scope_spans.into_iter();
        for span in spans.flat_map(|of_scope| of_scope.spans) {
            kept.spans.push(Seen {
                service: service.clone(),
                kind: span.kind(),
                attributes: texts(&span.attributes),
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                nanoseconds: span
                    .end_time_unix_nano
                    .saturating_sub(span.start_time_unix_nano),
                name: span.name,
            });
        }
    }
    kept.headers = headers;
    let mut said = HeaderMap::new();
    let media_type = header::HeaderValue::from_static("application/x-protobuf");
    said.insert(header::CONTENT_TYPE, media_type);
    let body = ExportTraceServiceResponse::default().encode_to_vec();
    (StatusCode::OK, said, body)
}

fn texts(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |value: Option<AnyValue>| match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(attribute.value.clone())))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
