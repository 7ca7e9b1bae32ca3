//! What the demo prints: chapters, numbered steps, requests with their answers, and progress.
//!
//! On a terminal a line of progress is written over; elsewhere it is a plain line now and then.

use std::fmt::Display;
use std::io::{IsTerminal, stdout};

use reqwest::StatusCode;

use crate::terminal::say;

/// Up one line, and clear it.
const OVER: &str = "\x1b[1A\x1b[2K";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Prints, as the standard output can show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show {
    terminal: bool,
}

impl Show {
    /// Looks at what the standard output is.
    pub(crate) fn to_stdout() -> Show {
        Show {
            terminal: stdout().is_terminal(),
        }
    }

    /// An empty line.
    pub fn gap(self) {
        say("");
    }

    /// The title of what follows.
    pub(crate) fn chapter(self, title: &str) {
        self.gap();
        say(self.bold(title));
    }

    /// A line beside the steps.
    pub(crate) fn line(self, text: impl Display) {
        say(format!("  {text}"));
    }

    /// What is done next.
    pub fn step(self, number: u32, text: &str) {
        self.gap();
        say(format!("{number:>3}. {}", self.bold(text)));
    }

    /// What was asked, and the status of the answer.
    pub fn exchange(self, request: &str, status: StatusCode) {
        self.detail(format!("{request} → {status}"));
    }

    /// What it means.
    pub fn detail(self, text: impl Display) {
        say(format!("     {text}"));
    }

    /// A line that tells how far something is.
    pub fn progress(self) -> Progress {
        Progress {
            show: self,
            last: None,
        }
    }

    fn bold(self, text: &str) -> String {
        if self.terminal {
            format!("{BOLD}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// A line that is written over, or, where it cannot be, written again when it matters.
pub struct Progress {
    show: Show,
    last: Option<String>,
}

impl Progress {
    /// Shows how far it is. `matters` is whether it is worth a line of its own.
    pub fn tell(&mut self, text: String, matters: bool) {
        if self.last.as_ref() == Some(&text) || !(matters || self.show.terminal) {
            return;
        }
        let over = if self.show.terminal && self.last.is_some() {
            OVER
        } else {
            ""
        };
        say(format!("{over}     {text}"));
        self.last = Some(text);
    }
}
