//! One measurement as a table: on what, with what, the figures, and which bounds they were to keep.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::{Because, Failure};
use crate::latencies::{grouped, millis};
use crate::machine;

#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) rows: Vec<(String, String)>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) broken: Vec<String>,
    pub(crate) plots: Vec<Plot>,
}

/// What was promised of a figure.
#[derive(Serialize, Deserialize)]
pub(crate) struct Bound {
    pub(crate) label: String,
    pub(crate) promised: String,
    pub(crate) seen: String,
    pub(crate) is_kept: bool,
}

/// A picture of some of the figures.
#[derive(Serialize, Deserialize)]
pub(crate) struct Plot {
    /// Its file, without the ending.
    pub(crate) name: String,
    pub(crate) title: String,
    /// What is told along the axes, with its unit.
    pub(crate) along: String,
    pub(crate) up: String,
    pub(crate) lines: Vec<Line>,
}

/// One line of it: points in the order of the first axis.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(u64, u64)>,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        let mut report = Self {
            title: title.into(),
            rows: Vec::new(),
            bounds: Vec::new(),
            broken: Vec::new(),
            plots: Vec::new(),
        };
        report.row("command", machine::command_line());
        report.row("machine", machine::hardware());
        report
    }

    /// Of the scenario; and how it was measured.
    pub(crate) fn name_and_rest(&self) -> (&str, &str) {
        self.title.split_once(':').unwrap_or((&self.title, ""))
    }

    /// "revision 1a2b3c4", out of its versions.
    pub(crate) fn revision(&self) -> Option<&str> {
        let (_, versions) = self.rows.iter().find(|(label, _)| label == "versions")?;
        let mut parts = versions.split(", ");
        parts.find(|part| part.starts_with("revision "))
    }

    pub(crate) fn name(&self) -> &str {
        self.name_and_rest().0
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
        if let Some(bound) = bound {
            self.bound(Bound {
                label: label.to_owned(),
                promised: format!("at least {}", grouped(bound)),
                seen: grouped(figure),
                is_kept: figure >= bound,
            });
        }
    }

    /// A duration that must not exceed a bound in milliseconds, if there is one.
    pub(crate) fn at_most(&mut self, label: &str, micros: u64, bound_ms: Option<u64>) {
        if let Some(bound) = bound_ms.map(|bound| bound * 1000) {
            self.bound(Bound {
                label: label.to_owned(),
                promised: format!("at most {}", millis(bound)),
                seen: millis(micros),
                is_kept: micros <= bound,
            });
        }
    }

    pub(crate) fn bound(&mut self, bound: Bound) {
        if !bound.is_kept {
            let Bound {
                label,
                promised,
                seen,
                ..
            } = &bound;
            self.broken(format!("{label}: {seen}, and not {promised}"));
        }
        self.bounds.push(bound);
    }

    pub(crate) fn broken(&mut self, words: impl Into<String>) {
        self.broken.push(words.into());
    }

    pub(crate) fn plot(&mut self, plot: Plot) {
        self.plots.push(plot);
    }

    /// Keeps it for the page of all measurements.
    pub(crate) fn record(&self, file: &Path) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self).because("the record")?;
        std::fs::write(file, json).because(file.display())
    }

    pub(crate) fn print(&self) {
        let labels = self.rows.iter().map(|(label, _)| label.len());
        let width = labels.max().unwrap_or(0);
        println!("\n{}", self.title);
        for (label, value) in &self.rows {
            println!("  {label:<width$}  {value}");
        }
    }

    /// A broken bound is a failure.
    pub(crate) fn judge(&self) -> Result<(), Failure> {
        if self.broken.is_empty() {
            return Ok(());
        }
        let broken = self.broken.join("; ");
        Err(Failure::new(format!("out of bounds: {broken}")))
    }
}
