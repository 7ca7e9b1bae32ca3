//! Walks through all states of the model, and gives an account of what it found.

use std::collections::BTreeSet;

use stateright::{Checker, Expectation, HasDiscoveries, Model, Path};

use crate::marketplace::{Action, Marketplace};
use crate::state::State;
use crate::words;

/// What the checker found.
#[derive(Debug)]
pub struct Account {
    /// Steps that were tried and led anywhere.
    pub steps: usize,
    /// States, each counted once.
    pub states: usize,
    /// How many steps the longest of the shortest histories to a state has.
    pub depth: usize,
    /// One for each property.
    pub verdicts: Vec<Verdict>,
}

/// What the checker found of one property.
#[derive(Debug)]
pub struct Verdict {
    /// The property.
    pub name: &'static str,
    /// Whether it is to hold in every state, or in one at least.
    pub in_every_state: bool,
    /// A history to a state in which it is otherwise, or to the one that was asked for.
    pub history: Option<History>,
}

/// How a state came about.
#[derive(Debug)]
pub struct History {
    /// The steps, in sentences.
    pub steps: Vec<String>,
    /// Where they lead, in lines.
    pub end: String,
}

impl Account {
    /// Whether every property is as it should be.
    pub fn is_sound(&self) -> bool {
        self.verdicts.iter().all(Verdict::is_good)
    }
}

impl Verdict {
    /// Whether it is as it should be.
    pub fn is_good(&self) -> bool {
        self.in_every_state != self.history.is_some()
    }
}

/// Visits every state, unless a property is broken: then it ends soon.
pub fn exhaust(model: Marketplace, threads: usize) -> Account {
    walk(model, threads, HasDiscoveries::AnyFailures)
}

/// Visits every state, whatever is broken on the way.
pub fn exhaust_anyhow(model: Marketplace, threads: usize) -> Account {
    walk(model, threads, HasDiscoveries::All)
}

/// Visits states until one breaks this property: the history that leads there is a shortest one, or nearly.
pub fn look_for(model: Marketplace, property: &'static str) -> Option<History> {
    let account = walk(model, 1, HasDiscoveries::AnyOf(BTreeSet::from([property])));
    let found = account
        .verdicts
        .into_iter()
        .find(|verdict| verdict.name == property)?;
    found.history
}

fn walk(model: Marketplace, threads: usize, until: HasDiscoveries) -> Account {
    let checker = model
        .checker()
        .threads(threads)
        .finish_when(until)
        .spawn_bfs()
        .join();
    let mut found = checker.discoveries();
    let verdicts = model.properties().into_iter().map(|property| Verdict {
        name: property.name,
        in_every_state: property.expectation != Expectation::Sometimes,
        history: found.remove(property.name).map(history),
    });
    Account {
        steps: checker.state_count(),
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        verdicts: verdicts.collect(),
    }
}

fn history(path: Path<State, Action>) -> History {
    let end = words::of_state(path.last_state());
    let steps = path.into_actions().iter().map(words::of).collect();
    History { steps, end }
}
