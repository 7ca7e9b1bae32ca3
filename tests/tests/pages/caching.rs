//! What browsers keep, what travels, and what a page may load.

use tessera_tests::visitor::Visitor;

use crate::stage::{Stage, list};

#[tokio::test]
async fn pages_may_load_nothing_but_what_is_ours_and_nothing_is_inline() {
    let stage = Stage::open().await;
    let visitor = stage.person("ada").await;
    for path in ["/", "/orders", "/tickets/new", "/auth/signin", "/nowhere"] {
        let page = visitor.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("data:"),
            "{policy}"
        );
        assert!(!page.html.contains("//fonts") && !page.html.contains("http://cdn"));
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_pages_of_ones_own_not_at_all() {
    let stage = Stage::open().await;
    let visitor = stage.anyone();
    let home = visitor.get("/").await;
    assert_eq!(home.header("cache-control"), "no-cache");
    for mark in [
        "<link rel=\"stylesheet\" href=\"",
        "<script type=\"module\" src=\"",
        "<link rel=\"icon\" href=\"",
    ] {
        let path = home
            .html
            .split(mark)
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let asset = visitor.get(path).await;
        assert_eq!(
            (asset.status, asset.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{path}"
        );
    }
    visitor.sign_up("ada@example.com").await;
    for path in ["/", "/orders", "/account"] {
        assert_eq!(
            visitor.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_are_compressed_and_vary_by_what_they_depend_on() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    list(&seller, "Turandot").await;
    for (encoding, accepted) in [("br", "gzip, br"), ("gzip", "gzip")] {
        let request = stage
            .anyone()
            .ask(reqwest::Method::GET, "/")
            .header("accept-encoding", accepted);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
        let vary: Vec<&str> = answer
            .headers()
            .get_all("vary")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        let vary = vary.join(", ");
        for header in ["accept-language", "cookie", "accept-encoding"] {
            assert!(vary.contains(header), "{vary}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_shown_whole_also_to_who_takes_compressed_answers() {
    let stage = Stage::open().await;
    let request = stage
        .anyone()
        .ask(reqwest::Method::GET, "/tickets/7")
        .header("accept-encoding", "gzip, br");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.headers().get("content-encoding").is_none());
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("There is nothing here")
    );
}

#[tokio::test]
async fn a_page_that_was_kept_is_never_older_than_what_its_seller_was_answered() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    for round in 0..20 {
        let title = format!("Round {round} of Parsifal");
        let before = stage.anyone().get("/?q=parsifal").await;
        assert!(!before.html.contains(&title), "{title}");
        // It is kept now, for a second at most: some rounds are within one.
        list(&seller, &title).await;
        stage.anyone().get("/?q=parsifal").await.says(200, &title);
    }
}

#[tokio::test]
async fn nobody_is_shown_a_page_of_somebody_elses_or_of_another_language() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    list(&seller, "Euryanthe").await;
    for _ in 0..3 {
        stage.anyone().get("/").await.says(200, "Sign in");
        seller.get("/").await.says(200, "My listings");
        let german = Visitor::speaking(&stage.server.url, "de-AT");
        german.get("/").await.says(200, "$\u{a0}1.250,50");
        stage.anyone().get("/").await.says(200, "$1,250.50");
    }
}
