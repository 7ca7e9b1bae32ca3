//! One planted fault: a patch with a header that says what it takes out and which test must notice.
//!
//! ```text
//! Title: two live orders for one ticket
//! Guard: the partial unique index on orders.ticket_id
//! Caught-by: -p tessera-tests --test races two_hundred_buyers
//! Seeds: 400
//! Needs: servers
//!
//! diff --git a/… b/…
//! ```
//!
//! The last two need not be there. `Seeds` stands where the simulation catches it, too: within so many of them, from 1 on. `Needs`
//! stands where the guard exists only on PostgreSQL or NATS: the test is run with both then.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::Failure;

pub(super) struct Patch {
    /// The file's name without `.patch`.
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// Arguments for `cargo test`.
    pub(super) caught_by: Vec<String>,
    /// Within how many seeds the simulation catches it, if it does.
    pub(super) seeds: Option<u64>,
    /// Whether the test needs PostgreSQL and NATS.
    pub(super) needs_servers: bool,
    pub(super) title: String,
    guard: String,
}

impl Patch {
    /// All patches of a folder, by name. No folder: no patches.
    pub(super) fn read_all(folder: &Path) -> Result<Vec<Self>, Failure> {
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let unreadable = |error| Failure::new(format!("{}: {error}", folder.display()));
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "patch")
            {
                files.push(file);
            }
        }
        files.sort();
        files.into_iter().map(Self::read).collect()
    }

    fn read(file: PathBuf) -> Result<Self, Failure> {
        let broken = |what: &str| Failure::new(format!("{}: {what}", file.display()));
        let text = fs::read_to_string(&file).map_err(|error| broken(&error.to_string()))?;
        let field = |name| {
            header(&text, name).ok_or_else(|| broken(&format!("its header has no `{name} …`")))
        };
        let needs_servers = match header(&text, "Needs:") {
            None => false,
            Some("servers") => true,
            Some(_) => return Err(broken("it can only need `servers`")),
        };
        let seeds = header(&text, "Seeds:").map(str::parse).transpose();
        Ok(Self {
            seeds: seeds.map_err(|_| broken("its seeds must be a number"))?,
            needs_servers,
            name: file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            title: field("Title:")?.to_owned(),
            guard: field("Guard:")?.to_owned(),
            caught_by: field("Caught-by:")?
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            file,
        })
    }
}

/// A field of the header, which ends where the patch proper begins.
fn header<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("diff --git"));
    lines
        .filter_map(|line| line.strip_prefix(field))
        .map(str::trim)
        .find(|value| !value.is_empty())
}

impl Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut caught_by = self.caught_by.join(" ");
        if self.needs_servers {
            caught_by.push_str(" (on PostgreSQL and NATS)");
        }
        if let Some(seeds) = self.seeds {
            caught_by.push_str(&format!("\n  and by: cargo xtask simulate --seeds {seeds}"));
        }
        write!(
            f,
            "{}\n  {}\n  takes out: {}\n  caught by: cargo test {caught_by}",
            self.name, self.title, self.guard
        )
    }
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn a_header_ends_where_the_patch_begins() {
        let text = "Title: no guard\nGuard:\n\ndiff --git a/x b/x\nCaught-by: -p x\n";
        assert_eq!(header(text, "Title:"), Some("no guard"));
        assert_eq!(header(text, "Guard:"), None, "an empty field is no field");
        assert_eq!(
            header(text, "Caught-by:"),
            None,
            "that line belongs to the patch"
        );
    }
}
