//! The operations of the API, as its description lists them. What the server answers is compared with the tables of
//! the matrices, never with this list's own wording.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Every operation that is described: `GET /api/orders/{id}`.
pub fn described() -> BTreeSet<String> {
    let file = root().join("docs/openapi.json");
    let text = fs::read_to_string(&file).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut all = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            all.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    all
}

/// Those of them that change something, or may.
pub fn writes() -> BTreeSet<String> {
    let mut all = described();
    all.retain(|operation| !operation.starts_with("GET "));
    all
}

/// Says which operations a table leaves out, and of which it tells in vain.
pub fn compare(what: &str, described: &BTreeSet<String>, rows: &BTreeSet<String>) -> Vec<String> {
    let missing = described.difference(rows);
    let missing = missing.map(|operation| format!("{operation}: no row in {what}"));
    let gone = rows.difference(described);
    let gone = gone.map(|operation| format!("{operation}: a row in {what}, and no such operation"));
    missing.chain(gone).collect()
}

/// The paths of pages that take a form, as the pages' own router names them.
pub fn forms() -> BTreeSet<String> {
    routed(&pages_router(), |route| route.contains("post("))
}

/// The paths of pages that can be looked at.
pub fn pages() -> BTreeSet<String> {
    // That of the home page is put together in a function of its own.
    let is_read = |route: &str| route.contains("get(") || route.contains("home(");
    routed(&pages_router(), is_read)
}

fn pages_router() -> String {
    fs::read_to_string(root().join("crates/web/src/pages/mod.rs")).unwrap()
}

fn routed(router: &str, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let routes = router.split(".route(").skip(1);
    let wanted = routes.filter(|route| {
        let end = route.find(".merge(").unwrap_or(route.len());
        is_wanted(&route[..end])
    });
    wanted
        .map(|route| route.split('"').nth(1).unwrap().to_owned())
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn an_operation_without_a_row_and_a_row_without_an_operation_are_both_named() {
    let set = |names: [&str; 2]| names.map(str::to_owned).into();
    let found = compare(
        "the table",
        &set(["GET /a", "GET /b"]),
        &set(["GET /b", "GET /c"]),
    );
    assert_eq!(
        found,
        [
            "GET /a: no row in the table",
            "GET /c: a row in the table, and no such operation"
        ]
    );
}

#[test]
fn a_form_is_found_in_the_router_however_it_is_written() {
    let router =
        "Router::new().route(\"/\", home(&app)).route(\"/a\", get(a::show).post(a::submit))
        .route(\n \"/b\",\n post(b::choose),\n ).route(\"/c\", get(c)).merge(post())";
    let forms = routed(router, |route| route.contains("post("));
    assert_eq!(forms, ["/a", "/b"].map(str::to_owned).into());
}
