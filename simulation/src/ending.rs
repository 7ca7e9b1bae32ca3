//! How a run ends: nothing goes wrong any more, and time passes until nothing is under way. Then everything is looked
//! through, by `tessera check` and for what people were promised.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use tessera::check;
use tessera_platform::clock::Clock;

use crate::process;
use crate::world::{World, files};

/// The time passes in these spans, in milliseconds: the short ones for what takes a rest between two steps.
const SPANS: [i64; 4] = [5, 100, 1_000, 20_000];
/// What is tried again is tried at least every five minutes: after so many rounds all of it was.
const ROUNDS: u32 = 60;

/// Where the gateway's book is.
pub(crate) fn bank_folder(folder: &Path) -> PathBuf {
    folder.join("bank")
}

/// Brings a run to its end.
pub(crate) async fn end(world: &mut World) -> Result<(), String> {
    world.calm().await?;
    let mut left = None;
    for _ in 0..ROUNDS {
        for millis in SPANS {
            while !world.is_idle() {
                world.turn().await?;
            }
            world.time.pass(SignedDuration::from_millis(millis)).await;
        }
        left = under_way(world)?;
        if left.is_none() {
            break;
        }
    }
    world.watch.look()?;
    if let Some(what) = left {
        return Err(format!("I5, I6: in the end there are {what}"));
    }
    knock(world).await?;
    world.watch.look()?;
    world.watch.look_in_the_end()?;
    for (promise, query) in world.people.memory().lock().promises() {
        if let Some(not) = world.watch.first(&query)? {
            return Err(format!("{promise}, and {not}"));
        }
    }
    Ok(())
}

/// Whoever has a token of a session that has ended tries every door by it, of processes that have started since.
async fn knock(world: &mut World) -> Result<(), String> {
    for wish in world.people.knocks() {
        world.begin_wish(wish);
    }
    for millis in SPANS {
        while !world.is_idle() {
            world.turn().await?;
        }
        world.time.pass(SignedDuration::from_millis(millis)).await;
    }
    match world.open_wishes() {
        0 => Ok(()),
        _ => Err("somebody who knocks is not answered".to_owned()),
    }
}

fn under_way(world: &World) -> Result<Option<String>, String> {
    if let Some(stream) = &world.stream
        && !stream.is_at_rest()
    {
        return Ok(Some("events on the stream".to_owned()));
    }
    world.watch.under_way()
}

/// Has `tessera check` look through the files, once nobody has them.
pub(crate) async fn check(world: &World) -> Result<(), String> {
    let folder = world.folder.join("in-the-end");
    let cannot = |error: std::io::Error| format!("the files cannot be gathered: {error}");
    fs::create_dir_all(&folder).map_err(cannot)?;
    for (name, path) in files(&world.folder, world.plan.is_together) {
        fs::copy(path, folder.join(format!("{name}.db"))).map_err(cannot)?;
    }
    let (clock, _hand) = Clock::manual(world.time.now());
    let report = check::run(&process::settings(&folder), &clock, Duration::ZERO).await;
    let report = report.map_err(|error| format!("the check cannot read: {error}"))?;
    match report.is_sound() {
        true => Ok(()),
        false => Err(report.to_string()),
    }
}
