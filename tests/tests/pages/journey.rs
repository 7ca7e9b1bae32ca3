//! From sign-up to receipt, and what may come in between.

use tessera_tests::client::Client;
use tessera_tests::visitor::Visitor;

use crate::stage::{Stage, list, pay, press_reserve, reserve, until};

#[tokio::test]
async fn from_sign_up_to_a_receipt_without_any_script() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Hamlet").await;
    seller
        .visit(&format!("{ticket}?listed"))
        .await
        .says(200, "Your ticket is for sale.");

    let buyer = stage.anyone();
    let home = buyer.get("/?q=haml").await;
    home.says(200, "Hamlet");
    home.says(200, "$1,250.50");
    buyer.get(&ticket).await.says(200, "Sign in to buy");
    buyer.sign_up("grace@example.com").await;
    let order = reserve(&buyer, &ticket).await;
    let page = buyer.get(&order).await;
    page.says(200, "Sunday, June 1, 2031 at 8:30\u{202f}PM");
    page.says(200, "<noscript><meta http-equiv=\"refresh\"");
    seller.get("/listings").await.says(200, "Being bought");
    seller
        .get(&ticket)
        .await
        .says(200, "Somebody is paying for your ticket.");

    let declined = pay(&buyer, &order, "tok_chargeDeclinedInsufficientFunds").await;
    assert_eq!(
        (declined.status, declined.location.as_str()),
        (303, order.as_str())
    );
    buyer.get(&order).await.says(
        200,
        "Your card has too little money on it. You can try 2 more times.",
    );
    pay(&buyer, &order, "tok_chargeDeclinedExpiredCard").await;
    let page = buyer.get(&order).await;
    page.says(200, "Your card has expired. You can try once more.");
    assert_eq!(pay(&buyer, &order, "tok_visa").await.status, 303);
    until(&buyer, &order, "Paid on")
        .await
        .says(200, "The ticket is yours");
    buyer.get(&ticket).await.says(200, "See the receipt");
    buyer.get("/orders").await.says(200, "Yours");
    until(&seller, "/listings", "Sold on").await;
    let others = stage.anyone().get("/").await;
    assert!(!others.html.contains("Hamlet"), "{}", others.html);
}

#[tokio::test]
async fn the_second_of_two_buyers_is_told_and_gets_it_when_the_first_lets_go() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Tosca").await;
    let (first, second) = (stage.person("grace").await, stage.person("alan").await);
    let page = second.get(&ticket).await;
    let order = reserve(&first, &ticket).await;
    // As from a page that was opened before.
    let fields = [
        ("price", &*page.field("price")),
        ("key", &*page.field("key")),
    ];
    let refused = second.post(&ticket, &fields).await;
    refused.says(409, "Somebody else was faster, and is buying it right now.");
    second.get("/").await.says(200, "data-status=\"reserved\"");
    first.get(&ticket).await.says(200, "Continue to payment");

    let cancelled = first.post(&order, &[("do", "cancel")]).await;
    assert_eq!(cancelled.status, 303);
    first.get(&order).await.says(200, "You cancelled it.");
    until(&second, &ticket, "Reserve and pay").await;
    // The same form as before was answered already: the page has a new one.
    reserve(&second, &ticket).await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_is_done_once() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let key = seller.get("/tickets/new").await.field("key");
    let form = |title| {
        [
            ("title", title),
            ("price", "10"),
            ("key", &*key),
            ("do", "list"),
        ]
    };
    let ticket = sent_twice(&seller, "/tickets/new", &form("Carmen")).await;
    // Another title is another listing, also by the same form.
    let another = seller.post("/tickets/new", &form("Aida")).await;
    assert_eq!(another.status, 303);
    assert_ne!(another.location, ticket);

    let ticket = ticket.split('?').next().unwrap();
    let buyer = stage.person("grace").await;
    let page = buyer.get(ticket).await;
    let fields = [
        ("price", &*page.field("price")),
        ("key", &*page.field("key")),
    ];
    let order = sent_twice(&buyer, ticket, &fields).await;
    let page = until(&buyer, &order, "It is yours while you pay").await;
    let key = page.field("key");
    let fields = [("token", "tok_visa"), ("key", &*key), ("do", "pay")];
    sent_twice(&buyer, &order, &fields).await;
    until(&buyer, &order, "Paid on").await;
    let order = order.rsplit('/').next().unwrap();
    assert_eq!(payments(&buyer, order, &stage).await, 1);
}

/// Sends a form twice at once; both lead on to the same place.
async fn sent_twice(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> String {
    let (one, other) = tokio::join!(visitor.post(path, fields), visitor.post(path, fields));
    let (said, also) = (&one.html, &other.html);
    assert_eq!((one.status, other.status), (303, 303), "{said} {also}");
    assert_eq!(one.location, other.location);
    one.location
}

/// How many payments the API knows of an order.
async fn payments(buyer: &Visitor, order: &str, stage: &Stage) -> usize {
    let token = buyer.token().unwrap();
    let http = reqwest::Client::new();
    let url = format!("{}/api/payments?orderId={order}", stage.server.url);
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    let all: Vec<serde_json::Value> = answer.json().await.unwrap();
    all.len()
}

#[tokio::test]
async fn a_listing_is_changed_unless_it_was_changed_elsewhere_and_withdrawn() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Fidelio").await;
    let edit = format!("{ticket}/edit");
    let form = seller.get(&edit).await;
    form.says(200, "value=\"1250.50\"");
    assert_eq!(form.field("startsAt"), "2031-06-01T20:30");
    let (version, other) = (form.field("version"), form.field("version"));
    let change = |title, version| {
        [
            ("title", title),
            ("price", "99"),
            ("currency", "eur"),
            ("version", version),
        ]
    };
    let saved = seller
        .post(&edit, &change("Fidelio, matinée", &version))
        .await;
    assert_eq!(saved.location, format!("{ticket}?saved"));
    let late = seller
        .post(&edit, &change("Fidelio, evening", &other))
        .await;
    late.says(412, "This listing was changed elsewhere");
    assert_eq!(late.field("title"), "Fidelio, matinée");
    let page = seller.get(&ticket).await;
    page.says(200, "€99.00");
    // What was left blank is cleared.
    assert!(!page.html.contains("Globe Theatre"), "{}", page.html);

    let another = stage.person("grace").await;
    another.get(&edit).await.says(403, "That is not yours");
    another
        .post(&edit, &change("Mine", "2"))
        .await
        .says(403, "That is not yours");
    seller
        .get(&format!("{ticket}/withdraw"))
        .await
        .says(200, "Withdraw this listing?");
    assert_eq!(
        seller
            .post(&format!("{ticket}/withdraw"), &[])
            .await
            .location,
        "/listings"
    );
    seller.get("/listings").await.says(200, "Withdrawn");
    another
        .get(&ticket)
        .await
        .says(200, "This ticket is no longer for sale.");
    assert_eq!(seller.get(&edit).await.location, ticket);
}

#[tokio::test]
async fn an_order_that_is_not_paid_ends_and_says_so() {
    let stage = Stage::open_with(&[("LOCK_SECONDS", "2")]).await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Rusalka").await;
    let buyer = stage.person("grace").await;
    buyer
        .get(&ticket)
        .await
        .says(200, "It is held for you for 2 seconds while you pay.");
    let order = press_reserve(&buyer, &ticket).await.location;
    until(&buyer, &order, "It was not paid in time.").await;
    until(&stage.person("alan").await, &ticket, "Reserve and pay").await;
    buyer.get("/orders").await.says(200, "Expired");
}

#[tokio::test]
async fn everything_wrong_with_a_form_is_told_at_once_and_nothing_written_is_lost() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let fields = [
        ("title", ""),
        ("price", "a lot"),
        ("venue", "Globe \"Theatre\""),
        ("startsAt", "2001-01-01T10:00"),
        ("do", "list"),
    ];
    let refused = seller.post("/tickets/new", &fields).await;
    refused.says(400, "Give it a title of up to 200 characters.");
    refused.says(400, "Write a price above 0");
    refused.says(400, "Give a day and time that lie ahead.");
    refused.says(400, "Globe &#34;Theatre&#34;");
    assert_eq!(refused.field("price"), "a lot");
    let preview = seller
        .post(
            "/tickets/new",
            &[("title", "Elektra"), ("price", "5"), ("do", "preview")],
        )
        .await;
    preview.says(200, "data-status=\"available\"");
    preview.says(200, "$5.00");
    let listings = seller.get("/listings").await;
    assert!(!listings.html.contains("Elektra"), "{}", listings.html);
}

#[tokio::test]
async fn lists_are_searched_and_turned_by_their_address() {
    let stage = Stage::open().await;
    let seller = Client::new(&stage.server.url)
        .sign_up("ada@example.com")
        .await;
    for number in 0..60 {
        let body = serde_json::json!({ "title": format!("Concert {number:02}"), "price": 10 + number, "city": "Graz" });
        assert_eq!(seller.post("/api/tickets", body).await.status, 201);
    }
    let visitor = stage.anyone();
    let first = visitor
        .get("/?q=concert&sort=price&minPrice=12&city=graz")
        .await;
    first.says(200, "Concert 02");
    assert!(!first.html.contains("Concert 01<"), "{}", first.html);
    assert!(!first.html.contains("Concert 52<"), "{}", first.html);
    let next = first.html.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    assert!(
        next.starts_with("/?q=concert&city=graz&minPrice=12&sort=price&cursor="),
        "{next}"
    );
    let second = visitor.get(&next).await;
    second.says(200, "What was found, page 2");
    second.says(200, "Concert 52");
    second.says(200, "First page");
    visitor
        .get("/?q=nothing-like-it")
        .await
        .says(200, "No ticket fits.");
    visitor
        .get("/?minPrice=cheap&from=soon")
        .await
        .says(400, "Write a price as in 120.00.");
    visitor
        .get("/?cursor=made-up")
        .await
        .says(400, "This page is no longer there.");
    let german = Visitor::speaking(&stage.server.url, "de-AT");
    german
        .get("/?minPrice=12,50&maxPrice=13,50")
        .await
        .says(200, "$\u{a0}13,00");
}

#[tokio::test]
async fn a_change_of_the_title_changes_nothing_else_whatever_a_program_has_listed() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let program = reqwest::Client::new();
    let listing = serde_json::json!({
        "title": "Loy Krathong", "price": "500.00", "currency": "thb", "country": "TH",
        // The second of two hours that are shown alike, of a zone by its old name.
        "startsAt": "2031-11-02T06:30:00Z", "timeZone": "US/Eastern",
    });
    let url = format!("{}/api/tickets", stage.server.url);
    let token = seller.token().unwrap();
    let listed = program.post(url).bearer_auth(&token).json(&listing);
    let listed: serde_json::Value = listed.send().await.unwrap().json().await.unwrap();
    let edit = format!("/tickets/{}/edit", listed["id"].as_str().unwrap());
    let form = seller.get(&edit).await;
    form.says(200, "<option value=\"thb\" selected>");
    form.says(200, "<option value=\"US/Eastern\" selected>");
    let version = form.field("version");
    let starts = form.field("startsAt");
    let fields = [
        ("title", "Loy Krathong in New York"),
        ("price", "500.00"),
        ("currency", "thb"),
        ("country", "TH"),
        ("startsAt", &*starts),
        ("timeZone", "US/Eastern"),
        ("version", &*version),
    ];
    assert_eq!(seller.post(&edit, &fields).await.status, 303);
    let url = format!(
        "{}/api/tickets/{}",
        stage.server.url,
        listed["id"].as_str().unwrap()
    );
    let now: serde_json::Value = program.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(now["title"], "Loy Krathong in New York");
    for name in ["price", "currency", "country", "startsAt", "timeZone"] {
        assert_eq!(now[name], listed[name], "{name}");
    }
}
