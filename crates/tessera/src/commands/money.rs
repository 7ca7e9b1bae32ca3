//! `tessera refund`, `tessera payout` and `tessera ledger`: what an operator does about money.
//!
//! Works on the database of payments directly, beside a running server or without one.

use tessera_contracts::Money;
use tessera_payments::operator;
use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::db::{Db, DbError};
use tessera_platform::ids::Ids;

use super::Stopped;
use crate::cli::{PayoutArgs, RefundArgs};
use crate::terminal;

/// The longest reason or reference.
const LONGEST_TEXT: usize = 200;

/// Notes a refund.
pub(super) async fn refund(settings: &Settings, args: RefundArgs) -> Result<(), Stopped> {
    let reason = text("--reason", &args.reason)?;
    let reference = args.reference.as_deref();
    let reference = reference.map(|given| text("--reference", given));
    let (db, ids) = open(settings).await?;
    let wish = operator::Wish {
        order: args.order,
        amount: args.amount,
        reason,
        reference: reference.transpose()?,
    };
    let refund = operator::refund(&db, &ids, wish);
    let refund = refund.await.map_err(Stopped::failed)?;
    terminal::say(format!(
        "{} of order {} will be given back: refund {}. A running server asks the card gateway for it.",
        shown(refund.amount),
        refund.order,
        refund.id
    ));
    Ok(())
}

/// Records a payout.
pub(super) async fn pay_out(settings: &Settings, args: PayoutArgs) -> Result<(), Stopped> {
    let reference = text("--reference", &args.reference)?;
    let (db, _) = open(settings).await?;
    let paid = operator::pay_out(
        &db,
        args.seller,
        args.amount,
        args.currency,
        reference.clone(),
    );
    let paid = paid.await.map_err(Stopped::failed)?;
    terminal::say(format!(
        "Recorded that seller {} was paid {}, as {reference}.",
        args.seller,
        shown(paid)
    ));
    Ok(())
}

/// Prints the books.
pub(super) async fn ledger(settings: &Settings, sellers: u16) -> Result<(), Stopped> {
    let (db, _) = open(settings).await?;
    let totals = operator::totals(&db).await.map_err(Stopped::failed)?;
    if totals.is_empty() {
        terminal::say("The books are empty.");
        return Ok(());
    }
    terminal::say("In each account:");
    for total in totals {
        terminal::say(format!(
            "  {:<14}{:>18}",
            total.account.as_str(),
            shown(total.amount)
        ));
    }
    let owed = operator::owed(&db, sellers.into())
        .await
        .map_err(Stopped::failed)?;
    if !owed.is_empty() {
        terminal::say("Owed to sellers, the most first:");
    }
    for one in owed {
        terminal::say(format!("  {}{:>18}", one.seller, shown(one.amount)));
    }
    Ok(())
}

fn shown(money: Money) -> String {
    format!("{} {}", money.amount(), money.currency().code())
}

fn text(argument: &str, given: &str) -> Result<String, Stopped> {
    let given = given.trim();
    if given.is_empty() || given.chars().count() > LONGEST_TEXT || given.contains(char::is_control)
    {
        return Err(Stopped::misused(format!(
            "{argument}: write 1 to {LONGEST_TEXT} characters, in one line"
        )));
    }
    Ok(given.to_owned())
}

async fn open(settings: &Settings) -> Result<(Db, Ids), Stopped> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let tables = tessera_payments::DEFINITION.all_migrations();
    let name = tessera_payments::DEFINITION.name;
    let opened = settings
        .place()
        .open_beside(name, &tables, &clock, &ids)
        .await;
    let db = opened.map_err(|error: DbError| {
        Stopped::failed(format!(
            "{}: the database of {name}: {error}",
            settings.place_setting()
        ))
    })?;
    Ok((db, ids))
}
