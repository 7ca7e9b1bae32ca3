//! Whoever runs the marketplace, and gives money back: by the code of `tessera refund`, on the database of payments itself,
//! whether its process runs or not. Never asks the gateway: a running process does.

use std::path::Path;

use jiff::SignedDuration;
use rand::Rng;
use rand::rngs::StdRng;
use tessera_contracts::{Money, OrderId};
use tessera_payments::operator::{self, GiveBackError, NotRefundable, Refund, Wish};
use tessera_platform::db::{Db, DbError};
use tessera_platform::ids::Ids;

use crate::process;
use crate::time::Time;

/// What one who decides may be told.
#[derive(Clone, Debug)]
pub enum Told {
    /// It will be given back.
    Decided(Refund),
    /// It will not, for a reason that there may be.
    Refused(&'static str),
    /// Too much was under way.
    Busy,
    /// What cannot be.
    Wrong(String),
}

/// An operator at a terminal. Clones share it.
#[derive(Clone)]
pub struct Operator {
    db: Db,
    ids: Ids,
}

impl Operator {
    /// One whose machine is wrong about the time by at most `skew` milliseconds; the files of payments are in `folder`.
    pub async fn begin(
        folder: &Path,
        time: &mut Time,
        skew: i64,
        chance: &mut StdRng,
    ) -> Result<Operator, String> {
        let (clock, number) = time.clock();
        let skew = chance.random_range(-skew..=skew);
        time.skew(number, SignedDuration::from_millis(skew));
        let ids = Ids::seeded(chance.random(), clock.clone());
        let tables = tessera_payments::DEFINITION.all_migrations();
        let place = process::settings(folder).place();
        let opened = place.open_beside("payments", &tables, &clock, &ids).await;
        let db = opened.map_err(|error| format!("the operator has no database: {error}"))?;
        Ok(Operator { db, ids })
    }

    /// Where what they decide waits for its commit.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Gives back so much of an order, or all that is left of it; a reference stands for the same refund again.
    pub async fn give_back(
        &self,
        order: OrderId,
        amount: Option<String>,
        reference: Option<String>,
    ) -> Told {
        let wish = Wish {
            order,
            amount: amount.clone(),
            reason: reason(reference.as_deref()),
            reference,
        };
        match operator::refund(&self.db, &self.ids, wish).await {
            Ok(refund) if is_other(&refund, order, amount.as_deref()) => {
                Told::Wrong(format!("{refund:?} is not what was asked for"))
            }
            Ok(refund) => Told::Decided(refund),
            Err(GiveBackError::NoOrder) => Told::Refused("no_order"),
            Err(GiveBackError::Reference(_)) => Told::Refused("reference_used"),
            Err(GiveBackError::Refused(NotRefundable::NotCharged)) => Told::Refused("not_charged"),
            Err(GiveBackError::Refused(NotRefundable::TooMuch(_))) => Told::Refused("too_much"),
            Err(GiveBackError::Refused(NotRefundable::Nothing)) => Told::Refused("nothing_left"),
            Err(GiveBackError::Db(DbError::Busy)) => Told::Busy,
            Err(error) => Told::Wrong(error.to_string()),
        }
    }
}

/// Says by which reference it was decided, so that one who looks into the table sees that too.
fn reason(reference: Option<&str>) -> String {
    match reference {
        Some(reference) => format!("under {reference}"),
        None => "without a reference".to_owned(),
    }
}

fn is_other(refund: &Refund, order: OrderId, amount: Option<&str>) -> bool {
    let currency = refund.amount.currency();
    let asked = amount.map(|text| Money::parse(text, currency));
    refund.order != order || asked.is_some_and(|asked| asked != Ok(refund.amount))
}
