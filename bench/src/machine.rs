//! What was measured on what: a figure without its machine and versions says nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

/// "2 cores, Some Processor, 16 GiB, Linux 6.1.0".
pub(crate) fn hardware() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|size| size.split(' ').next()?.parse::<u64>().ok());
    let gib = memory.unwrap_or(0).div_ceil(1024 * 1024);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, {cpu}, {gib} GiB, Linux {}", kernel.trim())
}

/// The kind of file system that the data lies on: a sync is cheap where nothing is written.
pub(crate) fn file_system(folder: &Path) -> String {
    let kind = first_line(
        Command::new("stat")
            .args(["--file-system", "--format=%T"])
            .arg(folder),
    );
    kind.unwrap_or_else(|| "unknown".to_owned())
}

/// "tessera 0.1.0, revision 1a2b3c4, SQLite 3.50.4, rustc 1.95.0".
pub(crate) fn versions(server: Option<&Path>) -> String {
    let server = server.and_then(|path| first_line(Command::new(path).arg("--version")));
    let revision = first_line(Command::new("git").args(["describe", "--always", "--dirty"]));
    let rustc = first_line(Command::new("rustc").arg("--version"));
    let known = [server, revision.map(|id| format!("revision {id}")), rustc];
    let mut all: Vec<String> = known.into_iter().flatten().collect();
    all.push(format!("SQLite {}", rusqlite::version()));
    all.join(", ")
}

/// The command line of this program, as it can be typed again.
pub(crate) fn command_line() -> String {
    let own: Vec<String> = std::env::args().skip(1).collect();
    // Where it is kept is nobody's business.
    let recorded = own.iter().position(|argument| argument == "--record");
    let told = own.get(..recorded.unwrap_or(own.len())).unwrap_or_default();
    format!("bench {}", told.join(" "))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':')
        .map(|(_, value)| value.trim().to_owned())
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()
        .map(str::to_owned)
}
