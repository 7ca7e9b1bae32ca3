//! Planted faults: the proof that the tests can fail. Each patch in `proof/bugs/` takes one guard out of the code;
//! the test that it names must then fail. They are applied to a scratch copy, and are never switches in the code.

mod patch;
mod scratch;
mod table;

use clap::Args;

use self::patch::Patch;
use self::scratch::Scratch;
use crate::run::{Failure, build};
use crate::{places, servers};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only the patches whose file name contains one of these
    names: Vec<String>,
    /// Only see that each patch still applies, and that docs/proof.md shows it caught
    #[arg(long)]
    check: bool,
    /// Write what catches which, and how fast, to docs/proof.md, row by row
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Only list them: what each takes out, and what catches it
    #[arg(long, conflicts_with = "check")]
    list: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let patches = select(&arguments.names)?;
    if arguments.list {
        patches.iter().for_each(|patch| println!("{patch}\n"));
        return Ok(());
    }
    let mut scratch = Scratch::copy_of(&places::root(), &places::target()?.join("bugs"))?;
    if arguments.check {
        return all_apply(&scratch, &patches);
    }
    if patches.iter().any(|patch| patch.needs_servers) {
        servers::bring()?;
        // Of the working tree: no fault is planted in what starts the servers.
        build(&["apart"])?;
        scratch.runs_with(places::target()?.join("debug/apart"));
    }
    if arguments.write && arguments.names.is_empty() {
        table::forget_all_but(&patches)?;
    }
    all_caught(&scratch, &patches, arguments.write)
}

/// Every patch still applies, and has its row: a step of `cargo xtask test`, for the code changes and the patches must follow.
pub(crate) fn check() -> Result<(), Failure> {
    run(&Arguments {
        names: Vec::new(),
        check: true,
        write: false,
        list: false,
    })
}

fn select(names: &[String]) -> Result<Vec<Patch>, Failure> {
    let all = Patch::read_all(&places::root().join("proof").join("bugs"))?;
    let wanted =
        |patch: &Patch| names.is_empty() || names.iter().any(|name| patch.name.contains(name));
    let chosen: Vec<Patch> = all.into_iter().filter(wanted).collect();
    if chosen.is_empty() && !names.is_empty() {
        return Err(Failure::new(
            "no patch has such a name: cargo xtask bugs --list",
        ));
    }
    Ok(chosen)
}

fn all_apply(scratch: &Scratch, patches: &[Patch]) -> Result<(), Failure> {
    let unseen = table::not_shown(patches)?;
    if !unseen.is_empty() {
        return Err(Failure::new(format!(
            "docs/proof.md does not show that these are caught: {}; cargo xtask bugs --write and their names",
            unseen.join(", ")
        )));
    }
    let stale: Vec<&str> = patches
        .iter()
        .filter(|patch| scratch.check(patch).is_err())
        .map(|patch| patch.name.as_str())
        .collect();
    if stale.is_empty() {
        println!(
            "{} planted faults, all of them apply, and were caught when they were planted last",
            patches.len()
        );
        return Ok(());
    }
    Err(Failure::new(format!(
        "these no longer apply to the code: {}",
        stale.join(", ")
    )))
}

fn all_caught(scratch: &Scratch, patches: &[Patch], write: bool) -> Result<(), Failure> {
    // A test that fails anyway would seem to catch every fault.
    println!("without any fault, the tests must pass:");
    for patch in patches {
        scratch.passes_without(patch)?;
        println!("  passes: cargo test {}", patch.caught_by.join(" "));
    }
    println!();
    let mut missed = 0_usize;
    for patch in patches {
        let planted = scratch.plant(patch)?;
        missed += usize::from(!planted.is_caught());
        println!("{}: {planted}", patch.name);
        if write {
            table::write(patch, &planted)?;
        }
    }
    println!(
        "\n{} of {} caught; logs: {}",
        patches.len() - missed,
        patches.len(),
        scratch.logs().display()
    );
    if missed == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{missed} planted faults were not caught"
        )))
    }
}
