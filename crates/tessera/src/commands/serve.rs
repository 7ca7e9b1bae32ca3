//! `tessera serve`: the marketplace, from one process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::ids::Ids;
use tessera_platform::server::{self, Bounds};
use tessera_platform::service::{MakePages, Runtime, Setup, StartError};
use tessera_platform::telemetry;
use tessera_platform::worker::Stopper;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::Stopped;
use crate::services::Chosen;
use crate::{docs, terminal};

/// Serves until it is told to stop.
pub(super) async fn serve(settings: Settings, chosen: Chosen) -> Result<(), Stopped> {
    refuse_what_is_cut_off(&chosen, &settings)?;
    refuse_form_without_stripe(&chosen, &settings)?;
    telemetry::init_logs(&settings.rust_log).map_err(Stopped::misused)?;
    let notice = tessera_payments::gateway_notice(&settings);
    let server = Server::start(settings, &chosen).await?;
    terminal::say(format!("Tessera serves at http://{}", server.address));
    terminal::say(notice);
    told_to_stop().await?;
    terminal::say("Stopping: no new requests; the running ones finish.");
    server.stop().await;
    Ok(())
}

/// A service alone has to hear of the others, and to know whose tokens count.
fn refuse_what_is_cut_off(chosen: &Chosen, settings: &Settings) -> Result<(), Stopped> {
    if chosen.is_whole() {
        return Ok(());
    }
    if settings.nats.is_none() {
        return Err(Stopped::misused(
            "NATS_URL: a service alone needs it, to hear of the others",
        ));
    }
    if chosen.needs_keys() && settings.jwks_url.is_none() {
        return Err(Stopped::misused(
            "JWKS_URL: a service without auth needs it, to know whose sessions count; as in http://auth:3000/.well-known/jwks.json",
        ));
    }
    Ok(())
}

/// Where payments is in this process, it is known whether Stripe takes the cards that its form asks for.
fn refuse_form_without_stripe(chosen: &Chosen, settings: &Settings) -> Result<(), Stopped> {
    let pays = chosen.definitions.iter().any(|it| it.name == "payments");
    if pays && settings.card_form.is_some() && settings.stripe.is_none() {
        return Err(Stopped::misused(
            "STRIPE_PUBLISHABLE_KEY: it means nothing without STRIPE_KEY where payments is served",
        ));
    }
    Ok(())
}

/// How long a stop may wait for the collector. Ten seconds in all are promised, and nine of them may be over.
const LAST_SPANS_WITHIN: Duration = Duration::from_millis(800);

/// A running marketplace.
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: SocketAddr,
    stopper: Stopper,
    server: tokio::task::JoinHandle<server::Drained>,
    workers: JoinSet<()>,
    // Last: what the others use is closed after them.
    runtime: Runtime,
}

impl Server {
    /// Opens the databases, starts the workers and listens.
    pub(super) async fn start(settings: Settings, chosen: &Chosen) -> Result<Server, Stopped> {
        for note in settings.notes() {
            tracing::warn!("{note}");
        }
        let listen = settings.listen;
        let runtime = build(settings, chosen).await.map_err(Stopped::failed)?;
        let listener = TcpListener::bind(listen).await;
        let listener =
            listener.map_err(|error| Stopped::failed(format!("LISTEN: {listen}: {error}")))?;
        let address = listener.local_addr().map_err(Stopped::failed)?;
        let (stopper, stop) = Stopper::new();
        let workers = runtime.start(&stop);
        let mut stopped = stop.clone();
        let server = server::serve(listener, runtime.router(), Bounds::default(), async move {
            stopped.wait().await;
        });
        Ok(Server {
            address,
            stopper,
            server: tokio::spawn(server),
            workers,
            runtime,
        })
    }

    /// Lets the running requests finish, and the workers their step: both have the same time. What was recorded of
    /// them is sent.
    pub(super) async fn stop(mut self) {
        self.stopper.stop();
        let workers = async { while self.workers.join_next().await.is_some() {} };
        let workers = tokio::time::timeout(Bounds::default().drain, workers);
        let (server, workers) = tokio::join!(self.server, workers);
        if !matches!(server, Ok(server::Drained::Wholly)) {
            tracing::warn!("some requests took too long and were cut off");
        }
        if workers.is_err() {
            tracing::warn!("some workers took too long and were cut off");
        }
        self.runtime.traces().flush(LAST_SPANS_WITHIN).await;
    }
}

/// The services over their databases; nothing runs yet.
pub(crate) async fn build(settings: Settings, chosen: &Chosen) -> Result<Runtime, StartError> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let setup = Setup {
        settings: Arc::new(settings),
        clock,
        ids,
        bus: None,
    };
    let is_whole = chosen.is_whole();
    let make: MakePages<'_> = Box::new(move |around| {
        let reference = if is_whole {
            docs::reference(around.openapi)
        } else {
            docs::committed_reference()
        };
        tessera_web::pages(&around, is_whole, reference)
    });
    Runtime::build(&chosen.definitions, setup, chosen.web.then_some(make)).await
}

async fn told_to_stop() -> Result<(), Stopped> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Stopped::failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Stopped::failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
