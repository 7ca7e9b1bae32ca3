//! What a statement answers, of whatever type: to be compared with a second reading, and told.

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use tessera_contracts::Money;
use uuid::Uuid;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Nothing,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row: its values by the names of their columns. The first one is its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts(Vec<(String, Fact)>);

impl Facts {
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Facts> {
        let statement = row.as_ref();
        let column = |index| {
            Ok((
                statement.column_name(index)?.to_owned(),
                Fact::of(row.get_ref(index)?),
            ))
        };
        let columns: rusqlite::Result<_> = (0..statement.column_count()).map(column).collect();
        Ok(Facts(columns?))
    }

    /// The key as an id, where it is one.
    pub(super) fn key(&self) -> Option<Uuid> {
        self.0.first().and_then(|(_, fact)| fact.id())
    }

    /// All ids in it: what an event that is under way may be about.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.0.iter().filter_map(|(_, fact)| fact.id())
    }

    /// The sentence, with the values in the places of `{their names}`.
    pub(super) fn tell(&self, sentence: &str) -> String {
        let fill = |text: String, (name, fact): &(String, Fact)| {
            text.replace(&format!("{{{name}}}"), &fact.told_as(name))
        };
        self.0.iter().fold(sentence.to_owned(), fill)
    }
}

impl Fact {
    fn of(value: ValueRef<'_>) -> Fact {
        match value {
            ValueRef::Null => Fact::Nothing,
            ValueRef::Integer(number) => Fact::Number(number),
            // No table here has one; whoever put it there is to see it.
            ValueRef::Real(number) => Fact::Text(number.to_string()),
            ValueRef::Text(bytes) => Fact::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Blob(bytes) => Fact::Bytes(bytes.to_owned()),
        }
    }

    fn id(&self) -> Option<Uuid> {
        match self {
            Fact::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
            _ => None,
        }
    }

    /// In words. Names that end in `_at` are times, and those in `_sum` amounts: "12000 usd".
    fn told_as(&self, name: &str) -> String {
        match self {
            Fact::Nothing => "nothing".to_owned(),
            Fact::Number(micros) if name.ends_with("_at") => time(*micros),
            Fact::Number(number) => number.to_string(),
            Fact::Text(text) if name.ends_with("_sum") => sum(text).unwrap_or_else(|| text.clone()),
            Fact::Text(text) => text.clone(),
            Fact::Bytes(bytes) => self.id().map_or_else(|| hex(bytes), |id| id.to_string()),
        }
    }
}

fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros)
        .map_or_else(|_| micros.to_string(), tessera_contracts::time::text)
}

fn sum(text: &str) -> Option<String> {
    let (minor, currency) = text.split_once(' ')?;
    let money = Money::new(minor.parse().ok()?, currency.parse().ok()?);
    Some(format!("{} {currency}", money.amount()))
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_row_is_told_in_words() {
        let row = "SELECT x'0198c0de7a1170008000000000000001' AS key, 'sold' AS status, 12000 || ' usd' AS paid_sum,
            0 AS ended_at, NULL AS holder, x'00ff' AS odd, 7 AS version";
        let database = Connection::open_in_memory().unwrap();
        let facts = database.query_row(row, [], Facts::of).unwrap();
        assert_eq!(
            facts.tell("{key} {status} {paid_sum} {ended_at} {holder} {odd} {version} {unknown}"),
            "0198c0de-7a11-7000-8000-000000000001 sold 120.00 usd 1970-01-01T00:00:00.000Z nothing 0x00ff 7 {unknown}"
        );
        assert_eq!(facts.ids().collect::<Vec<_>>(), [facts.key().unwrap()]);
    }
}
