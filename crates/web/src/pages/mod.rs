//! The pages, one file each: what is asked of the services, what is done, and which template shows it.
//!
//! A form sends to the page that it stands on, so that a refusal is shown there, and what was written is kept. What was
//! done leads on by a redirect, so that a reload repeats nothing.

mod account;
mod data;
mod door;
mod edit;
pub(crate) mod home;
mod language;
mod listings;
pub(crate) mod next;
mod order;
mod orders;
pub(crate) mod problem;
#[cfg(test)]
mod samples;
mod sell;
mod sign_in;
mod sign_out;
mod sign_up;
mod statement;
mod ticket;
mod ticket_form;
mod withdraw;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tessera_contracts::http::Problem;
use tessera_platform::http::wants_page;

use crate::app::App;
use crate::live::stream;
use crate::{assets, shelf, visitor};

/// All of them.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/", home(&app))
        .route("/tickets/new", get(sell::show).post(sell::submit))
        .route("/tickets/{id}", get(ticket::show).post(ticket::reserve))
        .route("/tickets/{id}/edit", get(edit::show).post(edit::submit))
        .route(
            "/tickets/{id}/withdraw",
            get(withdraw::show).post(withdraw::submit),
        )
        .route("/listings", get(listings::show))
        .route("/listings/statement", get(statement::show))
        .route("/orders", get(orders::show))
        .route("/orders/{id}", get(order::show).post(order::submit))
        .route("/auth/signin", get(sign_in::show).post(sign_in::submit))
        .route("/auth/signup", get(sign_up::show).post(sign_up::submit))
        .route("/auth/signout", get(sign_out::show).post(sign_out::submit))
        .route("/account", get(account::show).post(account::submit))
        .route("/account/data", get(data::download))
        .route("/language", post(language::choose))
        .route("/live", get(stream::live))
        .merge(assets::routes())
        .layer(middleware::from_fn_with_state(app.clone(), sign_in_first))
        .with_state(app)
}

/// Kept as it is sent: compressed.
fn home(app: &App) -> MethodRouter<App> {
    get(home::show)
        .layer(assets::compression())
        .layer(middleware::from_fn_with_state(app.clone(), shelf::keep))
}

/// Leads a person who would have to be signed in to the page for that, and back afterwards.
async fn sign_in_first(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_person = wants_page(&request);
    let here = request.uri().path_and_query().map(ToString::to_string);
    let had_session = visitor::has_session(&app, request.headers());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    let problem = response.extensions().get::<Arc<Problem>>();
    let must_sign_in = response.status() == StatusCode::UNAUTHORIZED
        && problem.is_some_and(|problem| problem.code == "not_signed_in");
    match here {
        Some(here) if must_sign_in && is_person => next::sign_in(&here, had_session, is_read),
        _ => response,
    }
}
