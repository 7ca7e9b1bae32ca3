//! House rules that no compiler checks: who may depend on whom, what a domain may know, where SQL may stand, how
//! files open, how long they get. It reads the sources as text, and must never need anything but the sources.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

/// Which crates of ours a crate may depend on. No service depends on another service, and only the binary sees
/// them all. Crates that are not listed (the tests, the chores) may depend on any.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("contracts", &[]),
    ("platform", &["contracts"]),
    ("auth", &["contracts", "platform"]),
    ("tickets", &["contracts", "platform"]),
    ("orders", &["contracts", "platform"]),
    ("expiration", &["contracts", "platform"]),
    ("payments", &["contracts", "platform"]),
    ("web", &["contracts", "platform"]),
];

const SERVICES: &[&str] = &["auth", "tickets", "orders", "expiration", "payments", "web"];

/// A domain decides: no I/O, no waiting, no clock, no wire format, and nothing of the rooms around it.
const UNKNOWN_TO_A_DOMAIN: &[&str] = &[
    "tokio",
    "axum",
    "rusqlite",
    "tessera_platform::db",
    "async fn",
    "async move",
    "Serialize",
    "Clock",
    "crate::http",
    "crate::store",
    "crate::operations",
];

const SQL: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];

/// Names that say nothing about what is inside.
const SAYS_NOTHING: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// A file that gets this long is about to need a second room; the tests print it.
const LONG_FILE: usize = 500;
const TOO_LONG_FILE: usize = 600;

#[test]
fn no_service_depends_on_another() {
    let mut broken = Vec::new();
    for (name, allowed) in MAY_DEPEND_ON {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        for dependency in own_dependencies(&manifest) {
            // A crate may depend on itself: its tests then see its `testing` module.
            if dependency != *name && !allowed.contains(&dependency.as_str()) {
                broken.push(format!("tessera-{name} depends on tessera-{dependency}"));
            }
        }
    }
    none(&broken);
}

#[test]
fn a_domain_is_pure() {
    let in_domain =
        |file: &Source| file.has_part("domain") || file.path.ends_with("/src/domain.rs");
    let mut broken = Vec::new();
    for file in rust_files().filter(|file| file.path.starts_with("crates/") && in_domain(file)) {
        for word in UNKNOWN_TO_A_DOMAIN {
            broken.extend(
                file.code_lines_with(word)
                    .map(|line| format!("{line}: a domain knows no `{word}`")),
            );
        }
    }
    none(&broken);
}

#[test]
fn sql_stands_in_stores_and_migrations() {
    let service = |file: &Source| {
        SERVICES
            .iter()
            .any(|name| file.path.starts_with(&format!("crates/{name}/src/")))
    };
    let store = |file: &Source| {
        file.has_part("store") || file.has_part("migrations") || file.name().starts_with("store")
    };
    let mut broken = Vec::new();
    for file in rust_files().filter(|file| service(file) && !store(file)) {
        for word in SQL {
            broken.extend(
                file.code_lines_with(word)
                    .map(|line| format!("{line}: SQL belongs into the store")),
            );
        }
    }
    none(&broken);
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent = |file: &Source| !file.text.starts_with("//! ");
    let broken: Vec<String> = rust_files()
        .filter(silent)
        .map(|file| format!("{}: opens without `//!`", file.path))
        .collect();
    none(&broken);
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        if lines > TOO_LONG_FILE {
            broken.push(format!(
                "{}: {lines} lines, at most {TOO_LONG_FILE}",
                file.path
            ));
        } else if lines > LONG_FILE {
            println!(
                "{}: {lines} lines; is there a second room in it?",
                file.path
            );
        }
    }
    none(&broken);
}

#[test]
fn names_say_something() {
    let nameless = |file: &Source| {
        file.path
            .split('/')
            .any(|part| SAYS_NOTHING.contains(&part.trim_end_matches(".rs")))
    };
    let broken: Vec<String> = rust_files()
        .filter(nameless)
        .map(|file| file.path)
        .collect();
    none(&broken);
}

#[test]
fn an_exception_is_expected_and_has_a_reason() {
    // In pieces, so that this file does not find itself.
    let allow = ["[al", "low("].concat();
    let expect = ["[ex", "pect("].concat();
    let mut broken = Vec::new();
    for file in rust_files() {
        broken.extend(
            file.code_lines_with(&allow)
                .map(|line| format!("{line}: use expect, which tells when it is not needed")),
        );
        for (at, found) in file.text.match_indices(&expect) {
            let rest = &file.text[at + found.len()..];
            let attribute = rest.split(")]").next().unwrap_or(rest);
            if !attribute.contains("reason") {
                let line = file.text[..at].lines().count();
                broken.push(format!(
                    "{}:{line}: an exception without its reason",
                    file.path
                ));
            }
        }
    }
    none(&broken);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let folders = [
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
        ["/ho", "me/"].concat(),
        ["/tmp/", "target"].concat(),
    ];
    let mut broken = Vec::new();
    for file in all_files() {
        for folder in &folders {
            broken.extend(
                file.lines_with(folder)
                    .map(|line| format!("{line}: names {folder}")),
            );
        }
    }
    none(&broken);
}

#[test]
fn the_image_is_built_from_every_member_of_the_workspace() {
    let (manifest, ignored) = (
        read(&root().join("Cargo.toml")),
        read(&root().join(".dockerignore")),
    );
    let members = manifest.split("members = [").nth(1).unwrap_or_default();
    let members = members.split(']').next().unwrap_or_default().split(',');
    let folders = members.map(|member| member.trim().trim_matches('"').trim_end_matches("/*"));
    let missing =
        folders.filter(|folder| !ignored.lines().any(|line| line == format!("!{folder}")));
    none(&missing.map(str::to_owned).collect::<Vec<_>>());
}

/// Empty, or the test fails with all that was found: one look shows everything there is to repair.
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a member of the workspace")
        .to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates of ours that a manifest names in any of its dependency tables, without `tessera-`.
fn own_dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            in_dependencies = table.contains("dependencies");
        }
        let name = line
            .trim_start_matches('[')
            .split("dependencies.")
            .last()
            .unwrap_or_default();
        let Some(name) = name.strip_prefix("tessera-").filter(|_| in_dependencies) else {
            continue;
        };
        let end = name
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(name.len());
        found.push(name[..end].to_owned());
    }
    found
}

#[test]
fn a_dependency_is_found_in_every_form() {
    let manifest = "[package]\nname = \"tessera-x\"\n[dependencies]\ntessera-orders.workspace = true\nserde = \"1\"\n\
        [dev-dependencies]\ntessera-auth = { path = \"../auth\" }\n[build-dependencies.tessera-web]\nworkspace = true\n";
    assert_eq!(own_dependencies(manifest), ["orders", "auth", "web"]);
}

/// One text file of the repository.
struct Source {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn has_part(&self, folder: &str) -> bool {
        self.path.split('/').any(|part| part == folder)
    }

    fn lines_with(&self, word: &str) -> impl Iterator<Item = String> {
        let lines = self
            .text
            .lines()
            .zip(1..)
            .filter(move |(line, _)| line.contains(word));
        lines.map(|(_, number)| format!("{}:{number}", self.path))
    }

    /// As `lines_with`, comments left out.
    fn code_lines_with(&self, word: &str) -> impl Iterator<Item = String> {
        let code = |line: &str| line.find("//").map_or(line.len(), |comment| comment);
        let lines = self
            .text
            .lines()
            .zip(1..)
            .filter(move |(line, _)| line[..code(line)].contains(word));
        lines.map(|(_, number)| format!("{}:{number}", self.path))
    }
}

fn rust_files() -> impl Iterator<Item = Source> {
    all_files()
        .into_iter()
        .filter(|file| file.path.ends_with(".rs"))
}

/// Every text file of the repository. What is built (`target`), what a server keeps (`data` in the root) and what npm
/// brings is none.
fn all_files() -> Vec<Source> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of a folder").path();
            let short = path
                .strip_prefix(&root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            if path.is_dir() {
                let brought = path.ends_with("node_modules");
                if !brought && !["target", "data", ".git"].contains(&short.as_str()) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.push(Source { path: short, text });
            }
        }
    }
    assert!(files.len() > 20, "this finds the repository's files");
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}
