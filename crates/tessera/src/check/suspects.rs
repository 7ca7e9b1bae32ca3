//! What does not fit across databases, and whether something under way explains it.

use std::time::Duration;

use uuid::Uuid;

use super::fact::Facts;
use super::fault::Fault;
use super::local::Corrupt;
use super::market::{Market, PAGE, Reading};
use super::report::{Invariant, Report};
use super::rule::Rule;
use super::rules;

/// How many suspects of one rule are watched; more of them are looked at twice and counted.
const WATCHED: usize = 1_000;

/// Between two readings beside a running server.
const PAUSE: Duration = Duration::from_millis(200);

/// Readings in a row that must show a suspect unchanged and unexplained before it counts.
const STEADY: u32 = 2;

/// The fewest readings that follow the first two beside a running server.
const FEWEST_ROUNDS: u32 = 2;

/// Something that does not fit.
struct Suspect {
    rule: &'static Rule,
    key: Uuid,
    facts: Facts,
    /// Readings in a row in which it was as it is, and nothing explained it.
    steady: u32,
}

/// The suspects of one rule that two readings did not clear.
struct Found {
    rule: &'static Rule,
    watched: Vec<Suspect>,
    besides: usize,
}

/// Looks for what does not fit, and reports what nothing explains.
pub(super) fn examine(
    market: &mut Market,
    corrupt: &Corrupt,
    patience: Duration,
    report: &mut Report,
) -> Result<(), Fault> {
    let mut all = Vec::new();
    for rule in rules::across() {
        if rule.invariant == Invariant::Released && !report.is_served() {
            wait_for_a_server(market, rule, report)?;
        } else {
            all.push(find(market, rule, corrupt, report)?);
        }
    }
    let mut needed = STEADY;
    if report.is_served() {
        needed += FEWEST_ROUNDS;
        watch(market, &mut all, patience)?;
    }
    for found in all {
        judge(found, needed, report);
    }
    Ok(())
}

/// Locks that are over are released by a server: while there is none, they wait.
fn wait_for_a_server(market: &mut Market, rule: &Rule, report: &mut Report) -> Result<(), Fault> {
    let mut overdue = 0;
    market.read(|reading| reading.each(rule, |_| overdue += 1))?;
    report.are_under_way(rule.invariant, overdue);
    Ok(())
}

/// Goes through all that does not fit one rule, a page at a time, and looks at each page twice.
fn find(
    market: &mut Market,
    rule: &'static Rule,
    corrupt: &Corrupt,
    report: &mut Report,
) -> Result<Found, Fault> {
    let mut found = Found {
        rule,
        watched: Vec::new(),
        besides: 0,
    };
    let mut from = Some(Uuid::nil());
    while let Some(start) = from {
        let page = market.read(|reading| Page::read(reading, rule, start, corrupt))?;
        from = page.next;
        report.are_under_way(rule.invariant, page.explained);
        let mut suspects = page.suspects;
        if !suspects.is_empty() {
            market.read_again(|reading| look_again(reading, &mut suspects))?;
        }
        let room = WATCHED.saturating_sub(found.watched.len());
        let besides = suspects.split_off(suspects.len().min(room));
        let (steady, moving): (Vec<_>, Vec<_>) =
            (besides.iter()).partition(|suspect| suspect.steady >= STEADY);
        found.besides += steady.len();
        report.are_under_way(rule.invariant, moving.len());
        found.watched.append(&mut suspects);
    }
    Ok(found)
}

/// A first look at some suspects of one rule.
struct Page {
    suspects: Vec<Suspect>,
    explained: usize,
    next: Option<Uuid>,
}

impl Page {
    fn read(
        reading: &Reading<'_>,
        rule: &'static Rule,
        from: Uuid,
        corrupt: &Corrupt,
    ) -> Result<Page, Fault> {
        let rows = reading.suspects(rule, from)?;
        let last = rows
            .last()
            .filter(|_| rows.len() == PAGE)
            .and_then(Facts::key);
        let mut page = Page {
            suspects: Vec::new(),
            explained: 0,
            next: last.and_then(after),
        };
        for facts in rows {
            let Some(key) = facts.key() else { continue };
            if facts.ids().any(|id| corrupt.contains(&id)) {
                continue;
            }
            if reading.is_under_way(&facts)? {
                page.explained += 1;
            } else {
                page.suspects.push(Suspect {
                    rule,
                    key,
                    facts,
                    steady: 1,
                });
            }
        }
        Ok(page)
    }
}

fn after(key: Uuid) -> Option<Uuid> {
    key.as_u128().checked_add(1).map(Uuid::from_u128)
}

/// Forgets the suspects that fit by now, and counts how long the others have not.
fn look_again(reading: &Reading<'_>, suspects: &mut Vec<Suspect>) -> Result<(), Fault> {
    for mut suspect in std::mem::take(suspects) {
        let Some(facts) = reading.suspect(suspect.rule, suspect.key)? else {
            continue;
        };
        suspect.steady = if reading.is_under_way(&facts)? {
            0
        } else if facts == suspect.facts {
            suspect.steady.saturating_add(1)
        } else {
            1
        };
        suspect.facts = facts;
        suspects.push(suspect);
    }
    Ok(())
}

/// Looks at the suspects again and again, as long as there is patience.
#[expect(
    clippy::disallowed_methods,
    reason = "it waits for another process, which tells nobody what it does"
)]
fn watch(market: &mut Market, all: &mut [Found], patience: Duration) -> Result<(), Fault> {
    let rounds = rounds(patience, market.is_costly());
    let overdue_before: usize = all.iter().map(Found::overdue).sum();
    for _ in 0..rounds {
        if all.iter().all(|found| found.watched.is_empty()) {
            break;
        }
        std::thread::sleep(patience / rounds);
        market.read_anew(|reading| {
            all.iter_mut()
                .try_for_each(|found| look_again(reading, &mut found.watched))
        })?;
    }
    let overdue: usize = all.iter().map(Found::overdue).sum();
    if overdue < overdue_before {
        // Many locks ended at once, and their releases are being worked off.
        let backlog = all
            .iter_mut()
            .filter(|found| found.rule.invariant == Invariant::Released);
        backlog
            .flat_map(|found| &mut found.watched)
            .for_each(|suspect| suspect.steady = 0);
    }
    Ok(())
}

/// Copies of whole databases are made only as often as a verdict needs.
fn rounds(patience: Duration, is_costly: bool) -> u32 {
    let rounds = patience.as_millis() / PAUSE.as_millis();
    let most = if is_costly { FEWEST_ROUNDS } else { u32::MAX };
    u32::try_from(rounds)
        .unwrap_or(u32::MAX)
        .clamp(FEWEST_ROUNDS, most)
}

fn judge(found: Found, needed: u32, report: &mut Report) {
    let invariant = found.rule.invariant;
    let mut is_broken = false;
    for suspect in found.watched {
        if suspect.steady >= needed {
            is_broken = true;
            report.broken(invariant, suspect.facts.tell(&suspect.rule.words));
        } else {
            report.are_under_way(invariant, 1);
        }
    }
    // Those that were not watched are what the watched ones of their rule turned out to be.
    if is_broken {
        report.broken_besides(invariant, found.besides);
    } else {
        report.are_under_way(invariant, found.besides);
    }
}

impl Found {
    fn overdue(&self) -> usize {
        if self.rule.invariant == Invariant::Released {
            self.watched.len() + self.besides
        } else {
            0
        }
    }
}
