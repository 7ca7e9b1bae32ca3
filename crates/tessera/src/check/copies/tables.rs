//! What is copied of each database: what the rules look at, and no more.

/// The first reading is of everything, the later ones of what the suspects are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that any rule looks at.
    Whole,
    /// What the rules over several databases look at.
    Across,
}

/// A table of a database.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Whether the rules over several databases look at it.
    across: bool,
    /// Columns that no rule looks at: secrets, and what is personal. They are empty texts in the copy.
    left_out: &'static [&'static str],
}

const fn table(name: &'static str) -> Table {
    Table {
        name,
        across: true,
        left_out: &[],
    }
}

const OUTBOX: Table = table("outbox");
const INBOX: Table = table("inbox");

/// The tables that are not here are missing in the copies, too, so that no rule takes them for empty.
const TABLES: &[(&str, &[Table])] = &[
    (
        "gateway",
        &[
            Table {
                left_out: &["token"],
                ..table("authorizations")
            },
            Table {
                across: false,
                ..table("movements")
            },
        ],
    ),
    (
        "payments",
        &[
            table("orders"),
            Table {
                left_out: &["token", "client_secret"],
                ..table("payments")
            },
            table("transfers"),
            table("entries"),
            table("refunds"),
            table("disputes"),
            OUTBOX,
            INBOX,
        ],
    ),
    (
        "tickets",
        &[table("tickets"), table("waiting"), OUTBOX, INBOX],
    ),
    ("expiration", &[table("deadlines"), OUTBOX, INBOX]),
    (
        "auth",
        &[
            Table {
                across: false,
                left_out: &["email", "email_key", "password_hash"],
                ..table("users")
            },
            Table {
                across: false,
                ..table("sessions")
            },
            OUTBOX,
            INBOX,
        ],
    ),
    (
        "orders",
        &[table("orders"), table("tickets"), OUTBOX, INBOX],
    ),
];

/// The tables of a database that are copied.
pub(super) fn of(database: &str, extent: Extent) -> impl Iterator<Item = &'static Table> {
    let all = TABLES.iter().filter(move |(name, _)| *name == database);
    all.flat_map(|(_, tables)| tables.iter())
        .filter(move |table| table.across || extent == Extent::Whole)
}

impl Table {
    /// The expression that reads a column for the copy. `$1` is the moment from which on published events
    /// are still asked about.
    pub(super) fn expression(&self, column: &str, extent: Extent) -> String {
        if self.left_out.contains(&column) {
            return "''::text".to_owned();
        }
        // Most of an outbox is what its events say. A later reading asks that only of those on their way.
        let is_payload = self.name == OUTBOX.name && column == "payload";
        if is_payload && extent == Extent::Across {
            return "CASE WHEN published_at IS NULL OR published_at >= $1 THEN payload ELSE '' END"
                .to_owned();
        }
        format!("\"{column}\"")
    }

    /// Whether its expressions name `$1`.
    pub(super) fn asks_since(&self, extent: Extent) -> bool {
        self.name == OUTBOX.name && extent == Extent::Across
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::rules;
    use super::*;

    #[test]
    fn no_rule_looks_at_what_is_left_out() {
        let left_out = TABLES.iter().flat_map(|(_, tables)| *tables);
        let left_out: Vec<&str> = left_out
            .flat_map(|table| table.left_out.iter().copied())
            .collect();
        for rule in rules::local().chain(rules::across()) {
            let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
            let mut words = rule.sql.split(|letter| !is_name(letter));
            assert!(!words.any(|word| left_out.contains(&word)), "{}", rule.sql);
        }
    }
}
