//! What is not as it should be, told all at once: one look shows whether one cell is broken or a whole row.

/// So many are shown; a missing guard breaks thousands.
const SHOWN: usize = 30;

/// Ends the test if there is any.
#[track_caller]
pub fn assert_none(broken: &[String]) {
    let shown: Vec<&str> = broken.iter().take(SHOWN).map(String::as_str).collect();
    let (count, shown) = (broken.len(), shown.join("\n"));
    assert!(broken.is_empty(), "\n{count} are broken:\n{shown}\n");
}
