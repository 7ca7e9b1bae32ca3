//! The text of several statements that differ in their parameters alone.

/// `INSERT INTO a (id, b) VALUES ($1, $2) ...` with so many rows, and the name of its first column, whose value is its
/// first parameter.
pub(super) fn several_inserts(sql: &str, params: usize, size: usize) -> Option<(String, String)> {
    let (head, rest) = sql.split_once("VALUES (")?;
    let (row, tail) = rest.split_once(')')?;
    let key = head.strip_prefix("INSERT INTO ")?.split_once('(')?.1;
    let key = key.split([',', ')']).next()?.trim();
    let is_plain = (row == "$1" || row.starts_with("$1,"))
        && !row.contains('(')
        && !head.contains('$')
        && !tail.contains('$')
        && !tail.contains("RETURNING");
    if !is_plain {
        return None;
    }
    let rows = (0..size).map(|place| format!("({})", renumbered(row, place * params)));
    let rows = rows.collect::<Vec<_>>().join(", ");
    Some((format!("{head}VALUES {rows}{tail}"), key.to_owned()))
}

/// `SELECT id, b FROM a WHERE id = $1`, for so many ids.
pub(super) fn several_selects(sql: &str, params: usize, size: usize) -> Option<String> {
    let (read, hold) = match sql.strip_suffix(HOLD) {
        Some(read) => (read, HOLD),
        None => (sql, ""),
    };
    let (head, condition) = read.rsplit_once(" WHERE ")?;
    let key = condition.strip_suffix(" = $1")?;
    let is_plain = params == 1
        && !key.contains(' ')
        && !head.contains('$')
        && head
            .strip_prefix("SELECT ")?
            .strip_prefix(key)?
            .starts_with(',');
    let keys = (1..=size).map(|place| format!("${place}"));
    let keys = keys.collect::<Vec<_>>().join(", ");
    is_plain.then(|| format!("{head} WHERE {key} IN ({keys}){hold}"))
}

/// Keeps what it finds until the end of the transaction. Others may still refer to the row.
pub(in crate::db) const HOLD: &str = " FOR NO KEY UPDATE";

/// `$1` becomes `$6` behind five others.
pub(super) fn renumbered(sql: &str, before: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|sign: char| !sign.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        match number.parse::<usize>() {
            Ok(number) => text += &format!("${}{rest}", number + before),
            Err(_) => text += &format!("${part}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_parameters() {
        assert_eq!(renumbered("'$' || $12", 3), "'$' || $15");
        assert_eq!(
            several_inserts(
                "INSERT INTO a (id, b) VALUES ($1, 'x') ON CONFLICT DO NOTHING",
                1,
                2
            ),
            Some((
                "INSERT INTO a (id, b) VALUES ($1, 'x'), ($2, 'x') ON CONFLICT DO NOTHING"
                    .to_owned(),
                "id".to_owned()
            ))
        );
        assert_eq!(
            several_selects(
                "SELECT a.id, b FROM a WHERE a.id = $1 FOR NO KEY UPDATE",
                1,
                3
            )
            .as_deref(),
            Some("SELECT a.id, b FROM a WHERE a.id IN ($1, $2, $3) FOR NO KEY UPDATE")
        );
    }

    #[test]
    fn what_is_not_about_one_row_by_its_key_stays_alone() {
        for insert in [
            "INSERT INTO a (b, id) VALUES ('x', $1)",
            "INSERT INTO a (id, b) VALUES ($10, $1)",
            "INSERT INTO a (id, b) VALUES ($1, lower($2))",
            "INSERT INTO a (id, b) VALUES ($1, $2) RETURNING b",
            "INSERT INTO a (id, b) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET b = $2",
            "UPDATE a SET b = $2 WHERE id = $1",
        ] {
            assert_eq!(several_inserts(insert, 2, 2), None, "{insert}");
        }
        for (select, params) in [
            ("SELECT b, id FROM a WHERE id = $1", 1),
            ("SELECT id, b FROM a WHERE id = $1 AND b = $2", 2),
            ("SELECT id, b FROM a WHERE b = $1", 1),
            ("SELECT id FROM a WHERE id = $1 ORDER BY id", 1),
            ("SELECT id, (SELECT $1) FROM a WHERE id = $1", 1),
        ] {
            assert_eq!(several_selects(select, params, 2), None, "{select}");
        }
    }
}
