//! What the disk does meanwhile: one small write after another, each synced, over the same place: less than what the
//! servers under measurement ask of it. Where it stands still, so does everything that promises to keep what it is told.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::failure::{Because, Failure};
use crate::latencies::Latencies;
use crate::pace;

/// Seldom enough that it takes little from what it stands beside.
const EVERY: Duration = Duration::from_millis(10);

const BYTES: [u8; 1_024] = [b'.'; 1_024];

/// A thread that writes and syncs, until it is stopped.
pub(crate) struct Probe {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Result<Latencies, Failure>>,
}

impl Probe {
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("probe");
        let file = File::create(&path).because(path.display())?;
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = std::thread::spawn(move || probe(&file, &told));
        Ok(Self { ends, thread })
    }

    /// How long each write took to be on the disk.
    pub(crate) fn stop(self) -> Result<Latencies, Failure> {
        self.ends.store(true, Ordering::Relaxed);
        let probed = self.thread.join();
        probed.map_err(|_| Failure::new("the disk's probe panicked"))?
    }
}

fn probe(file: &File, ends: &AtomicBool) -> Result<Latencies, Failure> {
    let mut latencies = Latencies::new()?;
    while !ends.load(Ordering::Relaxed) {
        let began = pace::now();
        file.write_all_at(&BYTES, 0).because("the disk's probe")?;
        file.sync_data().because("the disk's probe")?;
        latencies.record(pace::micros_since(began));
        pace::nap(EVERY);
    }
    Ok(latencies)
}
