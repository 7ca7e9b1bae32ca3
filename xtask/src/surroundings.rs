//! On what a run ran, for its report. It asks the programs themselves.

use std::fs;
use std::path::PathBuf;

use crate::run::Run;
use crate::{places, servers};

/// On what it ran: figures of two machines are not the same.
pub(crate) fn tell(release: bool) -> String {
    let says = |program: &str, args: &[&str]| {
        let output = Run::new(program).args(args).output().unwrap_or_default();
        let text = String::from_utf8_lossy(&output).into_owned();
        text.lines().next().unwrap_or("not known").trim().to_owned()
    };
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    let model = model.map_or("a processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let profile = if release { "release" } else { "debug" };
    let postgres = servers::postgres().unwrap_or_else(|| PathBuf::from("postgres"));
    let nats = places::target()
        .map(|target| target.join("manifests/bin/nats-server"))
        .unwrap_or_default();
    let nats = if nats.is_file() {
        nats
    } else {
        "nats-server".into()
    };
    let versions = [
        says("git", &["log", "-1", "--format=tessera %h"]),
        says("rustc", &["--version"]),
        says(&postgres.to_string_lossy(), &["--version"]),
        says(&nats.to_string_lossy(), &["--version"]),
    ];
    format!(
        "{model}, {cores} cores\n{}, built for {profile}\n\n",
        versions.join(", ")
    )
}
