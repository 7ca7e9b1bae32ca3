//! The commands, one file each.

mod check;
mod demo;
mod docs;
mod events;
mod migrate;
mod money;
mod serve;

use std::process::ExitCode;

use tessera_platform::config::Settings;

use crate::cli::{Cli, Command};
use crate::services::Chosen;
use crate::terminal;

pub(crate) use serve::build;

/// Why a command ended: in words for whoever gave it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Stopped {
    message: String,
    code: u8,
}

impl Stopped {
    /// What was asked cannot be done.
    pub(crate) fn failed(message: impl std::fmt::Display) -> Stopped {
        Stopped {
            message: message.to_string(),
            code: 1,
        }
    }

    /// It was asked in the wrong way: a setting or an argument is not what it may be.
    pub(crate) fn misused(message: impl std::fmt::Display) -> Stopped {
        Stopped {
            message: message.to_string(),
            code: 2,
        }
    }
}

/// Runs the command that was given.
pub fn run(cli: Cli) -> ExitCode {
    match start(cli) {
        Ok(code) => code,
        Err(stopped) => {
            terminal::complain(&stopped);
            ExitCode::from(stopped.code)
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode, Stopped> {
    let settings = cli.settings.parse().map_err(Stopped::misused)?;
    let command = cli.command.unwrap_or(Command::Serve {
        services: Vec::new(),
    });
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = worker_threads(&settings, &command) {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.enable_all().build().map_err(Stopped::failed)?;
    runtime.block_on(execute(settings, command))
}

/// A service that is served alone shares its machine with the others, and with its database: with more than one
/// thread for each, what is handed on from one to the next waits for its turn too often.
fn worker_threads(settings: &Settings, command: &Command) -> Option<usize> {
    let given = settings.worker_threads.map(|number| number.get().into());
    let is_alone = matches!(command, Command::Serve { services } if services.len() == 1);
    given.or(is_alone.then_some(1))
}

async fn execute(settings: Settings, command: Command) -> Result<ExitCode, Stopped> {
    match command {
        Command::Serve { services } => serve::serve(settings, Chosen::named(&services)?).await?,
        Command::Migrate { services } => {
            migrate::migrate(&settings, &Chosen::named(&services)?.definitions).await?;
        }
        Command::Demo(args) => demo::demo(settings, &args).await?,
        Command::Events(command) => events::events(&settings, command).await?,
        Command::Refund(args) => money::refund(&settings, args).await?,
        Command::Payout(args) => money::pay_out(&settings, args).await?,
        Command::Ledger { sellers } => money::ledger(&settings, sellers).await?,
        Command::Check(args) => return check::check(&settings, &args).await,
        Command::Docs { out } => docs::docs(&out).await?,
    }
    Ok(ExitCode::SUCCESS)
}
