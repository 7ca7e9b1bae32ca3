//! The one table of services.

use tessera_platform::service::Definition;

use crate::commands::Stopped;

/// Every service that keeps data, in the order in which they are put together.
pub const SERVICES: &[Definition] = &[
    tessera_auth::DEFINITION,
    tessera_tickets::DEFINITION,
    tessera_orders::DEFINITION,
    tessera_expiration::DEFINITION,
    tessera_payments::DEFINITION,
];

/// Those of them that one process runs.
pub(crate) struct Chosen {
    /// In the order of the table.
    pub(crate) definitions: Vec<&'static Definition>,
    /// Whether the web client is one of them.
    pub(crate) web: bool,
}

impl Chosen {
    /// All of them.
    pub(crate) fn all() -> Chosen {
        Chosen {
            definitions: SERVICES.iter().collect(),
            web: true,
        }
    }

    /// Those with these names; all of them for none.
    pub(crate) fn named(names: &[String]) -> Result<Chosen, Stopped> {
        let known: Vec<&str> = SERVICES
            .iter()
            .map(|service| service.name)
            .chain([tessera_web::NAME])
            .collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(Stopped::misused(format!(
                "there is no service {unknown:?}; there are: {known}"
            )));
        }
        if names.is_empty() {
            return Ok(Chosen::all());
        }
        let is_given = |name: &str| names.iter().any(|given| given == name);
        Ok(Chosen {
            definitions: SERVICES
                .iter()
                .filter(|service| is_given(service.name))
                .collect(),
            web: is_given(tessera_web::NAME),
        })
    }

    /// Whether somebody else signs the sessions that count here.
    pub(crate) fn needs_keys(&self) -> bool {
        let signs = self
            .definitions
            .iter()
            .any(|service| service.signs_sessions);
        !signs && !self.definitions.is_empty()
    }

    /// Whether nobody has to be heard of over a bus.
    pub(crate) fn is_whole(&self) -> bool {
        self.web && self.definitions.len() == SERVICES.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_goes_together_only_with_one_that_came_before_it() {
        for (database, migrations) in SERVICES.iter().flat_map(Definition::databases) {
            for migration in &migrations {
                let Some(needed) = migration.compatible_from() else {
                    continue;
                };
                let owner = |name: &str| name.split('/').next().map(str::to_owned);
                let is_there = migrations.iter().any(|other| other.name == needed);
                let is_older = owner(needed) == owner(migration.name) && needed < migration.name;
                assert!(is_there && is_older, "{database}: {}", migration.name);
            }
        }
    }
}
