//! `tessera check`: whether anything is broken, across all databases.

use std::process::ExitCode;
use std::time::Duration;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;

use super::Stopped;
use crate::cli::CheckArgs;
use crate::{check, terminal};

/// Checks and tells; the answer is that of the program: 0 when sound, 1 when broken.
pub(super) async fn check(settings: &Settings, args: &CheckArgs) -> Result<ExitCode, Stopped> {
    let patience = Duration::from_secs(args.patience);
    let report = check::run(settings, &Clock::system(), patience).await;
    // 2 for whoever cannot be told whether anything is broken.
    let report = report.map_err(Stopped::misused)?;
    terminal::say(&report);
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
