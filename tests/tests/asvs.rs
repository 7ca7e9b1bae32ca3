//! What `docs/asvs.md` says of itself: every requirement once, the counts right, and nothing named that is not in the tree.
//!
//! It reads text, and must never judge whether a verdict is true: that takes a person who reads the code.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sections of ASVS 5.0.0. Each digit is a requirement and its level, in the order of their numbers; a dot is one of level 3
/// that the page leaves out.
const REQUIREMENTS: &[(&str, &str)] = &[
    ("1.1", "22"),
    ("1.2", "111112222."),
    ("1.3", "11222222222."),
    ("1.4", "222"),
    ("1.5", "12."),
    ("2.1", "122"),
    ("2.2", "112"),
    ("2.3", "1222."),
    ("2.4", "2."),
    ("3.2", "11."),
    ("3.3", "1222."),
    ("3.4", "112222.."),
    ("3.5", "11122..."),
    ("3.7", "22..."),
    ("4.1", "122.."),
    ("4.2", "2...."),
    ("4.3", "22"),
    ("4.4", "1222"),
    ("5.1", "2"),
    ("5.2", "112..."),
    ("5.3", "11."),
    ("5.4", "222"),
    ("6.1", "122"),
    ("6.2", "111111112222"),
    ("6.3", "1122...3"),
    ("6.4", "1122.."),
    ("6.5", "22222..."),
    ("6.6", "222."),
    ("6.8", "2222"),
    ("7.1", "222"),
    ("7.2", "1111"),
    ("7.3", "22"),
    ("7.4", "11222"),
    ("7.5", "22."),
    ("7.6", "22"),
    ("8.1", "12.."),
    ("8.2", "112."),
    ("8.3", "1.."),
    ("8.4", "2."),
    ("9.1", "111"),
    ("9.2", "1222"),
    ("10.1", "22"),
    ("10.2", "22."),
    ("10.3", "2222."),
    ("10.4", "11111222222....."),
    ("10.5", "22222"),
    ("10.6", "22"),
    ("10.7", "222"),
    ("11.1", "22.."),
    ("11.2", "222.."),
    ("11.3", "112.."),
    ("11.4", "1222"),
    ("11.5", "2."),
    ("11.6", "2."),
    ("12.1", "122.."),
    ("12.2", "11"),
    ("12.3", "2222."),
    ("13.1", "2..."),
    ("13.2", "22222."),
    ("13.3", "22.."),
    ("13.4", "12222.."),
    ("14.1", "22"),
    ("14.2", "1222...."),
    ("14.3", "122"),
    ("15.1", "122.."),
    ("15.2", "122.."),
    ("15.3", "1222222"),
    ("15.4", ".3.."),
    ("16.1", "2"),
    ("16.2", "22222"),
    ("16.3", "2222"),
    ("16.4", "222"),
    ("16.5", "222."),
    ("17.1", "2."),
    ("17.2", "2222...."),
    ("17.3", "22"),
];

const MET: &str = "met";
const PARTLY: &str = "partly";
const NOT_MET: &str = "not met";
const DOES_NOT_APPLY: &str = "does not apply";

/// How the names of files end that the page points to.
const ENDINGS: &[&str] = &[
    "conf", "env", "html", "js", "json", "lock", "md", "mjs", "patch", "py", "rs", "sh", "sql",
    "toml", "yaml", "yml",
];

#[test]
fn every_requirement_is_there_once_with_its_level() {
    let page = read("docs/asvs.md");
    let found: Vec<String> = rows(&page)
        .iter()
        .map(|row| format!("{} of level {}", row.id, row.level))
        .collect();
    let mut expected = Vec::new();
    for (section, levels) in REQUIREMENTS {
        let numbered = (1..).zip(levels.chars()).filter(|(_, level)| *level != '.');
        expected
            .extend(numbered.map(|(number, level)| format!("{section}.{number} of level {level}")));
    }
    let missing = expected.iter().filter(|one| !found.contains(one));
    let unknown = found.iter().filter(|one| !expected.contains(one));
    let mut broken: Vec<String> = missing.map(|one| format!("missing: {one}")).collect();
    broken.extend(unknown.map(|one| format!("unknown: {one}")));
    none(&broken);
    assert_eq!(found, expected, "each is there once, in its order");
}

#[test]
fn every_verdict_is_a_known_one_and_says_what_it_goes_by() {
    let mut broken = Vec::new();
    for row in rows(&read("docs/asvs.md")) {
        let points = spans(&row.evidence).any(is_pointer) || row.evidence.contains("](#");
        let is_good = match row.verdict.as_str() {
            MET | PARTLY => points,
            NOT_MET | DOES_NOT_APPLY => !row.evidence.is_empty(),
            _ => false,
        };
        if !is_good {
            broken.push(format!("{}: {}: {}", row.id, row.verdict, row.evidence));
        }
    }
    none(&broken);
}

#[test]
fn the_verdicts_are_counted_right_here_and_in_the_page_on_security() {
    let (page, security) = (read("docs/asvs.md"), read("SECURITY.md"));
    let rows = rows(&page);
    let count = |verdict: &str| rows.iter().filter(|row| row.verdict == verdict).count();
    for verdict in [MET, PARTLY, NOT_MET, DOES_NOT_APPLY] {
        let line = format!("| {verdict} | {} |", count(verdict));
        assert!(page.contains(&line), "docs/asvs.md lacks {line:?}");
    }
    let line = format!("| in all | {} |", rows.len());
    assert!(page.contains(&line), "docs/asvs.md lacks {line:?}");

    let (_, section) = security.split_once("## ASVS\n").expect("a section on ASVS");
    let section = section.split("\n## ").next().unwrap_or_default();
    let sentence = format!(
        "Of {} items {} are met, {} partly, {} not, and {} do not apply",
        rows.len(),
        count(MET),
        count(PARTLY),
        count(NOT_MET),
        count(DOES_NOT_APPLY)
    );
    assert!(
        section.contains(&sentence),
        "SECURITY.md lacks {sentence:?}"
    );
    let not_met: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.verdict == NOT_MET)
        .map(|row| row.id.as_str())
        .collect();
    let named: BTreeSet<&str> = section
        .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| is_id(word) && *word != "5.0.0")
        .collect();
    assert_eq!(
        named, not_met,
        "SECURITY.md names what is not met, and nothing else"
    );
}

#[test]
fn what_is_named_is_there() {
    let page = read("docs/asvs.md");
    let pointers: Vec<&str> = page
        .lines()
        .flat_map(spans)
        .filter(|s| is_pointer(s))
        .collect();
    assert!(pointers.len() > 200, "this finds what the page points to");
    let mut broken: Vec<String> = pointers.into_iter().filter_map(fault).collect();
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|heading| anchor(heading.trim_start_matches('#')))
        .collect();
    for link in page.split("](#").skip(1) {
        let name = link.split(')').next().unwrap_or_default();
        if !headings.iter().any(|heading| heading == name) {
            broken.push(format!("#{name}: there is no such heading"));
        }
    }
    none(&broken);
}

#[test]
fn what_points_nowhere_is_found() {
    let file = "tests/tests/tidy.rs";
    assert_eq!(fault(file), None);
    assert_eq!(fault(&format!("{file}::files_are_short")), None);
    assert_eq!(fault(&format!("{file}::SAYS_NOTHING")), None);
    // Halves of names, and a word that is there but names no function.
    for name in ["files_are", "are_short", "SAYS_NOTH", "sources"] {
        assert!(fault(&format!("{file}::{name}")).is_some(), "{name}");
    }
    assert!(fault("tests/tests/nowhere.rs").is_some());
    assert!(fault("nowhere/asvs.rs::name").is_some());
    for pointer in [
        "deploy/Dockerfile",
        ".dockerignore",
        "Cargo.lock",
        "made/up.rs",
    ] {
        assert!(is_pointer(pointer), "{pointer}");
    }
    for other in ["/metrics", "met", "application/json", "local@domain.tld"] {
        assert!(!is_pointer(other), "{other}");
    }
}

/// One line of a table of requirements.
struct Row {
    id: String,
    level: String,
    verdict: String,
    evidence: String,
}

fn rows(page: &str) -> Vec<Row> {
    let row = |line: &str| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = line.split(" | ").collect();
        let [id, level, _about, verdict, evidence] = cells[..] else {
            return None;
        };
        is_id(id).then(|| Row {
            id: id.to_owned(),
            level: level.to_owned(),
            verdict: verdict.to_owned(),
            evidence: evidence.to_owned(),
        })
    };
    page.lines().filter_map(row).collect()
}

/// Three numbers with dots between.
fn is_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number)
}

/// What stands between backticks in a line.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a span names a file, and perhaps something in it.
fn is_pointer(span: &str) -> bool {
    if span.starts_with('/') || span.contains(char::is_whitespace) && !span.contains("::") {
        return false;
    }
    let ending = span.rsplit_once('.').map(|(_, ending)| ending);
    let folder = span.split_once('/').map(|(folder, _)| folder);
    span.contains("::")
        || span.starts_with('.')
        || ending.is_some_and(|ending| ENDINGS.contains(&ending))
        || folder.is_some_and(|folder| root().join(folder).is_dir())
}

/// What is wrong with a pointer, if anything is.
fn fault(pointer: &str) -> Option<String> {
    let (path, name) = match pointer.split_once("::") {
        Some((path, name)) => (path, Some(name)),
        None => (pointer, None),
    };
    let Ok(text) = fs::read_to_string(root().join(path)) else {
        return Some(format!("{path}: there is no such file"));
    };
    let name = name?;
    let is_function = path.ends_with(".rs") && name.starts_with(char::is_lowercase);
    let is_there = if is_function {
        ["(", "<"]
            .iter()
            .any(|end| text.contains(&format!("fn {name}{end}")))
    } else {
        has_word(&text, name)
    };
    (!is_there).then(|| format!("{path}: there is no {name:?} in it"))
}

/// Whether a text has these very words, and not as a part of longer ones.
fn has_word(text: &str, name: &str) -> bool {
    let goes_on = |letter: Option<char>| letter.is_some_and(|l| l.is_alphanumeric() || l == '_');
    text.match_indices(name).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        !goes_on(before.chars().next_back()) && !goes_on(after.chars().next())
    })
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|l| l.is_alphanumeric() || " -_".contains(*l));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Empty, or the test fails with all that was found.
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests are a member of the workspace")
        .to_path_buf()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
