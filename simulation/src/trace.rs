//! What happened, step by step: the same for the same seed, to the byte.

use std::fmt::{Arguments, Write};

/// Lines of the history that a failure shows.
const SHOWN: usize = 120;

/// Every step, and those of them that tell a story.
pub struct Trace {
    steps: u64,
    whole: String,
    history: Vec<String>,
}

impl Trace {
    /// An empty one.
    pub fn new() -> Trace {
        Trace {
            steps: 0,
            whole: String::new(),
            history: Vec::new(),
        }
    }

    /// A step of the machinery.
    pub fn step(&mut self, what: Arguments<'_>) {
        self.steps += 1;
        // Writing to a text cannot fail.
        let _ = writeln!(self.whole, "{} {what}", self.steps);
    }

    /// Something that a reader wants to know.
    pub fn tell(&mut self, what: Arguments<'_>) {
        self.step(what);
        self.history.push(format!("{:>6} {what}", self.steps));
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Everything.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The end of the story.
    pub fn history(&self) -> String {
        let from = self.history.len().saturating_sub(SHOWN);
        let shown = self.history.get(from..).unwrap_or_default();
        let left_out = if from > 0 {
            format!("({from} lines before)\n")
        } else {
            String::new()
        };
        left_out + &shown.join("\n")
    }
}

impl Default for Trace {
    fn default() -> Trace {
        Trace::new()
    }
}
