//! Every list and every search reads an index, none sorts more than a few rows, and whichever way
//! is taken finds the same.

use jiff::Timestamp;
use tessera_contracts::{CancelReason, Currency, OrderId, Price, TicketId};
use tessera_platform::params;
use tessera_platform::testing::TestApp;
use uuid::Uuid;

use super::windows::Bounds;
use super::*;
use crate::domain::{Details, Label, State, Then, Title, price_key, start_key, terms, wanted};
use crate::operations::{Create, create, sell};
use crate::store::{market, tickets};

const SORTS: [(Sort, &str); 6] = [
    (Sort::Newest, "newest"),
    (Sort::Oldest, "newest"),
    (Sort::Price, "by_price"),
    (Sort::PriceDown, "by_price"),
    (Sort::Date, "by_start"),
    (Sort::DateDown, "by_start"),
];

fn place(key: i64) -> Place {
    let id = Uuid::nil().into();
    Place { key, id }
}

fn everything(sort: Sort) -> Search {
    Search {
        seller: None,
        with_reserved: false,
        wanted: Vec::new(),
        price: None,
        starts: None,
        sort,
        after: None,
        limit: 51,
        now: Timestamp::UNIX_EPOCH,
    }
}

/// With every filter there is.
fn narrow(sort: Sort) -> Search {
    let prefix = Wanted::Prefix("sym".to_owned());
    Search {
        wanted: vec![Wanted::Exactly("vienna".to_owned()), prefix],
        price: Some(1..=2),
        starts: Some(1..=2),
        ..everything(sort)
    }
}

/// The first page, and one behind it.
fn pages(search: Search) -> [Search; 2] {
    let second = Search {
        after: Some(place(1)),
        ..search.clone()
    };
    [search, second]
}

/// How the database goes about a statement, step by step.
async fn explain(app: &TestApp, Statement { sql, params }: Statement) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = app.db("tickets").list(&sql, &params).await;
    let steps: Vec<(i64, i64, i64, String)> = steps.unwrap();
    steps.into_iter().map(|(_, _, _, step)| step).collect()
}

async fn plan(app: &TestApp, search: &Search, few: Option<&Filter>) -> Vec<String> {
    explain(app, statement(search, &filters(search), few)).await
}

#[tokio::test]
async fn a_walk_takes_the_index_of_its_order_and_no_other() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    for (sort, index) in SORTS {
        let searches = [everything(sort), narrow(sort)].map(pages);
        for search in searches.iter().flatten() {
            let with_reserved = Search {
                with_reserved: true,
                ..search.clone()
            };
            let filters = filters(search);
            for (statement, index) in [
                (
                    statement(&with_reserved, &filters, None),
                    format!("tickets_{index}"),
                ),
                (
                    statement(search, &filters, None),
                    format!("tickets_open_{index}"),
                ),
                (
                    windows::window(search, &filters),
                    format!("tickets_open_{index}"),
                ),
                (
                    windows::glimpses(search, &filters),
                    format!("tickets_open_{index}"),
                ),
            ] {
                let plan = explain(&app, statement).await;
                let [step] = plan.as_slice() else {
                    panic!("{sort:?} takes more than one step: {plan:?}")
                };
                assert!(step.contains(&format!(" t USING INDEX {index}")), "{step}");
            }
        }
    }
}

#[tokio::test]
async fn few_are_fetched_by_the_filter_that_they_meet() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    let indexes = [
        "sqlite_autoindex_ticket_terms_1",
        "sqlite_autoindex_ticket_terms_1",
        "tickets_by_price",
        "tickets_by_start",
    ];
    for (sort, _) in SORTS {
        for search in &pages(narrow(sort)) {
            for (filter, index) in filters(search).iter().zip(indexes) {
                let plan = plan(&app, search, Some(filter)).await;
                let mut steps = plan.iter().filter(|step| step.starts_with("SEARCH"));
                let (first, second) = (steps.next().unwrap(), steps.next().unwrap());
                assert!(first.contains(index), "{plan:?}");
                assert!(
                    second.contains("t USING INDEX sqlite_autoindex_tickets_1"),
                    "{plan:?}"
                );
                let reads_all = |step: &String| step.starts_with("SCAN") && !step.contains("few");
                assert!(!plan.iter().any(reads_all), "{plan:?}");
            }
        }
    }
}

#[tokio::test]
async fn filters_are_counted_on_an_index() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    for filter in filters(&narrow(Sort::Newest)) {
        let plan = explain(&app, counts(std::slice::from_ref(&filter))).await;
        let reads = plan.iter().filter(|step| !step.contains(" met"));
        let mut reads = reads.filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
        let step = reads.next().unwrap();
        assert!(
            step.starts_with("SEARCH") && step.contains("INDEX"),
            "{plan:?}"
        );
        // It ends at the limit only if nothing has to be collected first.
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{plan:?}"
        );
        assert_eq!(reads.next(), None, "{plan:?}");
    }
}

#[tokio::test]
async fn ones_own_listings_are_found_by_their_seller() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    let seller = Some(Uuid::nil().into());
    for (sort, _) in SORTS {
        for search in pages(Search {
            seller,
            ..narrow(sort)
        }) {
            let plan = plan(&app, &search, None).await;
            assert!(
                plan[0].contains("t USING INDEX tickets_of_seller (user_id=?"),
                "{plan:?}"
            );
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            // The others sort what one seller has.
            let by_id = matches!(sort, Sort::Newest | Sort::Oldest);
            assert_eq!(sorts, !by_id, "{plan:?}");
        }
    }
}

#[tokio::test]
async fn a_lock_writes_no_index() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    let indexed: Vec<(String,)> = app
        .db("tickets")
        .list(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL",
            &params!["tickets"],
        )
        .await
        .unwrap();
    assert_eq!(indexed.len(), 9);
    for (sql,) in indexed {
        for column in ["version", "status", "order_id", "updated_at"] {
            assert!(!sql.contains(column), "{sql}");
        }
    }
}

/// Listings of all kinds, as many as `n`.
fn offers(n: u8) -> Vec<Create> {
    let pick = |from: &[&'static str], n: u8| from[usize::from(n) % from.len()];
    let offer = |n: u8| {
        let title = ["Hamlet", "Hamster", "Faust und Hamlet"];
        let price = Price::parse(&(n % 13 + 1).to_string(), Currency::USD).unwrap();
        let start = i64::from(n % 7) * 1_000;
        Create {
            id: Uuid::from_u128(u128::from(n)).into(),
            user_id: Uuid::nil().into(),
            details: Details {
                city: Some(Label::parse(pick(&["Wien", "Ham", "New Ham"], n / 3)).unwrap()),
                category: Some(Label::parse(pick(&["opera", "play"], n / 5)).unwrap()),
                starts_at: (!n.is_multiple_of(4))
                    .then(|| Timestamp::from_millisecond(start).unwrap()),
                ..Details::bare(Title::parse(pick(&title, n)).unwrap(), price)
            },
        }
    };
    (0..n).map(offer).collect()
}

/// What a search means, said as plainly as can be.
fn meets(search: &Search, details: &Details) -> bool {
    let terms = terms(details);
    let has = |wanted: &Wanted| match wanted {
        Wanted::Exactly(term) => terms.contains(term),
        Wanted::Prefix(start) => terms.iter().any(|term| term.starts_with(start)),
    };
    let (price, start) = (price_key(details.price), start_key(details.starts_at));
    search.wanted.iter().all(has)
        && search.price.iter().all(|range| range.contains(&price))
        && search.starts.iter().all(|range| range.contains(&start))
        && start > search.now.as_millisecond()
}

fn searches() -> Vec<Search> {
    let exactly = |term: &str| Wanted::Exactly(term.to_owned());
    let mut searches = Vec::new();
    for (sort, _) in SORTS {
        for wanted in [
            vec![],
            vec![exactly("hamlet"), exactly("@ham")],
            wanted("faust ham"),
        ] {
            for price in [None, Some(3_000..=7_000)] {
                for starts in [None, Some(2_000..=4_000)] {
                    let (wanted, price) = (wanted.clone(), price.clone());
                    searches.push(Search {
                        wanted,
                        price,
                        starts,
                        limit: 300,
                        ..everything(sort)
                    });
                }
            }
        }
    }
    searches
}

#[tokio::test]
async fn every_way_finds_what_the_search_means() {
    let app = TestApp::start_embedded(&[crate::DEFINITION]).await;
    let (db, offers) = (app.db("tickets"), offers(250));
    app.hand.set(Timestamp::UNIX_EPOCH);
    for offer in offers.clone() {
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
    for search in searches() {
        let is_found = |offer: &&Create| meets(&search, &offer.details);
        let mut expected: Vec<TicketId> = offers.iter().filter(is_found).map(|o| o.id).collect();
        expected.sort();
        let filters = filters(&search);
        for few in std::iter::once(None).chain(filters.iter().map(Some)) {
            let Statement { sql, params } = statement(&search, &filters, few);
            let found: Vec<Ticket> = db.list(&sql, &params).await.unwrap();
            let keys = found
                .iter()
                .map(|ticket| (search.sort.key(ticket), ticket.id));
            assert!(is_in_order(search.sort, keys.collect()), "{search:?}");
            let mut ids: Vec<TicketId> = found.iter().map(|ticket| ticket.id).collect();
            ids.sort();
            assert_eq!(ids, expected, "{search:?} {sql}");
        }
    }
}

fn is_in_order(sort: Sort, mut keys: Vec<(i64, TicketId)>) -> bool {
    if matches!(sort, Sort::Newest | Sort::PriceDown | Sort::DateDown) {
        keys.reverse();
    }
    keys.is_sorted()
}

/// Reserves those of the listings that `is_reserved` picks, by their numbers.
async fn reserve(db: &Db, is_reserved: impl Fn(u8) -> bool) {
    let ids: Vec<Uuid> = (0..250)
        .filter(|n| is_reserved(*n))
        .map(|n| Uuid::from_u128(u128::from(n)))
        .collect();
    let reserve = db.write(ids, |tx, ids| {
        Box::pin(async move {
            for id in ids {
                let sql = "UPDATE tickets SET status = 'reserved', order_id = $1 WHERE id = $1";
                tx.execute(sql, &params![*id]).await?;
            }
            Ok::<_, DbError>(())
        })
    });
    reserve.await.unwrap();
}

#[tokio::test]
async fn windows_find_what_one_walk_finds() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    app.hand.set(Timestamp::UNIX_EPOCH);
    for offer in offers(250) {
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
    // Many are free, and then few.
    for one_in in [2, 34] {
        reserve(db, move |n| n % one_in != 0).await;
        for (length, limit) in [(3, 2), (3, 300), (40, 7), (1_000, 5), (1_000, 120)] {
            for search in searches() {
                finds_the_same(db, &Search { limit, ..search }, length).await;
            }
        }
    }
}

async fn finds_the_same(db: &Db, search: &Search, length: i64) {
    let filters = filters(search);
    let Statement { sql, params } = statement(search, &filters, None);
    let expected: Vec<Ticket> = db.list(&sql, &params).await.unwrap();
    let bounds = Bounds {
        length,
        windows: 200,
    };
    let passed = Passed::default();
    let found = windows::walk(db, search, &filters, &passed, bounds)
        .await
        .unwrap();
    assert_eq!(
        ids(&found.tickets),
        ids(&expected),
        "{search:?} by {length}"
    );
    assert_eq!(found.ended_at, None);
}

fn ids(tickets: &[Ticket]) -> Vec<TicketId> {
    tickets.iter().map(|ticket| ticket.id).collect()
}

#[tokio::test]
async fn a_walk_that_is_too_long_goes_on_from_where_it_ended() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    list_250(db).await;
    reserve(db, |n| n != 7 && n != 240).await;
    let bounds = Bounds {
        length: 20,
        windows: 3,
    };
    for sort in [Sort::Newest, Sort::Price] {
        let mut search = Search {
            limit: 5,
            ..everything(sort)
        };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let passed = Passed::default();
            let walk = windows::walk(db, &search, &[], &passed, bounds);
            let found = walk.await.unwrap();
            seen.extend(ids(&found.tickets));
            search.after = found.ended_at;
            pages += 1;
            if found.ended_at.is_none() {
                break;
            }
        }
        seen.sort();
        let expected: Vec<TicketId> = [7, 240].map(|n| Uuid::from_u128(n).into()).to_vec();
        assert_eq!(seen, expected, "{sort:?}");
        // Each looks at 5, 20 and 20.
        assert_eq!(pages, 6);
    }
}

#[tokio::test]
async fn what_is_set_aside_is_passed_no_more_and_stays_on_the_market() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    list_250(db).await;
    reserve(db, |n| n > 20).await;
    let everywhere = |search| async move {
        let Statement { sql, params } = windows::window(&search, &[]);
        db.list::<Ticket>(&sql, &params).await.unwrap()
    };
    let all = Search {
        limit: 300,
        ..everything(Sort::Newest)
    };
    let before = everywhere(all.clone()).await;
    assert_eq!(before.len(), 250);
    let newest: Vec<TicketId> = ids(&before).into_iter().take(market::PORTION).collect();
    // One is free again before it is its turn.
    let freed = newest[7];
    let free = db.write(freed, |tx, id| {
        Box::pin(async move {
            let sql = "UPDATE tickets SET status = 'available', order_id = NULL WHERE id = $1";
            tx.execute(sql, &params![*id]).await
        })
    });
    free.await.unwrap();
    let set = db.write_bulk(newest, |tx, ids| Box::pin(market::set_aside(tx, ids)));
    set.await.unwrap();
    let after = everywhere(all.clone()).await;
    assert_eq!((after.len(), after[0].id), (151, freed));
    let with_reserved = Search {
        with_reserved: true,
        ..all
    };
    let found = find(db, &with_reserved, &Passed::default()).await.unwrap();
    assert_eq!(found.tickets.len(), 250);
}

#[tokio::test]
async fn what_an_older_program_freed_is_put_back() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    list_250(db).await;
    let free = db.write((), |tx, ()| {
        let sql = "UPDATE tickets SET aside = true";
        Box::pin(async move { tx.execute(sql, &[]).await })
    });
    free.await.unwrap();
    reserve(db, |n| n == 0 || n > 20).await;
    app.pass(jiff::SignedDuration::from_secs(60)).await;
    let search = Search {
        limit: 300,
        ..everything(Sort::Oldest)
    };
    let found = find(db, &search, &Passed::default()).await.unwrap();
    assert_eq!(found.tickets.len(), 20);
    let aside: Vec<(i64,)> = db
        .list("SELECT count(*) FROM tickets WHERE aside", &[])
        .await
        .unwrap();
    assert_eq!(aside, [(230,)]);
}

/// The offers, without a start.
async fn list_250(db: &Db) {
    for mut offer in offers(250) {
        offer.details.starts_at = None;
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
}

fn order() -> OrderId {
    Uuid::from_u128(9).into()
}

#[tokio::test]
async fn a_listing_that_is_back_keeps_its_terms() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    for mut offer in offers(4) {
        offer.details.starts_at = None;
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
    let took_off = db.write((), |tx, ()| {
        Box::pin(async move {
            for n in 0..4_u8 {
                let id = Uuid::from_u128(u128::from(n)).into();
                let ticket = tickets::hold(tx, id).await?.unwrap();
                let locked = ticket.lock(order(), 1, tx.now()).unwrap();
                assert!(tickets::save_state(tx, &locked).await?);
                let sold = locked.sell(order(), tx.now()).unwrap();
                assert!(tickets::save_gone(tx, &sold).await?);
            }
            market::left(tx, 9).await
        })
    });
    let left = took_off.await.unwrap();
    assert_eq!(left.len(), 4);
    let back: TicketId = Uuid::from_u128(2).into();
    let came_back = db.write(back, |tx, id| {
        Box::pin(async move {
            let sold = tickets::hold(tx, *id).await?.unwrap();
            let reason = Some(CancelReason::CaptureFailed);
            let free = sold.release(order(), reason, Then::Free, tx.now()).unwrap();
            market::arrange(tx, &free).await
        })
    });
    came_back.await.unwrap();
    let forgot = db.write_bulk(left, |tx, left| Box::pin(market::forget_terms(tx, left)));
    forgot.await.unwrap();
    let with_terms: Vec<(TicketId,)> = db
        .list("SELECT DISTINCT ticket_id FROM ticket_terms", &[])
        .await
        .unwrap();
    assert_eq!(with_terms, [(back,)]);
}

#[tokio::test]
async fn what_is_sold_is_off_the_market() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    let id: TicketId = Uuid::from_u128(0).into();
    for offer in offers(1) {
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
    let sold = db.write(id, |tx, id| {
        Box::pin(async move {
            let ticket = tickets::hold(tx, *id).await?.unwrap();
            let locked = ticket.lock(order(), 1, tx.now()).unwrap();
            assert!(tickets::save_state(tx, &locked).await?);
            market::set_aside(tx, &[*id]).await?;
            sell(tx, locked, order()).await.unwrap();
            market::left(tx, 9).await
        })
    });
    assert_eq!(sold.await.unwrap(), [(id,)]);
    let aside = market::aside(db, Uuid::nil().into(), 9).await.unwrap();
    assert_eq!(aside, []);
}

#[tokio::test]
async fn what_is_over_is_sold_all_the_same() {
    let app = TestApp::start(&[crate::DEFINITION]).await;
    let db = app.db("tickets");
    let id: TicketId = Uuid::from_u128(0).into();
    for mut offer in offers(1) {
        offer.details.starts_at = Some(app.clock.now());
        let listed = db.write(offer, |tx, offer| Box::pin(create(tx, offer)));
        listed.await.unwrap();
    }
    let sold = db.write(id, |tx, id| {
        Box::pin(async move {
            market::take_off_over(tx, 9).await?;
            let ticket = tickets::hold(tx, *id).await?.unwrap();
            let locked = ticket.lock(order(), 1, tx.now()).unwrap();
            assert!(tickets::save_state(tx, &locked).await?);
            sell(tx, locked, order()).await.unwrap();
            tickets::hold(tx, *id).await
        })
    });
    let sold = sold.await.unwrap().unwrap();
    assert_eq!(sold.state, State::Sold(order()));
}
