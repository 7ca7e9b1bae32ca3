//! One measurement as a table: on what, with what, the figures, and which bounds they were to keep.

use std::path::Path;

use crate::failure::Failure;
use crate::latencies::{grouped, millis};
use crate::machine;

pub(crate) struct Report {
    title: String,
    rows: Vec<(String, String)>,
    broken: Vec<String>,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        let mut report = Self {
            title: title.into(),
            rows: Vec::new(),
            broken: Vec::new(),
        };
        report.row("command", machine::command_line());
        report.row("machine", machine::hardware());
        report
    }

    /// Of which build, on which file system.
    pub(crate) fn of(&mut self, server: Option<&Path>, data: &Path) {
        self.row("versions", machine::versions(server));
        self.row("file system", machine::file_system(data));
    }

    pub(crate) fn row(&mut self, label: impl Into<String>, value: impl Into<String>) {
        self.rows.push((label.into(), value.into()));
    }

    /// A figure that must reach a bound, if there is one.
    pub(crate) fn at_least(&mut self, label: &str, figure: u64, bound: Option<u64>) {
        if let Some(bound) = bound.filter(|bound| figure < *bound) {
            self.broken.push(format!(
                "{label}: {} is less than {}",
                grouped(figure),
                grouped(bound)
            ));
        }
    }

    /// A duration that must not exceed a bound in milliseconds, if there is one.
    pub(crate) fn at_most(&mut self, label: &str, micros: u64, bound_ms: Option<u64>) {
        if let Some(bound) = bound_ms
            .map(|bound| bound * 1000)
            .filter(|bound| micros > *bound)
        {
            self.broken.push(format!(
                "{label}: {} is more than {}",
                millis(micros),
                millis(bound)
            ));
        }
    }

    pub(crate) fn broken(&mut self, words: impl Into<String>) {
        self.broken.push(words.into());
    }

    /// Prints the table; a broken bound is a failure.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let width = self
            .rows
            .iter()
            .map(|(label, _)| label.len())
            .max()
            .unwrap_or(0);
        println!("\n{}", self.title);
        for (label, value) in &self.rows {
            println!("  {label:<width$}  {value}");
        }
        if self.broken.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "out of bounds: {}",
            self.broken.join("; ")
        )))
    }
}
