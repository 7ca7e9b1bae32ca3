//! `GET /healthz`: the process is alive. `GET /readyz`: all that it depends on answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::join_all;
use tokio::sync::Mutex;

use crate::BoxFuture;
use crate::db::Db;
use crate::instruments;

/// A dependency that takes longer than this is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The check of the bus. `GET /readyz?without=bus` leaves it out: requests are taken without it, and the events
/// wait in the outboxes.
pub const BUS: &str = "bus";

/// How long an answer counts for others who ask.
const SHARED_FOR: Duration = Duration::from_millis(250);

type Answer = BoxFuture<'static, Result<(), String>>;

/// One thing that must answer for the server to be ready.
#[derive(Clone)]
pub struct Check {
    name: String,
    ask: Arc<dyn Fn() -> Answer + Send + Sync>,
}

impl Check {
    /// Asks with `ask`, and shows the answer under `name`. The error goes to the log.
    pub fn new(name: impl Into<String>, ask: impl Fn() -> Answer + Send + Sync + 'static) -> Check {
        Check {
            name: name.into(),
            ask: Arc::new(ask),
        }
    }

    /// Asks a service's database, and its writer in particular.
    pub(super) fn database(service: &'static str, db: Db) -> Check {
        Check::new(service, move || {
            let db = db.clone();
            Box::pin(async move {
                let found = db.durability().await.map_err(|error| error.to_string())?;
                instruments::durability(service, &found).set(1.0);
                Ok(())
            })
        })
    }

    async fn is_well(&self) -> bool {
        let problem = match tokio::time::timeout(PATIENCE, (self.ask)()).await {
            Ok(Ok(())) => return true,
            Ok(Err(problem)) => problem,
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(check = self.name, "not ready: {problem}");
        false
    }
}

/// The two routes.
pub fn routes(checks: Vec<Check>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(Arc::new(Checks {
            all: checks,
            turn: Mutex::default(),
        }))
}

/// All of them. Anybody may ask, and the databases have other work: those who ask together share one answer.
struct Checks {
    all: Vec<Check>,
    turn: Mutex<Option<(Instant, Vec<bool>)>>,
}

impl Checks {
    /// Whether each of them is well, as of a moment ago at most.
    async fn well(&self) -> Vec<bool> {
        let Ok(mut last) = tokio::time::timeout(PATIENCE, self.turn.lock()).await else {
            return vec![false; self.all.len()];
        };
        if let Some((asked, well)) = &*last
            && asked.elapsed() < SHARED_FOR
        {
            return well.clone();
        }
        let well = join_all(self.all.iter().map(Check::is_well)).await;
        *last = Some((now(), well.clone()));
        well
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how old an answer is, by the machine's own time"
)]
fn now() -> Instant {
    Instant::now()
}

async fn alive() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

async fn ready(State(checks): State<Arc<Checks>>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let well = checks.well().await;
    let checks = &checks.all;
    let without = query
        .as_deref()
        .and_then(|query| query.strip_prefix("without="));
    let counts = |check: &Check| without != Some(check.name.as_str());
    let all_well = checks
        .iter()
        .zip(&well)
        .all(|(check, well)| *well || !counts(check));
    let word = |well: bool| if well { "ok" } else { "failing" };
    let each: BTreeMap<_, _> = checks
        .iter()
        .zip(well)
        .map(|(check, well)| (check.name.as_str(), word(well)))
        .collect();
    let body = Json(serde_json::json!({ "status": word(all_well), "checks": each }));
    let status = if all_well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, body)
}
