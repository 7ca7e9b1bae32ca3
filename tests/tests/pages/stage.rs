//! A running marketplace, and people who look at its pages.

use tempfile::TempDir;
use tessera_tests::process::Server;
use tessera_tests::visitor::{Shown, Visitor};
use tessera_tests::within;

pub struct Stage {
    pub server: Server,
    pub folder: TempDir,
}

impl Stage {
    pub async fn open() -> Stage {
        Stage::open_with(&[]).await
    }

    /// With settings of the test's own.
    pub async fn open_with(settings: &[(&str, &str)]) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), settings).await;
        Stage { server, folder }
    }

    /// Somebody new.
    pub fn anyone(&self) -> Visitor {
        Visitor::new(&self.server.url)
    }

    /// Somebody with an account.
    pub async fn person(&self, name: &str) -> Visitor {
        let visitor = self.anyone();
        visitor.sign_up(&format!("{name}@example.com")).await;
        visitor
    }
}

/// Lists a ticket by the form for that; answers the path of its page.
pub async fn list(seller: &Visitor, title: &str) -> String {
    let form = seller.get("/tickets/new").await;
    form.says(200, "Sell a ticket");
    let fields = [
        ("title", title),
        ("price", "1,250.5"),
        ("currency", "usd"),
        ("venue", "Globe Theatre"),
        ("city", "London"),
        ("country", "GB"),
        ("startsAt", "2031-06-01T20:30"),
        ("timeZone", "Europe/London"),
        ("row", "12"),
        ("key", &form.field("key")),
        ("do", "list"),
    ];
    let listed = seller.post("/tickets/new", &fields).await;
    assert_eq!(listed.status, 303, "{}", listed.html);
    listed.location.split('?').next().unwrap().to_owned()
}

/// Reserves the ticket on this page; answers what came.
pub async fn press_reserve(buyer: &Visitor, path: &str) -> Shown {
    let page = buyer.get(path).await;
    let fields = [
        ("price", &*page.field("price")),
        ("key", &*page.field("key")),
    ];
    buyer.post(path, &fields).await
}

/// The same, and waits until the order can be paid; answers the path of its page.
pub async fn reserve(buyer: &Visitor, path: &str) -> String {
    let reserved = press_reserve(buyer, path).await;
    assert_eq!(reserved.status, 303, "{}", reserved.html);
    until(buyer, &reserved.location, "It is yours while you pay").await;
    reserved.location
}

/// Looks at a page until it says this.
pub async fn until(visitor: &Visitor, path: &str, text: &str) -> Shown {
    within(30, text, async || {
        let shown = visitor.get(path).await;
        shown.html.contains(text).then_some(shown)
    })
    .await
}

/// Pays with this card; answers what came.
pub async fn pay(buyer: &Visitor, path: &str, card: &str) -> Shown {
    let page = buyer.get(path).await;
    let fields = [("token", card), ("key", &*page.field("key")), ("do", "pay")];
    buyer.post(path, &fields).await
}
