//! `GET /api/tickets`

use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_platform::testing::{Answer, TestApp, TestUser};

use crate::stage::{
    Stage, completed, errors, expired, invalid, list, not_signed_in, offer, tickets, with,
};

/// The titles that a list answers.
fn titles(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let title = |ticket: &Value| ticket["title"].as_str().unwrap().to_owned();
    answer.body.as_array().unwrap().iter().map(title).collect()
}

async fn find(app: &TestApp, query: &str) -> Vec<String> {
    titles(&app.get(&format!("/api/tickets?{query}")).send().await)
}

/// Five listings, of which every filter takes some.
async fn market() -> (TestApp, TestUser) {
    let app = tickets().await;
    let seller = app.sign_in();
    let listings = [
        json!({"title": "Tosca", "price": "90", "category": "opera", "venue": "Opéra Garnier", "city": "Paris",
               "startsAt": "2030-03-01T19:00:00Z"}),
        json!({"title": "Derby", "price": "45.50", "category": "sports", "venue": "Maracanã",
               "city": "Rio de Janeiro", "startsAt": "2030-02-01T20:00:00Z"}),
        json!({"title": "Noh", "price": "5000", "currency": "jpy", "category": "theatre", "city": "Tokyo"}),
        json!({"title": "Tosca again", "price": "120", "currency": "eur", "category": "opera", "city": "PARIS",
               "startsAt": "2030-03-02T19:00:00Z"}),
        json!({"title": "Open air", "price": "45.5", "city": "New York", "startsAt": "2030-06-01T12:00:00+02:00"}),
    ];
    for listing in listings {
        app.hand.advance(SignedDuration::from_secs(1));
        list(&app, &seller, listing).await;
    }
    (app, seller)
}

#[tokio::test]
async fn lists_are_sorted_the_newest_first_or_as_asked() {
    let (app, _) = market().await;
    let newest = ["Open air", "Tosca again", "Noh", "Derby", "Tosca"];
    assert_eq!(find(&app, "").await, newest);
    assert_eq!(find(&app, "sort=newest").await, newest);
    let cheapest = ["Derby", "Open air", "Tosca", "Tosca again", "Noh"];
    assert_eq!(find(&app, "sort=price").await, cheapest);
    let soonest = ["Derby", "Tosca", "Tosca again", "Open air", "Noh"];
    assert_eq!(find(&app, "sort=date").await, soonest);
    let reversed = |titles: [&'static str; 5]| titles.into_iter().rev().collect::<Vec<_>>();
    assert_eq!(find(&app, "sort=-price").await, reversed(cheapest));
    assert_eq!(find(&app, "sort=-date").await, reversed(soonest));
    for (one, other) in [
        ("createdAt", "oldest"),
        ("-createdAt", "newest"),
        ("startsAt", "date"),
    ] {
        let answers = [one, other].map(|sort| format!("sort={sort}"));
        assert_eq!(find(&app, &answers[0]).await, find(&app, &answers[1]).await);
    }
    assert_eq!(find(&app, "sort=oldest").await, reversed(newest));
}

#[tokio::test]
async fn pages_meet_without_gap_or_overlap_in_every_order() {
    let (app, _) = market().await;
    for sort in ["newest", "oldest", "price", "-price", "date", "-date"] {
        for filter in ["", "&minPrice=1", "&q=t&minPrice=1"] {
            let query = format!("sort={sort}{filter}");
            let mut paged = Vec::new();
            let mut next = Some(format!("/api/tickets?{query}&limit=2"));
            while let Some(path) = next {
                let answer = app.get(&path).send().await;
                paged.extend(titles(&answer));
                let link = answer.header("link").strip_prefix('<').map(str::to_owned);
                next = link.map(|link| link.split('>').next().unwrap().to_owned());
            }
            assert_eq!(paged, find(&app, &query).await, "{query}");
        }
    }
}

#[tokio::test]
async fn filters_narrow_a_list_down() {
    let (app, _) = market().await;
    let expect = async |query: &str, expected: &[&str]| {
        assert_eq!(find(&app, query).await, expected, "{query}");
        // The other way to go about it finds the same.
        let mut sorted = find(&app, &format!("{query}&sort=price")).await;
        let mut expected = expected.to_vec();
        sorted.sort();
        expected.sort_unstable();
        assert_eq!(sorted, expected, "{query}");
    };
    expect("category=opera", &["Tosca again", "Tosca"]).await;
    expect("category=oper", &[]).await;
    expect("category=OPERA", &["Tosca again", "Tosca"]).await;
    expect("city=paris", &["Tosca again", "Tosca"]).await;
    expect("city=RIO+DE+JANEIRO", &["Derby"]).await;
    expect("city=rio", &[]).await;
    expect("minPrice=90", &["Tosca again", "Noh", "Tosca"]).await;
    expect("maxPrice=45.5", &["Open air", "Derby"]).await;
    expect("minPrice=45.501&maxPrice=120", &["Tosca again", "Tosca"]).await;
    expect("minPrice=3&maxPrice=2", &[]).await;
    expect("from=2030-03-01", &["Open air", "Tosca again", "Tosca"]).await;
    expect("to=2030-03-01", &["Derby", "Tosca"]).await;
    expect("from=2030-03-01&to=2030-03-01", &["Tosca"]).await;
    expect(
        "from=2030-03-01T19:00:00Z&to=2030-03-02T20:00:00%2B01:00",
        &["Tosca again", "Tosca"],
    )
    .await;
    expect(
        "category=opera&city=Paris&minPrice=100&from=2030-01-01",
        &["Tosca again"],
    )
    .await;
    // What HTML forms send for fields left blank.
    expect(
        "q=&category=&city=Tokyo&minPrice=&from=&sort=&seller=",
        &["Noh"],
    )
    .await;
}

#[tokio::test]
async fn words_are_found_whatever_their_case_accents_and_order() {
    let (app, _) = market().await;
    let expect = async |query: &str, expected: &[&str]| {
        assert_eq!(find(&app, query).await, expected, "{query}")
    };
    expect("q=tosca", &["Tosca again", "Tosca"]).await;
    expect("q=garnier+OPERA", &["Tosca"]).await;
    expect("q=Op%C3%A9ra", &["Tosca again", "Tosca"]).await;
    expect("q=maraca", &["Derby"]).await;
    // Only the last word may be unfinished.
    expect("q=tos+again", &[]).await;
    expect("q=again+tos", &["Tosca again"]).await;
    expect("q=tosca+derby", &[]).await;
    expect(
        "q=%25",
        &["Open air", "Tosca again", "Noh", "Derby", "Tosca"],
    )
    .await;
    expect("q=_oh", &[]).await;
    expect("q=rio&maxPrice=50", &["Derby"]).await;
}

#[tokio::test]
async fn only_what_can_be_bought_is_listed() {
    let mut stage = Stage::open().await;
    let listed = async |stage: &Stage| {
        let plain = find(&stage.app, "").await.len();
        assert_eq!(find(&stage.app, "q=mahler").await.len(), plain);
        plain
    };
    assert_eq!(listed(&stage).await, 1);
    let order = stage.holder("A").await;
    assert_eq!(listed(&stage).await, 0);
    stage.publish(expired(&order)).await;
    assert_eq!(listed(&stage).await, 1);
    let order = stage.holder("B").await;
    stage.publish(completed(&order)).await;
    assert_eq!(listed(&stage).await, 0);
    stage.app.pass(SignedDuration::from_secs(5)).await;
    assert_eq!(stage.count("SELECT count(*) FROM ticket_terms").await, 0);
    let reason = tessera_contracts::CancelReason::CaptureFailed;
    stage.publish(crate::stage::cancelled(&order, reason)).await;
    assert_eq!(listed(&stage).await, 1);
    stage
        .app
        .delete(&stage.path())
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(listed(&stage).await, 0);
}

#[tokio::test]
async fn a_listing_ends_at_its_start_to_the_millisecond() {
    let stage = Stage::open().await;
    let start = "2031-05-01T23:30:00Z".parse::<jiff::Timestamp>().unwrap();
    for query in ["", "q=mahler", "sort=date", "sort=-price"] {
        stage.app.hand.set(start - SignedDuration::from_millis(1));
        assert_eq!(find(&stage.app, query).await.len(), 1, "{query}");
        stage.app.hand.set(start);
        assert_eq!(find(&stage.app, query).await.len(), 0, "{query}");
    }
}

#[tokio::test]
async fn a_list_that_was_written_before_a_listing_ended_is_given_to_nobody_afterwards() {
    let app = &TestApp::start_embedded(&[tessera_tickets::DEFINITION]).await;
    let mut offer = offer();
    offer["startsAt"] = "2031-05-01T23:30:00.6Z".into();
    list(app, &app.sign_in(), offer).await;
    let start = "2031-05-01T23:30:00.6Z".parse::<jiff::Timestamp>().unwrap();
    for query in ["", "q=mahler"] {
        app.hand.set(start - SignedDuration::from_millis(500));
        assert_eq!(find(app, query).await.len(), 1, "{query}");
        app.hand.set(start);
        assert_eq!(find(app, query).await.len(), 0, "{query}");
    }
}

#[tokio::test]
async fn what_is_over_leaves_the_indexes_without_a_word_and_comes_back_with_a_new_date() {
    let mut stage = Stage::open().await;
    stage.app.pass(SignedDuration::from_hours(24 * 500)).await;
    let listed = "SELECT count(*) FROM tickets WHERE listed";
    assert_eq!(stage.count(listed).await, 0);
    stage.app.pass(SignedDuration::from_secs(5)).await;
    assert_eq!(stage.count("SELECT count(*) FROM ticket_terms").await, 0);
    assert_eq!(stage.standing().await, "v1 available -");
    assert_eq!(stage.news().await, [""; 0]);
    stage.seller = stage.app.sign_in_as(stage.seller.id);
    let later = json!({"startsAt": "2032-01-01T12:00:00Z"});
    stage
        .app
        .put(&stage.path(), later)
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(stage.count(listed).await, 1);
    assert_eq!(find(&stage.app, "q=mahler").await.len(), 1);
}

#[tokio::test]
async fn an_edit_is_found_by_its_new_words_alone() {
    let stage = Stage::open().await;
    let edit = json!({"title": "Bruckner", "city": null, "price": 10});
    stage
        .app
        .put(&stage.path(), edit)
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(find(&stage.app, "q=bruckner&maxPrice=10").await.len(), 1);
    for query in ["q=mahler", "city=New+York", "minPrice=11"] {
        assert_eq!(find(&stage.app, query).await.len(), 0, "{query}");
    }
}

#[tokio::test]
async fn what_somebody_is_buying_is_listed_for_who_asks_for_it() {
    let mut stage = Stage::open().await;
    let listed = async |stage: &Stage| {
        let mut counts = Vec::new();
        for query in ["", "&q=mahler", "&sort=date", "&sort=-price&minPrice=1"] {
            let found = find(&stage.app, &format!("include=reserved{query}")).await;
            counts.push(found.len());
        }
        counts
    };
    assert_eq!(listed(&stage).await, [1; 4]);
    let order = stage.holder("A").await;
    assert_eq!(listed(&stage).await, [1; 4]);
    let shown = stage.app.get("/api/tickets?include=reserved").send().await;
    assert_eq!(shown.body[0]["status"], "reserved");
    stage.publish(completed(&order)).await;
    assert_eq!(listed(&stage).await, [0; 4]);
}

#[tokio::test]
async fn who_has_a_list_already_is_told_so_until_something_changes_or_a_second_passes() {
    let app = TestApp::start_embedded(&[tessera_tickets::DEFINITION]).await;
    let seller = app.sign_in();
    list(&app, &seller, offer()).await;
    let first = app.get("/api/tickets?q=mahler").send().await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = async || {
        let known = app
            .get("/api/tickets?q=mahler")
            .header("if-none-match", &tag);
        known.send().await
    };
    let known = again().await;
    assert_eq!(known.status, 304);
    assert_eq!(known.header("etag"), tag);
    assert_eq!(known.body, Value::Null);
    // The answer to a listing comes only once lists have it.
    list(&app, &seller, offer()).await;
    assert_eq!(titles(&again().await).len(), 2);
    let tag = app
        .get("/api/tickets")
        .send()
        .await
        .header("etag")
        .to_owned();
    app.advance(SignedDuration::from_secs(1));
    let later = app.get("/api/tickets").header("if-none-match", &tag);
    assert_eq!(later.send().await.status, 200);
    let own = app.get("/api/tickets?seller=me").by(&seller).send().await;
    assert!(!own.headers.contains_key("etag"));
}

#[tokio::test]
async fn ones_own_listings_are_shown_in_every_state() {
    let mut stage = Stage::open().await;
    let other = stage.app.sign_in();
    list(&stage.app, &other, offer()).await;
    let sold = stage.holder("A").await;
    stage.publish(completed(&sold)).await;
    for (title, price) in [("Withdrawn", 3), ("Over", 2), ("Free", 1)] {
        let listing = json!({"title": title, "price": price, "startsAt": "2030-01-02T00:00:00Z"});
        let id: String = list(&stage.app, &stage.seller, with(offer(), listing))
            .await
            .text("id");
        if title == "Withdrawn" {
            stage
                .app
                .delete(&format!("/api/tickets/{id}"))
                .by(&stage.seller)
                .send()
                .await;
        }
    }
    let own = async |query: &str| {
        let path = format!("/api/tickets?seller=me{query}");
        titles(&stage.app.get(&path).by(&stage.seller).send().await)
    };
    let sold = "Mahler: Symphony No. 2";
    stage.app.pass(SignedDuration::from_hours(13)).await;
    assert_eq!(own("").await, ["Free", "Over", "Withdrawn", sold]);
    assert_eq!(
        own("&sort=price").await,
        ["Free", "Over", "Withdrawn", sold]
    );
    assert_eq!(own("&q=symph").await, [sold]);
    assert_eq!(
        own("&to=2030-12-31&minPrice=2").await,
        ["Over", "Withdrawn"]
    );
    assert_eq!(own("&category=concert&city=new+york").await.len(), 4);
}

#[tokio::test]
async fn parameters_are_checked_all_at_once() {
    let app = tickets().await;
    let query =
        "minPrice=cheap&maxPrice=1.2345&from=soon&to=2030-02-30&sort=best&seller=you&include=sold";
    let answer = app.get(&format!("/api/tickets?{query}")).send().await;
    insta::assert_debug_snapshot!(errors(&answer), @r#"
    [
        "minPrice: Write the price as in 120.00",
        "maxPrice: Write the price as in 120.00",
        "from: Write the time as in 2031-05-01T18:30:00Z, or the day as in 2031-05-01",
        "to: Write the time as in 2031-05-01T18:30:00Z, or the day as in 2031-05-01",
        "sort: sort must be createdAt, price or startsAt, or one of them after a -, as in -createdAt",
        "seller: seller can only be me",
        "include: include can only be reserved",
    ]
    "#);
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "to=9999-12-30",
        "from=9999-12-31",
    ] {
        let answer = app.get(&format!("/api/tickets?{query}")).send().await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let long = "x".repeat(101);
    let many = "a+b+c+d+e+f+g+h+i+j+k";
    for q in [long.as_str(), many] {
        let answer = app.get(&format!("/api/tickets?q={q}")).send().await;
        assert_eq!(answer.body["errors"][0]["field"], "q", "{q}");
    }
}

#[tokio::test]
async fn ones_own_need_somebody() {
    let app = tickets().await;
    let answer = app.get("/api/tickets?seller=me").send().await;
    assert_eq!(answer.shown(), not_signed_in());
}

#[tokio::test]
async fn a_cursor_counts_for_its_own_order() {
    let (app, _) = market().await;
    let answer = app.get("/api/tickets?limit=1&sort=price").send().await;
    let link = answer.header("link").to_owned();
    let path = link.trim_start_matches('<').split('>').next().unwrap();
    let answer = app
        .get(&path.replace("sort=price", "sort=date"))
        .send()
        .await;
    assert_eq!(
        answer.shown(),
        invalid(&[("cursor", "cursor is of a list in another order")])
    );
}
