//! `GET /api/tickets`: the listings for sale, or all of one's own.

use std::ops::RangeInclusive;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tessera_contracts::http::Problem;
use tessera_contracts::http::tickets::Ticket as Answer;
use tessera_contracts::{Currency, FeeRate, Money, TicketId, UserId, time};
use tessera_platform::http::conditional::{IfNoneMatch, StateTag};
use tessera_platform::http::{Failure, Listing, MaybeSignedIn, Page, PageParams, Query, Turn};
use tessera_platform::service::Ctx;
use utoipa::IntoParams;

use super::App;
use crate::domain::{
    Place, Search, Sort, Ticket, UNDATED, Wanted, category_term, city_term, wanted,
};
use crate::store::search::{self, Found};

/// From midnight to the last moment before the next one.
const LAST_OF_DAY: SignedDuration = SignedDuration::from_millis(24 * 60 * 60 * 1000 - 1);

/// Of a hundredth. A fee is rounded to what the currency has; two digits are what almost all of them have, so that is what
/// bounds are reckoned in, and one of another currency may be a unit off.
const THOUSANDTHS: i64 = 10;

/// What the listings can be narrowed down to.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only described here: the fields are read one by one, so that all errors come at once"
)]
struct SearchParams {
    /// Words of title, venue, city and category, without regard to case and accents. All must be
    /// there; the last one may be unfinished.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Only this category, such as `concert`, without regard to case and accents; so for the city.
    category: Option<String>,
    /// Only this city.
    city: Option<String>,
    /// Only what costs a buyer this much (its `total`) or more. Prices are compared by their number, whatever their
    /// currency.
    #[param(pattern = r"^([0-9]+(\.[0-9]+)?)?$")]
    min_price: Option<String>,
    /// Only what costs a buyer this much or less.
    #[param(pattern = r"^([0-9]+(\.[0-9]+)?)?$")]
    max_price: Option<String>,
    /// Only what begins at this time or later: RFC 3339, or a day (of UTC). Leaves out listings
    /// without a start, as `to` does.
    from: Option<String>,
    /// Only what begins at this time or earlier: RFC 3339, or a day (of UTC), all of which counts.
    to: Option<String>,
    /// `createdAt`, `price` or `startsAt`, each with a `-` before it for the other way round. (`newest`
    /// is `-createdAt`, `oldest` is `createdAt`, `date` is `startsAt`.)
    #[param(
        default = "-createdAt",
        pattern = "^(-?(createdAt|price|startsAt|date)|newest|oldest)?$"
    )]
    sort: Option<String>,
    /// `me`: all of one's own listings, in any state.
    #[param(pattern = r"^(me)?$")]
    seller: Option<String>,
    /// `reserved`: also those that somebody is buying at this moment, and that may be free again soon.
    #[param(pattern = r"^(reserved)?$")]
    include: Option<String>,
}

/// Lists the tickets that are for sale
#[utoipa::path(
    get, path = "/api/tickets", tag = "tickets", params(SearchParams, PageParams),
    responses(
        (status = 200, description = "A page of tickets; the `Link` header leads to the next", body = [Answer]),
        (status = 304, description = "`If-None-Match` names what would be answered (not on every database)"),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 401, description = "`seller=me`, and not signed in", body = Problem),
    )
)]
pub async fn list_tickets(
    State(App { ctx, passed, shelf }): State<App>,
    MaybeSignedIn(user): MaybeSignedIn,
    query: Query,
    page: Page,
    known: IfNoneMatch,
) -> Result<Response, Failure> {
    let (user, fee) = (user.map(|user| user.id), ctx.settings.fees.buyer);
    let mut search = search(query, &page, user, fee, ctx.clock.now())?;
    if search.seller.is_some() {
        // One's own listings are nobody else's.
        let found = search::find(&ctx.db, &search, &passed).await?;
        return Ok(listing(&ctx, found, &search, &page).into_response());
    }
    let asked = shelf.ask(page.uri().to_string());
    if let Some(tag) = state_tag(&ctx, search.now) {
        let etag = tag.etag();
        if known.has_state(&tag) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)], ()).into_response());
        }
        if let Some(kept) = asked
            .kept()
            .filter(|kept| kept.etag.as_ref() == Some(&etag))
        {
            return Ok(kept.answer());
        }
    }
    let writing = match asked.turn().await {
        Turn::Kept(kept) => return Ok(kept.answer()),
        Turn::Write(writing) => writing,
    };
    search.now = ctx.clock.now();
    // Before anything is read: what is read may only be newer.
    let tag = state_tag(&ctx, search.now);
    let found = search::find(&ctx.db, &search, &passed).await?;
    // It is given to others for the rest of this second, if nothing in it is over before.
    let etag = tag
        .filter(|_| stays(&found, StateTag::ends_at(search.now)))
        .map(|tag| tag.etag());
    let listing = listing(&ctx, found, &search, &page);
    let headers = etag.clone().map(|etag| [(header::ETAG, etag)]);
    writing.keep(etag, (headers, listing).into_response()).await
}

/// Of what is there now, where the database can tell.
fn state_tag(ctx: &Ctx, now: Timestamp) -> Option<StateTag> {
    ctx.db.state().map(|state| StateTag::new(state, now))
}

/// Whether none of them is over before that.
fn stays(found: &Found, until: Timestamp) -> bool {
    let starts = |ticket: &Ticket| ticket.details.starts_at;
    found
        .tickets
        .iter()
        .filter_map(starts)
        .all(|at| at >= until)
}

fn listing(ctx: &Ctx, found: Found, search: &Search, page: &Page) -> Listing<Answer> {
    let (sort, fees) = (search.sort, ctx.settings.fees);
    let show = |ticket| super::body(ticket, fees);
    match found.ended_at {
        None => page.answer(found.tickets, |last| cursor(sort, last), show),
        Some(Place { key, id }) => page.part(found.tickets, &(sort.as_str(), key, id), show),
    }
}

fn search(
    mut query: Query,
    page: &Page,
    user: Option<UserId>,
    fee: FeeRate,
    now: Timestamp,
) -> Result<Search, Failure> {
    let wanted = terms(&mut query);
    let price = prices(&mut query, fee);
    let starts = starts(&mut query);
    let sort = query.optional("sort", str::parse).unwrap_or(Sort::Newest);
    let own = query.optional("seller", |seller| match seller {
        "me" => Ok(()),
        _ => Err("seller can only be me"),
    });
    let include = query.optional("include", |include| match include {
        "reserved" => Ok(()),
        _ => Err("include can only be reserved"),
    });
    query.finish()?;
    let seller = match own {
        Some(()) => Some(user.ok_or_else(Failure::unauthorized)?),
        None => None,
    };
    Ok(Search {
        seller,
        with_reserved: include.is_some(),
        wanted,
        price,
        starts,
        sort,
        after: place(page, sort)?,
        limit: page.fetch(),
        now,
    })
}

/// The terms of `q`, `category` and `city`.
fn terms(query: &mut Query) -> Vec<Wanted> {
    const MOST_WORDS: usize = 10;
    let words = query.optional("q", |q| {
        if q.chars().count() > 100 {
            return Err("q must have at most 100 characters".to_owned());
        }
        let words = wanted(q);
        if words.len() > MOST_WORDS {
            return Err(format!("q must have at most {MOST_WORDS} words"));
        }
        Ok(words)
    });
    let category = query.optional("category", |text| Ok::<_, String>(category_term(text)));
    let city = query.optional("city", |text| Ok::<_, String>(city_term(text)));
    let exact = category.into_iter().chain(city).map(Wanted::Exactly);
    words.into_iter().flatten().chain(exact).collect()
}

/// `minPrice` and `maxPrice`: bounds of what a buyer pays, made bounds of the price, in thousandths.
fn prices(query: &mut Query, fee: FeeRate) -> Option<RangeInclusive<i64>> {
    // A currency with three digits: what it calls minor units are thousandths.
    let finest: Currency = "kwd".parse().unwrap_or(Currency::USD);
    let total = |text: &str| {
        Money::parse(text, finest)
            .map(Money::minor)
            .map_err(|_| "Write the price as in 120.00")
    };
    let min = query.optional("minPrice", total);
    let max = query.optional("maxPrice", total);
    if fee.is_none() {
        return range(min, max, i64::MAX);
    }
    let min = min.map(|min| {
        fee.lowest_price(ceil_to_cents(min))
            .saturating_mul(THOUSANDTHS)
    });
    let max = max.map(|max| {
        fee.highest_price(max / THOUSANDTHS)
            .saturating_mul(THOUSANDTHS)
    });
    range(min, max, i64::MAX)
}

fn ceil_to_cents(thousandths: i64) -> i64 {
    thousandths.saturating_add(THOUSANDTHS - 1) / THOUSANDTHS
}

/// `from` and `to`, in milliseconds since 1970. What has no start is not between any two times.
fn starts(query: &mut Query) -> Option<RangeInclusive<i64>> {
    let from = query.optional("from", |text| moment(text, SignedDuration::ZERO));
    let to = query.optional("to", |text| moment(text, LAST_OF_DAY));
    range(from, to, UNDATED - 1)
}

fn range(min: Option<i64>, max: Option<i64>, largest: i64) -> Option<RangeInclusive<i64>> {
    let bounded = min.is_some() || max.is_some();
    bounded.then(|| min.unwrap_or(i64::MIN)..=max.unwrap_or(largest))
}

/// The time, or that moment of the day of UTC.
fn moment(text: &str, of_day: SignedDuration) -> Result<i64, &'static str> {
    const WRONG: &str = "Write the time as in 2031-05-01T18:30:00Z, or the day as in 2031-05-01";
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let moment = match day.map(|day| day.to_zoned(TimeZone::UTC)) {
        Some(Ok(midnight)) => midnight.timestamp().checked_add(of_day).ok(),
        Some(Err(_)) => None,
        None => time::parse(text).ok(),
    };
    moment.map(Timestamp::as_millisecond).ok_or(WRONG)
}

/// A cursor counts for the order that it comes from.
fn cursor(sort: Sort, last: &Ticket) -> (&'static str, i64, TicketId) {
    (sort.as_str(), sort.key(last), last.id)
}

fn place(page: &Page, sort: Sort) -> Result<Option<Place>, Failure> {
    let Some((name, key, id)) = page.after::<(String, i64, TicketId)>()? else {
        return Ok(None);
    };
    if name == sort.as_str() {
        Ok(Some(Place { key, id }))
    } else {
        Err(Failure::invalid(
            "cursor",
            "cursor is of a list in another order",
        ))
    }
}
