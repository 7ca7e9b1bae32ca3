//! What one snapshot of one database shows.

use std::collections::HashSet;

use uuid::Uuid;

use super::fault::Fault;
use super::follows::SERVICES;
use super::market::Reading;
use super::report::{Invariant, Report};
use super::{events, rules};

/// The things whose rows say what cannot be, and the others that these rows name: what is said of them
/// is worth nothing.
pub(super) type Corrupt = HashSet<Uuid>;

/// So many of them are remembered.
const MOST_CORRUPT: usize = 10_000;

/// Looks for everything that needs no second database to be seen.
pub(super) fn examine(reading: &Reading<'_>, report: &mut Report) -> Result<Corrupt, Fault> {
    count(reading, report)?;
    events::examine(reading, report)?;
    let mut corrupt = Corrupt::new();
    for rule in rules::local() {
        reading.each(rule, |facts| {
            report.broken(rule.invariant, facts.tell(&rule.words));
            if rule.invariant == Invariant::Rows && corrupt.len() < MOST_CORRUPT {
                corrupt.extend(facts.ids());
            }
        })?;
    }
    queues(reading, report)?;
    Ok(corrupt)
}

fn count(reading: &Reading<'_>, report: &mut Report) -> Result<(), Fault> {
    for (invariant, sql) in rules::COUNTS {
        report.looked_at(*invariant, reading.count(sql)?);
    }
    Ok(())
}

/// What is still to be done.
fn queues(reading: &Reading<'_>, report: &mut Report) -> Result<(), Fault> {
    let (mut unpublished, mut retried) = (0, 0);
    for (service, _) in SERVICES {
        let queue = format!("SELECT count(*) FROM {service}.outbox WHERE published_at IS NULL");
        unpublished += reading.count(&queue)?;
        let queue = format!("SELECT count(*) FROM {service}.inbox WHERE state = 'retry'");
        retried += reading.count(&queue)?;
    }
    let asked = reading.count("SELECT count(*) FROM payments.payments WHERE intent IS NOT NULL")?;
    report.is_waiting(unpublished, "events to be published");
    let on_bus = reading.count("SELECT count(DISTINCT event_id) FROM temp.on_bus")?;
    report.is_waiting(on_bus, "events on the bus to be taken in");
    report.is_waiting(retried, "events to be tried again");
    report.is_waiting(asked, "questions to the card gateway");
    Ok(())
}
