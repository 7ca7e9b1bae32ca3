//! What a check found, in words.

use std::collections::BTreeMap;
use std::fmt;

/// What must hold. `Files` and `Rows` come first, because nothing else can be told without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The files are whole, with the tables and indexes that the program made.
    Files,
    /// Each row says something that can be.
    Rows,
    /// I1: a ticket has at most one live order.
    OneLiveOrder,
    /// I2: captured and complete go together, once each, for the order's total.
    PaidOnce,
    /// Every cent is accounted for.
    Books,
    /// I3: what is held or sold reads as its buyer saw it.
    Unchanged,
    /// I4: every event is published, and done once by each that follows it.
    Delivered,
    /// I5: where nothing is under way, all services agree.
    Agreed,
    /// I6: an unpaid lock is released at its deadline.
    Released,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Invariant; 9] = [
        Invariant::Files,
        Invariant::Rows,
        Invariant::OneLiveOrder,
        Invariant::PaidOnce,
        Invariant::Books,
        Invariant::Unchanged,
        Invariant::Delivered,
        Invariant::Agreed,
        Invariant::Released,
    ];

    /// Its short name: `I1` to `I6`, `files`, `rows`, `books`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Invariant::Files => "files",
            Invariant::Rows => "rows",
            Invariant::OneLiveOrder => "I1",
            Invariant::PaidOnce => "I2",
            Invariant::Books => "books",
            Invariant::Unchanged => "I3",
            Invariant::Delivered => "I4",
            Invariant::Agreed => "I5",
            Invariant::Released => "I6",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Invariant::Files => "whole, and of the right shape",
            Invariant::Rows => "each can be",
            Invariant::OneLiveOrder => "one live order per ticket",
            Invariant::PaidOnce => "captured and complete go together",
            Invariant::Books => "every cent is accounted for",
            Invariant::Unchanged => "what is held reads as it was seen",
            Invariant::Delivered => "each event is told, and done once",
            Invariant::Agreed => "all services agree",
            Invariant::Released => "locks end at their deadline",
        }
    }

    const fn things(self) -> &'static str {
        match self {
            Invariant::Files => "databases",
            Invariant::Rows => "rows",
            Invariant::OneLiveOrder => "orders",
            Invariant::PaidOnce => "payments",
            Invariant::Books => "transfers",
            Invariant::Unchanged => "held tickets",
            Invariant::Delivered => "events",
            Invariant::Agreed => "tickets",
            Invariant::Released => "unpaid orders",
        }
    }
}

/// How many violations of one invariant are told in words; the others are counted.
const MOST_TOLD: usize = 20;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    served: bool,
    lines: BTreeMap<Invariant, Line>,
    waiting: Vec<String>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Line {
    looked_at: Option<usize>,
    broken: usize,
    told: Vec<String>,
    under_way: usize,
}

impl Report {
    pub(super) fn new(served: bool) -> Report {
        Report {
            served,
            lines: BTreeMap::new(),
            waiting: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Something that its reader should know about all of it.
    pub(super) fn note(&mut self, words: String) {
        self.notes.push(words);
    }

    /// Whether nothing is broken.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        Invariant::ALL
            .iter()
            .all(|invariant| !self.is_broken(*invariant))
    }

    /// Whether this one is broken.
    #[must_use]
    pub fn is_broken(&self, invariant: Invariant) -> bool {
        self.lines
            .get(&invariant)
            .is_some_and(|line| line.broken > 0)
    }

    /// What is broken of this one, in words; of many, the first.
    #[must_use]
    pub fn violations(&self, invariant: Invariant) -> &[String] {
        self.lines.get(&invariant).map_or(&[], |line| &line.told)
    }

    /// How many things of this one do not fit yet, and are under way.
    #[must_use]
    pub fn under_way(&self, invariant: Invariant) -> usize {
        self.lines.get(&invariant).map_or(0, |line| line.under_way)
    }

    pub(super) fn is_served(&self) -> bool {
        self.served
    }

    pub(super) fn looked_at(&mut self, invariant: Invariant, count: usize) {
        *self.line(invariant).looked_at.get_or_insert(0) += count;
    }

    pub(super) fn broken(&mut self, invariant: Invariant, words: String) {
        let line = self.line(invariant);
        line.broken += 1;
        if line.told.len() < MOST_TOLD {
            line.told.push(words);
        }
    }

    /// More violations of which only the number is known.
    pub(super) fn broken_besides(&mut self, invariant: Invariant, count: usize) {
        self.line(invariant).broken += count;
    }

    pub(super) fn are_under_way(&mut self, invariant: Invariant, count: usize) {
        self.line(invariant).under_way += count;
    }

    /// Something that is still to be done, with its number.
    pub(super) fn is_waiting(&mut self, count: usize, what: &str) {
        if count > 0 {
            self.waiting.push(format!("{} {what}", thousands(count)));
        }
    }

    fn line(&mut self, invariant: Invariant) -> &mut Line {
        self.lines.entry(invariant).or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = Line::default();
        for invariant in Invariant::ALL {
            self.lines
                .get(&invariant)
                .unwrap_or(&nothing)
                .show(invariant, f)?;
        }
        if !self.waiting.is_empty() {
            let until = if self.served {
                ""
            } else {
                ", until a server runs"
            };
            writeln!(f, "Under way: {}{until}.", self.waiting.join(", "))?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        let broken = Invariant::ALL
            .iter()
            .filter(|invariant| self.is_broken(**invariant));
        let broken: Vec<&str> = broken.map(|invariant| invariant.name()).collect();
        match broken.as_slice() {
            [] => f.write_str("Sound: nothing is broken."),
            broken => write!(f, "BROKEN: {}.", broken.join(", ")),
        }
    }
}

impl Line {
    fn show(&self, invariant: Invariant, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, meaning) = (invariant.name(), invariant.meaning());
        let count = self.looked_at.map_or_else(|| "-".to_owned(), thousands);
        write!(
            f,
            "{name:<6} {meaning:<34} {count:>12} {:<14}",
            invariant.things()
        )?;
        match (self.looked_at, self.broken) {
            (None, 0) => f.write_str("not looked at")?,
            (Some(_), 0) => f.write_str("ok")?,
            (_, broken) => write!(f, "BROKEN: {}", thousands(broken))?,
        }
        if self.under_way > 0 {
            write!(f, ", {} under way", thousands(self.under_way))?;
        }
        writeln!(f)?;
        for words in &self.told {
            writeln!(f, "       - {words}")?;
        }
        match self.broken.saturating_sub(self.told.len()) {
            0 => Ok(()),
            more => writeln!(f, "       - and {} more", thousands(more)),
        }
    }
}

/// A number as people write it: 1,234,567.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if place > 1 && place % 3 == 1 {
            text.push(',');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_threes() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn a_report_tells_the_first_violations_and_counts_the_others() {
        let mut report = Report::new(false);
        for number in 0..MOST_TOLD + 3 {
            report.broken(Invariant::OneLiveOrder, format!("violation {number}"));
        }
        report.broken_besides(Invariant::OneLiveOrder, 2);
        let text = report.to_string();
        assert!(text.contains("violation 19\n       - and 5 more"), "{text}");
        assert!(text.ends_with("BROKEN: I1."), "{text}");
    }

    #[test]
    fn what_is_under_way_is_not_broken() {
        let mut report = Report::new(false);
        report.are_under_way(Invariant::Agreed, 3);
        report.is_waiting(2, "events to be published");
        assert!(report.is_sound());
        let text = report.to_string();
        assert!(
            text.contains("Under way: 2 events to be published, until a server runs.\nSound"),
            "{text}"
        );
    }
}
