//! Lists, a page at a time (<https://docs.stripe.com/api/pagination>): the newest first.

use serde_json::{Value, json};

use super::params::Params;
use crate::book::{Kept, Refusal, Refused, Shelf};

/// Which part of a list is wanted.
pub(super) struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    created: Created,
}

/// Seconds since 1970, both ends included.
struct Created {
    from: i64,
    to: i64,
}

impl Page {
    pub(super) fn read(params: &mut Params) -> Result<Page, Refused> {
        let limit = params.number("limit")?.unwrap_or(10);
        if !(1..=100).contains(&limit) {
            let message = "A page has 1 to 100 objects.";
            return Err(Refusal::parameter(
                Some("parameter_invalid_integer"),
                "limit",
                message,
            ));
        }
        let (after, before) = (
            params.text("starting_after")?,
            params.text("ending_before")?,
        );
        if after.is_some() && before.is_some() {
            let message = "Give starting_after or ending_before, not both.";
            return Err(Refusal::parameter(
                Some("parameters_exclusive"),
                "ending_before",
                message,
            ));
        }
        let created = Created::read(params)?;
        Ok(Page {
            limit,
            after,
            before,
            created,
        })
    }

    /// The page of what is wanted on a shelf.
    pub(super) fn of<T: Kept>(
        &self,
        shelf: &Shelf<T>,
        url: &str,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Value, Refused> {
        for (cursor, param) in [
            (&self.after, "starting_after"),
            (&self.before, "ending_before"),
        ] {
            if let Some(cursor) = cursor {
                shelf.find(cursor, param)?;
            }
        }
        let wanted = |item: &&T| wanted(item) && self.created.has(item.created());
        let (mut page, has_more): (Vec<&T>, bool) = match &self.before {
            // What is newer than the cursor, from there on.
            Some(cursor) => {
                let newer = shelf.iter().skip_while(|item| item.id() != cursor).skip(1);
                self.cut(newer.filter(wanted))
            }
            None => {
                let all = shelf.iter().rev();
                match &self.after {
                    Some(cursor) => self.cut(
                        all.skip_while(|item| item.id() != cursor)
                            .skip(1)
                            .filter(wanted),
                    ),
                    None => self.cut(all.filter(wanted)),
                }
            }
        };
        if self.before.is_some() {
            page.reverse();
        }
        let data: Vec<Value> = page.into_iter().map(Kept::json).collect();
        Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
    }

    fn cut<'a, T>(&self, mut all: impl Iterator<Item = &'a T>) -> (Vec<&'a T>, bool) {
        let page = all.by_ref().take(self.limit).collect();
        (page, all.next().is_some())
    }
}

impl Created {
    fn read(params: &mut Params) -> Result<Created, Refused> {
        let (mut from, mut to) = (i64::MIN, i64::MAX);
        if let Some(exact) = params.number("created")? {
            (from, to) = (exact, exact);
        }
        if let Some(least) = params.number("created[gte]")? {
            from = from.max(least);
        }
        if let Some(least) = params.number::<i64>("created[gt]")? {
            from = from.max(least.saturating_add(1));
        }
        if let Some(most) = params.number("created[lte]")? {
            to = to.min(most);
        }
        if let Some(most) = params.number::<i64>("created[lt]")? {
            to = to.min(most.saturating_sub(1));
        }
        Ok(Created { from, to })
    }

    fn has(&self, at: i64) -> bool {
        (self.from..=self.to).contains(&at)
    }
}
