//! `tessera demo`.
use super::Stopped;
use crate::cli::DemoArgs;
use tessera_platform::config::Settings;
pub(super) async fn demo(_s: Settings, _a: &DemoArgs) -> Result<(), Stopped> { Err(Stopped::failed("not yet")) }
