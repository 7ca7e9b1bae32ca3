//! `tessera demo`: finds a server, or is one for a while, and lets the demo play there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use tessera_platform::config::Settings;
use tessera_platform::telemetry;

use super::Stopped;
use super::serve::Server;
use crate::cli::DemoArgs;
use crate::demo::{self, Found, Plan, Show};
use crate::services::Chosen;

/// Where the demo plays.
struct Place {
    base: String,
    /// The server of this very process, if nobody else served.
    own: Option<Server>,
}

/// Plays the demo, and stops the server again if it is our own.
pub(super) async fn demo(settings: Settings, args: &DemoArgs) -> Result<(), Stopped> {
    telemetry::init_logs(filter(&settings)).map_err(Stopped::misused)?;
    let show = Show::to_stdout();
    show.chapter("Tessera, a demo");
    let place = find(&settings, show).await?;
    let farewell = farewell(&settings, &place);
    let plan = Plan {
        base: place.base,
        place: settings.place(),
        listings: args.listings,
        seed: args.seed,
        payment_attempts: settings.payment_attempts,
    };
    let outcome = demo::run(&plan, show).await;
    if let Some(server) = place.own {
        server.stop().await;
    }
    outcome.map_err(Stopped::failed)?;
    show.chapter("Done");
    show.line(farewell);
    Ok(())
}

/// A server's everyday log would drown the steps: it is heard only when it was asked for.
fn filter(settings: &Settings) -> &str {
    match settings.rust_log.as_str() {
        "info" => "warn",
        other => other,
    }
}

/// The server at `PUBLIC_URL`, or else one of our own.
async fn find(settings: &Settings, show: Show) -> Result<Place, Stopped> {
    let base = address(settings);
    match demo::look_at(&base).await {
        Found::Marketplace => {
            show.line(format!("A server answers at {base}: it is used."));
            Ok(Place { base, own: None })
        }
        Found::Nobody => {
            show.line(format!(
                "No server answers at {base}: the demo runs one itself."
            ));
            start(settings, show).await
        }
        Found::NotReady(last) => Err(Stopped::failed(format!(
            "the server at {base} does not get ready: {last}"
        ))),
        Found::Stranger => Err(Stopped::failed(stranger(settings, &base))),
    }
}

/// Where to look for a server. The demo speaks plain http: behind https it goes to the server itself.
fn address(settings: &Settings) -> String {
    if settings.public_url.is_https() {
        reachable(settings.listen)
    } else {
        settings.public_url.origin().to_owned()
    }
}

async fn start(settings: &Settings, show: Show) -> Result<Place, Stopped> {
    let server = Server::start(settings.clone(), &Chosen::all()).await?;
    let base = reachable(server.address);
    show.line(format!(
        "It serves at {base} and keeps its data in {}.",
        settings.data_dir.display()
    ));
    show.line(tessera_payments::gateway_notice(settings));
    Ok(Place {
        base,
        own: Some(server),
    })
}

/// A server that listens on every address is reached on this machine's own.
fn reachable(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

fn stranger(settings: &Settings, base: &str) -> String {
    let listen = settings.listen;
    if base == reachable(listen) {
        format!(
            "LISTEN: {listen} is taken by something that is not Tessera; choose another one, as in --listen 127.0.0.1:3001"
        )
    } else {
        format!("PUBLIC_URL: what answers at {base} is not Tessera")
    }
}

/// What to do next.
fn farewell(settings: &Settings, place: &Place) -> String {
    if place.own.is_none() {
        return format!("Look around at {}", place.base);
    }
    let mut command = "tessera serve".to_owned();
    if settings.data_dir != Path::new("./data") {
        command += &format!(" --data-dir {}", settings.data_dir.display());
    }
    if settings.listen != SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)) {
        command += &format!(" --listen {}", settings.listen);
    }
    format!("The marketplace is kept. Serve it with: {command}")
}
