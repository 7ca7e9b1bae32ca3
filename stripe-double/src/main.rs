//! `stripe-double`: the double as a program, for tests that are not in Rust.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use stripe_double::{Options, StripeDouble};

/// A double of Stripe's API, on loopback. It prints where it listens, and ends when it is told to.
#[derive(Parser)]
#[command(name = "stripe-double", version)]
struct Cli {
    /// Where to listen, on loopback
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The API key of servers
    #[arg(long, default_value = "sk_test_double")]
    secret_key: String,
    /// The API key of pages
    #[arg(long, default_value = "pk_test_double")]
    publishable_key: String,
    /// End when whoever started it closes its standard input, also by ending themselves
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new();
    let served = runtime.and_then(|runtime| {
        let served = runtime.block_on(serve(Cli::parse()));
        // A read of the standard input may never end.
        runtime.shutdown_background();
        served
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stripe-double: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(cli: Cli) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Before anybody hears that it listens: whoever heard it may end it.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let options = Options {
        listen: cli.listen,
        secret_key: cli.secret_key,
        publishable_key: cli.publishable_key,
        ..Options::default()
    };
    let double = StripeDouble::start(options).await?;
    println!("listening on {}", double.base_url());
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        closed = stdin_closes(), if cli.until_stdin_closes => closed,
    }
}

async fn stdin_closes() -> io::Result<()> {
    let read = || io::stdin().lock().read_to_end(&mut Vec::new());
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(io::Error::other)?.map(drop)
}
