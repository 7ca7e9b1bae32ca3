//! Fills an empty marketplace with listings of a few sellers.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;
use tessera_contracts::http::tickets::{NewTicket, Ticket};
use tokio::task::{JoinError, JoinSet};

use super::api::Api;
use super::draw::Draw;
use super::people::{Account, People};
use super::show::Progress;
use super::stage::Stage;
use super::trouble::Trouble;
use super::wait::millis_since;
use super::words;

/// Few enough that a demo stays within the rate limit of sign-ups, also when it is run again.
const SELLERS: [&str; 3] = ["seller-1", "seller-2", "seller-3"];

/// How many listings are on their way at once.
const AT_ONCE: usize = 8;

/// How many listings are counted, and how many of these are asked for at once.
const MOST_COUNTED: usize = 2_000;
const PAGE: &str = "/api/tickets?limit=200";

/// How many are shown as examples.
const SHOWN: usize = 3;

/// Lists `count` tickets, unless there are some already; answers whether it did.
pub async fn fill(
    stage: &mut Stage,
    api: &Api,
    people: &mut People,
    draw: &mut Draw,
    count: u32,
) -> Result<bool, Trouble> {
    stage.chapter("The marketplace", "looking for listings");
    let there = count_listings(api).await?;
    if there > 0 {
        let least = if there < MOST_COUNTED {
            ""
        } else {
            "at least "
        };
        stage.show.line(format!(
            "It has {least}{there} listings for sale already: it is left as it is."
        ));
        return Ok(false);
    }
    stage.show.line("It is empty.");
    stage.step(&format!(
        "{} sellers sign up, and list {count} tickets",
        SELLERS.len()
    ));
    let sellers = sign_up(stage, api, people).await?;
    let listings = (0..count).map(|_| draw.listing());
    let listings = listings.collect::<Result<Vec<_>, _>>()?;
    let listed = list_all(stage, api, &sellers, listings).await?;
    stage.show.detail("Some of them:");
    for ticket in listed.iter().take(SHOWN) {
        let [first, second] = words::listing(ticket);
        stage.show.detail(format!("- {first}"));
        stage.show.detail(format!("  {second}"));
    }
    Ok(true)
}

async fn count_listings(api: &Api) -> Result<usize, Trouble> {
    let mut count: usize = 0;
    let mut page = Some(PAGE.to_owned());
    while let Some(path) = page.filter(|_| count < MOST_COUNTED) {
        let answer = api.get(&path, None).await?.expect(StatusCode::OK)?;
        count += answer.json::<Vec<Value>>()?.len();
        page = answer.next_page();
    }
    Ok(count)
}

async fn sign_up(stage: &Stage, api: &Api, people: &mut People) -> Result<Vec<Account>, Trouble> {
    let mut sellers = Vec::new();
    for name in SELLERS {
        sellers.push(people.sign_up(stage, api, name).await?);
    }
    Ok(sellers)
}

/// Lists them all, some at once, in turn for each seller, and shows how far it is.
async fn list_all(
    stage: &Stage,
    api: &Api,
    sellers: &[Account],
    listings: Vec<NewTicket>,
) -> Result<Vec<Ticket>, Trouble> {
    let all = listings.len();
    let began = stage.clock.now();
    let mut waiting = sellers.iter().cycle().zip(listings);
    let mut posts = JoinSet::new();
    let mut listed = Vec::new();
    let mut progress = stage.show.progress();
    loop {
        while posts.len() < AT_ONCE
            && let Some((seller, listing)) = waiting.next()
        {
            posts.spawn(list(api.clone(), seller.clone(), listing));
        }
        let Some(post) = posts.join_next().await else {
            return Ok(listed);
        };
        listed.push(post.map_err(broke_off)??);
        tell(stage, &mut progress, listed.len(), all, began);
    }
}

async fn list(api: Api, seller: Account, listing: NewTicket) -> Result<Ticket, Trouble> {
    let answer = api.post("/api/tickets", Some(&seller), &listing).await?;
    answer.expect(StatusCode::CREATED)?.json()
}

/// How many are listed, and how many in a second.
fn tell(stage: &Stage, progress: &mut Progress, done: usize, all: usize, began: Timestamp) {
    let millis = usize::try_from(millis_since(&stage.clock, began)).unwrap_or(0);
    let rate = done.saturating_mul(1_000) / millis.max(1);
    // Where nothing can be written over, every quarter gets a line.
    let matters = done * 4 / all != (done - 1) * 4 / all;
    let request = "POST /api/tickets → 201 Created";
    progress.tell(
        format!("{request}, {done} of {all} times, {rate} a second"),
        matters,
    );
}

fn broke_off(error: JoinError) -> Trouble {
    Trouble::Other(format!("a listing broke off: {error}"))
}
