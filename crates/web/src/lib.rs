//! Web is what people see in a browser: the pages of the marketplace, and the API reference, which is part of
//! the binary and needs no network.
//!
//! It keeps nothing, and knows the services by their public APIs alone: it never reads a database, and
//! never asks for more than its visitor may. What its open pages show it hears of from the events that
//! pass; after a drop a page reads its state anew.
//!
//! A page is a file in `pages/` (what is asked and done), a file in `templates/` (how it looks), and its words
//! in `catalogue/`. It works without any script; `assets/app.js` adds what moves by itself.

mod api;
mod app;
mod assets;
mod cards;
mod catalogue;
mod digest;
mod fields;
mod form;
mod frame;
mod live;
mod locale;
mod notice;
mod pages;
mod paging;
mod reference;
mod shelf;
mod shown;
mod visitor;

use std::sync::Arc;

use serde_json::Value;
use tessera_platform::service::{Pages, StartError, Surroundings};

use api::Api;
use app::App;
use live::Hub;

/// Its name in metrics and logs, and as an argument of `tessera serve`.
pub const NAME: &str = "web";

/// All pages of a process. They ask the services of this process when it runs all of them (`here`), those at
/// `API_URL` otherwise. `reference` is the description of all endpoints, as it is read at `/docs`.
pub fn pages(around: &Surroundings<'_>, here: bool, reference: Value) -> Result<Pages, StartError> {
    let api = if here {
        Api::here(around.services.clone())
    } else {
        Api::there(&around.settings)?
    };
    let hub = Hub::new(around.bus.clone(), around.clock.clone());
    let app = App::new(api, hub.clone(), around);
    let routes = pages::routes(app.clone()).merge(reference::routes(reference));
    Ok(Pages {
        routes: routes.layer(assets::compression()),
        show_problem: Arc::new(move |headers, problem| {
            pages::problem::html(&app, headers, problem)
        }),
        tasks: vec![Arc::new(move |stop| {
            let hub = hub.clone();
            Box::pin(async move { hub.follow(stop).await })
        })],
    })
}
