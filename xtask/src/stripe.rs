//! Card payments beside parties that others wrote: Stripe's own library drives our double of Stripe, and our client another
//! double. So neither of ours is right by its own word alone.

use std::path::PathBuf;

use crate::node::{self, Node};
use crate::places;
use crate::python::Environment;
use crate::run::{Failure, build};
use crate::scenarios;

/// The official library, and what it is told to do.
const SDK: &str = "stripe-double/sdk";
/// The other double, and what runs it.
const OTHER: &str = "stripe-double/localstripe";

/// Installs what is missing, and says so.
pub(crate) fn bring() -> Result<(), Failure> {
    library().and_then(|_| other_double()).map(drop)
}

pub(crate) fn tests() -> Result<(), Failure> {
    let node = library()?;
    let double = places::target()?.join("debug/stripe-double");
    build(&["stripe-double"])?;
    node.run()
        .current_dir(&folder(SDK))
        .env("STRIPE_DOUBLE", double)
        .args(["--test", "--test-reporter=spec"])
        .show()?;
    // It serves for as long as the command after it runs.
    other_double()?
        .python()
        .arg(format!("{OTHER}/with_localstripe.py"))
        .args(["cargo", "test", "--workspace", "--test", "payments"])
        .args(["localstripe", "--", "--ignored", "--test-threads=1"])
        .show()?;
    scenarios::check()
}

fn library() -> Result<Node, Failure> {
    let node = node::bring()?;
    node.fill(&folder(SDK))?;
    Ok(node)
}

fn other_double() -> Result<Environment, Failure> {
    Environment::bring("localstripe", &[format!("{OTHER}/requirements.txt")])
}

fn folder(name: &str) -> PathBuf {
    places::root().join(name)
}
