//! The commands, one file each.

mod check;
mod demo;
mod docs;
mod events;
mod migrate;
mod serve;

use std::process::ExitCode;

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
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Stopped::failed)
        .and_then(|runtime| runtime.block_on(execute(cli)));
    match outcome {
        Ok(code) => code,
        Err(stopped) => {
            terminal::complain(&stopped);
            ExitCode::from(stopped.code)
        }
    }
}

async fn execute(cli: Cli) -> Result<ExitCode, Stopped> {
    let settings = cli.settings.parse().map_err(Stopped::misused)?;
    match cli.command.unwrap_or(Command::Serve {
        services: Vec::new(),
    }) {
        Command::Serve { services } => serve::serve(settings, Chosen::named(&services)?).await?,
        Command::Migrate { services } => {
            migrate::migrate(&settings, &Chosen::named(&services)?.definitions).await?;
        }
        Command::Demo(args) => demo::demo(settings, &args).await?,
        Command::Events(command) => events::events(&settings, command).await?,
        Command::Check(args) => return check::check(&settings, &args).await,
        Command::Docs { out } => docs::docs(&out).await?,
    }
    Ok(ExitCode::SUCCESS)
}
