//! Who is signed in, and what becomes of a page when they no longer are.

use crate::stage::{Stage, list, reserve};

#[tokio::test]
async fn a_page_of_ones_own_leads_to_the_door_and_back() {
    let stage = Stage::open().await;
    let visitor = stage.anyone();
    for path in [
        "/tickets/new",
        "/listings",
        "/orders",
        "/account",
        "/orders/01890000-0000-7000-8000-000000000001",
    ] {
        let led = visitor.get(path).await;
        let next = path.replace('/', "%2F");
        assert_eq!(
            (led.status, led.location),
            (303, format!("/auth/signin?next={next}"))
        );
    }
    visitor.sign_up("ada@example.com").await;
    assert_eq!(visitor.post("/auth/signout", &[]).await.status, 303);
    let fields = [("email", "ADA@example.com"), ("password", "correct horse")];
    let back = visitor
        .post("/auth/signin?next=%2Ftickets%2Fnew", &fields)
        .await;
    assert_eq!((back.status, back.location.as_str()), (303, "/tickets/new"));
    // Who is signed in needs no door.
    assert_eq!(
        visitor.get("/auth/signin?next=%2Forders").await.location,
        "/orders"
    );
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let stage = Stage::open().await;
    stage.person("ada").await;
    let fields = [("email", "ada@example.com"), ("password", "correct horse")];
    for next in [
        "//evil.example.org",
        "https%3A%2F%2Fevil.example.org",
        "%2F%5Cevil.example.org",
        "%2F%09%2Fevil.example.org",
    ] {
        let visitor = stage.anyone();
        let led = visitor
            .post(&format!("/auth/signin?next={next}"), &fields)
            .await;
        assert_eq!((led.status, led.location.as_str()), (303, "/"), "{next}");
        let led = visitor.get(&format!("/auth/signin?next={next}")).await;
        assert_eq!((led.status, led.location.as_str()), (303, "/"), "{next}");
    }
    let visitor = stage.anyone();
    let led = visitor
        .post(
            "/language",
            &[("language", "de"), ("next", "//evil.example.org")],
        )
        .await;
    assert_eq!((led.status, led.location.as_str()), (303, "/"));
    visitor.get("/").await.says(200, "Ticket verkaufen");
}

#[tokio::test]
async fn a_session_that_ended_elsewhere_is_told_and_nothing_is_done_in_its_name() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Norma").await;
    let buyer = stage.person("grace").await;
    let page = buyer.get(&ticket).await;
    let order = reserve(&buyer, &ticket).await;
    // Another tab, with the same cookie, whose browser has not heard of the end.
    let token = buyer.token().unwrap();
    let http = reqwest::Client::new();
    let out = http
        .post(format!("{}/api/users/signout", stage.server.url))
        .bearer_auth(&token);
    assert_eq!(out.send().await.unwrap().status(), 200);

    let led = buyer.get(&order).await;
    assert_eq!(led.status, 303, "{}", led.html);
    assert!(led.location.ends_with("&why=ended"), "{}", led.location);
    let buyer = stage.anyone();
    let fields = [
        ("price", &*page.field("price")),
        ("key", &*page.field("key")),
    ];
    let led = buyer.post(&ticket, &fields).await;
    assert_eq!(
        led.location,
        format!(
            "/auth/signin?next={}&why=not_done",
            ticket.replace('/', "%2F")
        )
    );
    buyer.get(&led.location).await.says(200, "It was not done");
}

#[tokio::test]
async fn who_is_refused_at_the_door_is_told_why_and_never_shown_a_password() {
    let stage = Stage::open().await;
    let visitor = stage.person("ada").await;
    visitor.post("/auth/signout", &[]).await;
    let wrong = visitor
        .post(
            "/auth/signin",
            &[("email", "ada@example.com"), ("password", "wrong horse")],
        )
        .await;
    wrong.says(401, "No account has this address and this password.");
    assert_eq!(wrong.field("email"), "ada@example.com");
    assert!(!wrong.html.contains("wrong horse"));
    let taken = visitor
        .post(
            "/auth/signup",
            &[("email", "ada@example.com"), ("password", "correct horse")],
        )
        .await;
    taken.says(409, "This address has an account already.");
    let both = visitor
        .post("/auth/signup", &[("email", "ada"), ("password", "short")])
        .await;
    both.says(400, "Give your e-mail address");
    both.says(400, "A password has 8 to 128 characters.");
}
