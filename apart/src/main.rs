//! `cargo xtask up`, and the servers that the tests stand on.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine;
use clap::{Parser, Subcommand};
use futures_util::future::select_all;
use rand::RngCore;
use tessera_apart::Failure;
use tessera_apart::failure::Because;
use tessera_apart::front::{self, Backends};
use tessera_apart::nats::{self, Nats};
use tessera_apart::postgres::Postgres;
use tessera_apart::services::{self, Common, Instance, SERVICES};
use tokio::net::TcpListener;
use tokio::process::Command;

/// The distributed form on one machine.
#[derive(Parser)]
#[command(name = "apart", version)]
struct Cli {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Run every service in a process of its own, over a private PostgreSQL and NATS, behind one port
    ///
    /// Takes the settings of `tessera serve` from the environment and hands them on. Ctrl-C ends all.
    Up(Up),
    /// Run a command with a private PostgreSQL and the program of a NATS server, for the tests
    With {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

#[derive(clap::Args)]
struct Up {
    /// Where the one port is
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    listen: String,
    /// Where the databases, streams, keys and logs are kept
    #[arg(long, env = "DATA_DIR", default_value = "target/up")]
    data_dir: PathBuf,
    /// The address that people use [default: http:// and LISTEN]
    #[arg(long, env = "PUBLIC_URL")]
    public_url: Option<String>,
    /// What signs the sessions [default: made once, and kept]
    #[arg(long, env = "JWT_KEY", hide_env_values = true)]
    jwt_key: Option<String>,
    /// How many processes a service has, as in orders=2
    #[arg(long, value_name = "SERVICE=N", value_parser = replicas)]
    replicas: Vec<(String, usize)>,
}

fn replicas(text: &str) -> Result<(String, usize), String> {
    let (service, number) = text.split_once('=').ok_or("write it as in orders=2")?;
    if !SERVICES.contains(&service) {
        return Err(format!("there is no service {service:?}"));
    }
    match number.parse() {
        Ok(number @ 1..=10) => Ok((service.to_owned(), number)),
        _ => Err(format!("{number:?} is not a number from 1 to 10")),
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new();
    let outcome = runtime
        .because("the runtime")
        .and_then(|runtime| runtime.block_on(perform(Cli::parse())));
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("apart: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        What::Up(arguments) => up(&arguments).await.map(|()| ExitCode::SUCCESS),
        What::With { command } => with(&command).await,
    }
}

async fn up(arguments: &Up) -> Result<(), Failure> {
    let folder = std::path::absolute(&arguments.data_dir).because("DATA_DIR")?;
    fs::create_dir_all(&folder).because(folder.display())?;
    let listener = TcpListener::bind(&arguments.listen).await;
    let listener = listener.because(format!("LISTEN: {}", arguments.listen))?;
    println!("PostgreSQL and NATS start in {}", folder.display());
    let postgres = Postgres::start(&folder.join("postgres"), true).await?;
    let nats = Nats::start(&folder.join("nats")).await?;
    let backends = Backends::default();
    let mut common = Common {
        program: services::program_beside_this_one()?,
        folder: folder.clone(),
        settings: settings(
            arguments,
            &postgres,
            &nats,
            &key(arguments.jwt_key.as_ref(), &folder)?,
        ),
    };
    services::migrate(&common).await?;
    let mut instances = Vec::new();
    for service in SERVICES {
        let wanted = arguments
            .replicas
            .iter()
            .rev()
            .find(|(name, _)| name == service);
        for number in 1..=wanted.map_or(1, |(_, number)| *number) {
            let instance = Instance::start(&common, service, number).await?;
            println!(
                "{service:<10} http://{}  {service}-{number}.log",
                instance.address
            );
            backends.add(service, instance.address);
            if service == "auth" && number == 1 {
                let keys = format!("http://{}/.well-known/jwks.json", instance.address);
                common.settings.push(("JWKS_URL".to_owned(), keys));
            }
            instances.push(instance);
        }
    }
    println!("DATABASE_URL={}  NATS_URL={}", postgres.url(), nats.url());
    println!(
        "Tessera serves at http://{}  (Ctrl-C ends all)",
        arguments.listen
    );
    let outcome = tokio::select! {
        failed = front::serve(listener, backends) => failed.map(|never| match never {}),
        one = somebody_ends(&mut instances) => Err(one),
        done = told_to_stop() => done,
    };
    println!("Stopping.");
    for instance in instances {
        instance.process.stop("TERM").await?;
    }
    nats.stop().await?;
    postgres.stop().await?;
    outcome
}

/// The environment's settings are handed on by themselves; these are ours.
fn settings(arguments: &Up, postgres: &Postgres, nats: &Nats, key: &str) -> Vec<(String, String)> {
    let base = format!("http://{}", arguments.listen);
    let public = arguments.public_url.clone().unwrap_or_else(|| base.clone());
    let own = [
        ("DATABASE_URL", postgres.url()),
        ("NATS_URL", nats.url()),
        ("NATS_MONITOR_URL", nats.monitor_url()),
        ("API_URL", base),
        ("PUBLIC_URL", public),
        ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ("JWT_KEY", key.to_owned()),
    ];
    own.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// What signs the sessions: as given, or made once and kept.
#[expect(
    clippy::disallowed_methods,
    reason = "a key for a private marketplace, made by its runner"
)]
fn key(given: Option<&String>, folder: &Path) -> Result<String, Failure> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    let path = folder.join("jwt.key");
    if let Ok(kept) = fs::read_to_string(&path) {
        return Ok(kept.trim().to_owned());
    }
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let made = base64::engine::general_purpose::STANDARD.encode(bytes);
    let file = fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    let mut file = file.because(path.display())?;
    file.write_all(made.as_bytes()).because(path.display())?;
    Ok(made)
}

async fn somebody_ends(instances: &mut [Instance]) -> Failure {
    let ends = instances.iter_mut().map(|instance| {
        Box::pin(async {
            drop(instance.process.ended().await);
            instance.process.with_log("has ended")
        })
    });
    select_all(ends).await.0
}

/// By Ctrl-C, by whoever ends it, or with its terminal.
async fn told_to_stop() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).because("signals")?;
    let mut hang_up = signal(SignalKind::hangup()).because("signals")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.because("signals"),
    }
}

async fn with(command: &[String]) -> Result<ExitCode, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("tessera-")
        .tempdir()
        .because("a temporary folder")?;
    open_to_all(folder.path())?;
    let postgres = Postgres::start(&folder.path().join("postgres"), false).await?;
    let ended = tokio::select! {
        ended = beside(command, &postgres) => ended,
        // The command ends with this; so do the servers, and their folder goes.
        told = told_to_stop() => told.map(|()| ExitCode::FAILURE),
    };
    postgres.stop().await?;
    ended
}

/// Runs the command while the servers run; answers as it does.
async fn beside(command: &[String], postgres: &Postgres) -> Result<ExitCode, Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::new("no command"));
    };
    let status = Command::new(program)
        .args(arguments)
        .env("TESSERA_TEST_DATABASE_URL", postgres.url())
        .env("TESSERA_TEST_NATS_SERVER", nats::program()?)
        .kill_on_drop(true)
        .status()
        .await
        .because(program)?;
    // Whoever asked tells a test that failed from one that was ended.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// PostgreSQL's own user must find its folder.
fn open_to_all(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).because(folder.display())
}
