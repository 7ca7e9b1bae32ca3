//! Reads what one service has published: its latest events, and each new one once.

use std::collections::BTreeSet;

use tessera_platform::db::{Db, DbError};
use tessera_platform::params;
use uuid::Uuid;

// A `NULL` says of itself on no server which type it is of.
const LATEST: &str = "SELECT id, payload FROM outbox WHERE CAST($1 AS text) IS NULL OR type = $1
    ORDER BY id DESC LIMIT $2";
const AFTER: &str = "SELECT id, payload FROM outbox
    WHERE id > $1 AND (CAST($2 AS text) IS NULL OR type = $2) ORDER BY id LIMIT 500";
const PORTION: usize = 500;

/// How much later than a younger one an event may be committed, as its id counts: milliseconds are its upper
/// 48 bits. One that is later still is missed here, and by nothing else.
const LATE: u128 = 5_000 << 80;

/// An event's id, and its envelope.
pub(super) type Row = (Uuid, String);

/// The events of one service, as far as they were read.
pub(super) struct Reader<'o> {
    db: &'o Db,
    event_type: Option<&'static str>,
    /// The youngest that was read.
    seen: Uuid,
    /// Those around it that were.
    known: BTreeSet<Uuid>,
}

impl<'o> Reader<'o> {
    /// Begins with the latest `lines` events (of one type, or of all), which it answers, the youngest first.
    pub(super) async fn open(
        db: &'o Db,
        event_type: Option<&'static str>,
        lines: u32,
    ) -> Result<(Reader<'o>, Vec<Row>), DbError> {
        let youngest: Vec<Row> = db.list(LATEST, &params![event_type, 1]).await?;
        let mut reader = Reader {
            db,
            event_type,
            seen: youngest.first().map_or(Uuid::nil(), |(id, _)| *id),
            known: BTreeSet::new(),
        };
        // They are not new, although only some of them are asked for.
        reader.new_ones().await?;
        let latest: Vec<Row> = db.list(LATEST, &params![event_type, lines]).await?;
        reader.known.extend(latest.iter().map(|(id, _)| *id));
        Ok((reader, latest))
    }

    /// What was committed since, the oldest first.
    pub(super) async fn new_ones(&mut self) -> Result<Vec<Row>, DbError> {
        let (mut new, mut last) = (Vec::new(), before(self.seen));
        loop {
            let rows: Vec<Row> = self.db.list(AFTER, &params![last, self.event_type]).await?;
            last = rows.last().map_or(last, |(id, _)| *id);
            let is_over = rows.len() < PORTION;
            new.extend(rows.into_iter().filter(|(id, _)| self.known.insert(*id)));
            if is_over {
                break;
            }
        }
        self.seen = self.seen.max(last);
        self.known = self.known.split_off(&before(self.seen));
        Ok(new)
    }
}

/// The id from which on events may come that are older than this one.
fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(LATE))
}
