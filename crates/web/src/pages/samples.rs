//! Every page in every state that it has, written for sample data in both languages: that no template fails, that
//! what people wrote stays text, and that the marks of a page are in order.

use std::collections::HashSet;

use askama::Template;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::Payment;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_contracts::http::{Problem, ProblemError};
use tessera_contracts::{CancelReason, PaymentStatus};

use super::ticket_form::{self, TicketForm};
use super::{
    account, edit, home, listings, order, orders, problem, sell, sign_in, sign_out, sign_up,
    ticket, withdraw,
};
use crate::fields::FieldsShown;
use crate::form::Form;
use crate::notice::Notice;
use crate::shown::Card;
use crate::visitor::Visitor;

/// What somebody may call their ticket.
const HOSTILE: &str = "\"><script>alert('1')</script><img src=x onerror=alert(1)>{{ page }}";
const SELLER: &str = "01890000-0000-7000-8000-000000000001";
const BUYER: &str = "01890000-0000-7000-8000-000000000002";
const ORDER: &str = "01890000-0000-7000-8000-000000000003";
const TICKET: &str = "01890000-0000-7000-8000-000000000004";

/// A page, written.
struct Written {
    name: String,
    html: String,
}

/// All states of all pages for one visitor.
struct Samples {
    visitor: Visitor,
    written: Vec<Written>,
}

impl Samples {
    fn of(language: &str) -> Samples {
        let mut samples = Samples {
            visitor: Visitor::sample(&format!("/?q={HOSTILE}"), language),
            written: Vec::new(),
        };
        samples.home();
        samples.tickets();
        samples.forms();
        samples.rows();
        samples.orders();
        samples.doors();
        samples.account();
        samples.problems();
        samples
    }

    fn add(&mut self, name: impl Into<String>, page: &impl Template) {
        let name = name.into();
        let html = page
            .render()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        self.written.push(Written { name, html });
    }

    fn home(&mut self) {
        let asked = home::Asked {
            q: HOSTILE.to_owned(),
            category: HOSTILE.to_owned(),
            city: HOSTILE.to_owned(),
            from: HOSTILE.to_owned(),
            to: HOSTILE.to_owned(),
            min_price: HOSTILE.to_owned(),
            max_price: HOSTILE.to_owned(),
            sort: HOSTILE.to_owned(),
            cursor: HOSTILE.to_owned(),
            number: 2,
        };
        let states = ["available", "reserved", "sold", "withdrawn"];
        let all = states.map(|status| tickets(status, None)).concat();
        let page = home::page(&self.visitor, home::Asked::default(), None, &all, None);
        self.add("home", &page);
        let next = Some("eyJ9".to_owned());
        let page = home::page(&self.visitor, asked.clone(), Some(user(BUYER)), &all, next);
        self.add("home, narrowed, page 2", &page);
        let page = home::page(&self.visitor, home::Asked::default(), None, &[], None);
        self.add("home, empty", &page);
        let mut page = home::page(&self.visitor, asked, None, &[], None);
        page.errors = home::errors(
            self.visitor.words(),
            &refusal(&["minPrice", "from", "cursor", "q"]),
        );
        self.add("home, refused", &page);
    }

    fn tickets(&mut self) {
        let visitors = [None, Some(user(SELLER)), Some(user(BUYER))];
        for (status, user) in ["available", "reserved", "sold", "withdrawn"]
            .into_iter()
            .flat_map(|status| visitors.iter().cloned().map(move |user| (status, user)))
        {
            for ticket in tickets(status, None) {
                let buys = user
                    .as_ref()
                    .is_some_and(|user| user.id.to_string() == BUYER);
                for order in [
                    None,
                    Some(order_in("awaiting:payment", None)),
                    Some(order_in("complete", None)),
                ] {
                    let name = format!("ticket, {status}, {:?}", user.as_ref().map(|user| user.id));
                    let order = order.filter(|_| buys);
                    let seen = ticket::Seen {
                        ticket: ticket.clone(),
                        user: user.clone(),
                        order,
                    };
                    let notice = Some(Notice::bad(self.visitor.words().ticket.refused[0].1));
                    let page = ticket::page(&self.visitor, &seen, notice);
                    self.add(name, &page);
                }
            }
        }
        let [over] = &tickets("available", Some("2029-01-01T20:00:00Z"))[..1] else {
            panic!("one");
        };
        let seen = ticket::Seen {
            ticket: over.clone(),
            user: Some(user(BUYER)),
            order: None,
        };
        let page = ticket::page(&self.visitor, &seen, None);
        self.add("ticket, over", &page);
    }

    fn forms(&mut self) {
        let (t, locale) = (self.visitor.words(), self.visitor.locale);
        let ticket = &tickets("available", None)[0];
        let empty = TicketForm::new(Form::default(), "key".to_owned(), locale);
        let page = sell::page(&self.visitor, user(SELLER), empty, None);
        self.add("sell, empty", &page);
        let hostile = ticket_form::of_ticket(ticket, locale)
            .with("price", HOSTILE)
            .with("startsAt", HOSTILE);
        let fields = [
            "title",
            "price",
            "startsAt",
            "country",
            "timeZone",
            "seat",
            "unheard-of",
        ];
        let form = TicketForm::new(hostile.clone(), HOSTILE.to_owned(), locale);
        let form = form.refused(t, &refusal(&fields));
        let card = ticket_form::preview(&hostile, t, locale);
        let page = sell::page(&self.visitor, user(SELLER), form, card);
        self.add("sell, refused", &page);
        let mut page = edit::page(&self.visitor, user(SELLER), ticket);
        self.add("edit", &page);
        page.form.notice = Some(t.edit.changed_meanwhile.to_owned());
        page.version = HOSTILE.to_owned();
        self.add("edit, changed meanwhile", &page);
        let page = withdraw::WithdrawPage {
            page: self.visitor.frame(HOSTILE, Some(user(SELLER))),
            card: Card::of_ticket(ticket, t, locale),
        };
        self.add("withdraw", &page);
    }

    fn rows(&mut self) {
        let states = ["available", "reserved", "sold", "withdrawn"];
        let all = states.map(|status| tickets(status, None)).concat();
        let over = tickets("available", Some("2029-01-01T20:00:00Z"));
        for rows in [Vec::new(), [all, over].concat()] {
            let page = listings::ListingsPage {
                page: self.visitor.frame("Listings", Some(user(SELLER))),
                since: 0,
                rows: rows
                    .iter()
                    .map(|ticket| listings::row(&self.visitor, ticket))
                    .collect(),
                first: Some("/listings".to_owned()),
                next: Some("/listings?cursor=eyJ9".to_owned()),
            };
            self.add(format!("listings, {}", rows.len()), &page);
        }
        let mut all = vec![
            order_in("created", None),
            order_in("awaiting:payment", None),
            order_in("complete", None),
        ];
        all.extend(
            CancelReason::ALL
                .iter()
                .map(|reason| order_in("cancelled", Some(reason.as_str()))),
        );
        for rows in [Vec::new(), all] {
            let page = orders::OrdersPage {
                page: self.visitor.frame("Orders", Some(user(BUYER))),
                since: 0,
                rows: rows
                    .iter()
                    .map(|order| orders::row(&self.visitor, order))
                    .collect(),
                first: None,
                next: None,
            };
            self.add(format!("orders, {}", rows.len()), &page);
        }
    }

    fn orders(&mut self) {
        let mut states = vec![
            ("created", None),
            ("awaiting:payment", None),
            ("complete", None),
        ];
        states.extend(
            CancelReason::ALL
                .iter()
                .map(|reason| ("cancelled", Some(reason.as_str()))),
        );
        for (status, reason) in states {
            for payments in payments() {
                for expires in ["2030-01-01T12:15:00Z", "2030-01-01T11:59:59Z"] {
                    let mut order = order_in(status, reason);
                    order.expires_at = expires.parse().unwrap();
                    let name = format!("order, {status} {reason:?}, {payments:?}, until {expires}");
                    let frame = self.visitor.frame(HOSTILE, Some(user(BUYER)));
                    let seen = order::Seen {
                        order,
                        payments: payments.clone(),
                    };
                    let page = order::page(&self.visitor, frame, &seen, None);
                    self.add(name, &page);
                }
            }
        }
    }

    fn doors(&mut self) {
        let query = Form::default().with("next", "/orders/7");
        for why in ["", "ended", "not_done", "signed_out", "deleted"] {
            let page = sign_in::CredentialsPage {
                notice: sign_in::why(&self.visitor.words().account, why),
                ..sign_in::page(&self.visitor, &query, FieldsShown::default())
            };
            self.add(format!("sign in, {why}"), &page);
        }
        let form = Form::default()
            .with("email", HOSTILE)
            .with("password", "never shown");
        let refusals = [
            problem_with(401, "invalid_credentials", &[]),
            problem_with(409, "email_in_use", &[]),
            problem_with(429, "too_many_requests", &[]),
            problem_with(400, "validation_failed", &["email", "password"]),
            problem_with(400, "validation_failed", &["unheard-of"]),
        ];
        for problem in refusals {
            let code = problem.code.clone();
            let refusal =
                tessera_platform::http::Failure::relayed(StatusCode::BAD_REQUEST, problem, None);
            let (fields, notice) = sign_in::refused(self.visitor.words(), &form, &refusal);
            let page = sign_in::CredentialsPage {
                notice,
                ..sign_up::page(&self.visitor, &query, fields)
            };
            self.add(format!("sign up, {code}"), &page);
        }
        let page = sign_out::SignOutPage {
            page: self.visitor.frame("Sign out", Some(user(BUYER))),
        };
        self.add("sign out", &page);
    }

    fn account(&mut self) {
        let page = account::page(&self.visitor, user(BUYER));
        self.add("account", &page);
        let codes = [
            ("invalid_credentials", vec![]),
            ("too_many_requests", vec![]),
            ("validation_failed", vec!["current", "new", "password"]),
        ];
        for (code, fields) in codes {
            let problem = problem_with(400, code, &fields);
            let refusal =
                tessera_platform::http::Failure::relayed(StatusCode::BAD_REQUEST, problem, None);
            let (change, notice) = account::refused(self.visitor.words(), &refusal, "current");
            let (deletion, _) = account::refused(self.visitor.words(), &refusal, "password");
            let page = account::AccountPage {
                change,
                deletion,
                notice,
                ..account::page(&self.visitor, user(BUYER))
            };
            self.add(format!("account, {code}"), &page);
        }
    }

    fn problems(&mut self) {
        for status in [
            400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 502, 503, 504,
        ] {
            let html = problem::html(
                &self.visitor.app,
                &axum::http::HeaderMap::new(),
                &problem_with(status, HOSTILE, &[HOSTILE]),
            );
            self.written.push(Written {
                name: format!("problem {status}"),
                html,
            });
        }
    }
}

fn user(id: &str) -> User {
    User {
        id: id.parse().unwrap(),
        email: format!("{HOSTILE}@example.com"),
    }
}

/// One that says everything, and one that says the least that it may.
fn tickets(status: &str, starts_at: Option<&str>) -> Vec<Ticket> {
    let starts_at = starts_at.unwrap_or("2030-06-01T18:30:00Z");
    let holder = matches!(status, "reserved" | "sold").then_some(ORDER);
    let bare = json!({
        "id": TICKET, "version": 3, "userId": SELLER, "title": HOSTILE, "price": "120.00", "fee": "0.00", "total": "120.00",
        "currency": "usd", "status": status, "orderId": holder,
        "createdAt": "2029-12-01T10:00:00Z", "updatedAt": "2029-12-02T10:00:00Z",
    });
    let mut full = bare.clone();
    for (name, value) in [
        ("category", HOSTILE),
        ("venue", HOSTILE),
        ("city", HOSTILE),
        ("country", "AT"),
        ("startsAt", starts_at),
        ("timeZone", "Europe/Vienna"),
        ("section", HOSTILE),
        ("row", HOSTILE),
        ("seat", "Row Seat 7"),
        ("fee", "6.00"),
        ("total", "126.00"),
    ] {
        full[name] = Value::from(value);
    }
    [full, bare]
        .map(|json| serde_json::from_value(json).unwrap())
        .to_vec()
}

fn order_in(status: &str, reason: Option<&str>) -> Order {
    let order = json!({
        "id": ORDER, "version": 2, "userId": BUYER, "status": status, "cancelReason": reason,
        "expiresAt": "2030-01-01T12:15:00Z", "price": "120.00", "fee": "6.00", "total": "126.00", "currency": "usd",
        "ticket": {
            "id": TICKET, "version": 3, "userId": SELLER, "title": HOSTILE, "price": "120.00", "currency": "usd",
            "venue": HOSTILE, "city": HOSTILE, "country": "AT", "startsAt": "2030-06-01T18:30:00Z",
            "timeZone": "Europe/Vienna", "section": HOSTILE, "row": "Q", "seat": HOSTILE,
        },
        "createdAt": "2030-01-01T12:00:00Z", "updatedAt": "2030-01-01T12:00:01Z",
    });
    serde_json::from_value(order).unwrap()
}

/// None, one in each state, and several that were declined.
fn payments() -> Vec<Vec<Payment>> {
    let payment = |status: &str, code: Option<&str>| -> Payment {
        let payment = json!({
            "id": ORDER, "orderId": ORDER, "status": status, "declineCode": code, "amount": "126.00", "currency": "usd",
            "createdAt": "2030-01-01T12:01:00Z",
        });
        serde_json::from_value(payment).unwrap()
    };
    let mut all = vec![Vec::new()];
    all.extend(
        PaymentStatus::ALL
            .iter()
            .map(|status| vec![payment(status.as_str(), None)]),
    );
    let declined = |code| payment("declined", Some(code));
    all.push(vec![
        declined("insufficient_funds"),
        declined("expired_card"),
    ]);
    all.push(vec![
        declined(HOSTILE),
        declined("generic_decline"),
        declined(HOSTILE),
    ]);
    all.push(vec![declined("expired_card"), payment("captured", None)]);
    all
}

fn problem_with(status: u16, code: &str, fields: &[&str]) -> Problem {
    let errors = fields.iter().map(|field| ProblemError {
        message: HOSTILE.to_owned(),
        field: Some((*field).to_owned()),
    });
    Problem::new(status, HOSTILE, code, HOSTILE).with_errors(errors.collect())
}

fn refusal(fields: &[&str]) -> tessera_platform::http::Failure {
    let problem = problem_with(400, "validation_failed", fields);
    tessera_platform::http::Failure::relayed(StatusCode::BAD_REQUEST, problem, None)
}

fn all() -> Vec<Written> {
    ["en-US", "de-AT"]
        .into_iter()
        .flat_map(|language| Samples::of(language).written)
        .collect()
}

/// The values of an attribute, as they stand in the page.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let mark = format!(" {attribute}=\"");
    let pieces = html.split(mark.as_str()).skip(1);
    pieces
        .map(|piece| piece.split('"').next().unwrap())
        .collect()
}

#[test]
fn what_people_wrote_stays_text() {
    for Written { name, html } in all() {
        assert!(!html.contains("<script>"), "{name}");
        assert!(!html.contains("<img"), "{name}");
    }
    let everywhere = all();
    let shown = everywhere
        .iter()
        .filter(|written| written.html.contains("&#60;script&#62;"))
        .count();
    assert!(
        shown * 10 > everywhere.len() * 8,
        "{shown} of {} show it",
        everywhere.len()
    );
}

#[test]
fn every_page_has_one_heading_of_the_first_order_and_a_language() {
    for Written { name, html } in all() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert!(
            html.contains("<html lang=\"en") || html.contains("<html lang=\"de"),
            "{name}"
        );
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        assert!(!html.contains("{}"), "{name}: a value is missing");
    }
}

#[test]
fn nothing_is_inline() {
    for Written { name, html } in all() {
        for word in [" style=", "<style", " onclick=", "javascript:", "<script "] {
            let allowed = if word == "<script " { 1 } else { 0 };
            assert_eq!(html.matches(word).count(), allowed, "{name}: {word}");
        }
    }
}

#[test]
fn ids_are_there_once_and_what_refers_to_one_finds_it() {
    for Written { name, html } in all() {
        let ids = values(&html, "id");
        let known: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: {ids:?}");
        for attribute in ["for", "aria-labelledby", "aria-describedby", "list"] {
            for reference in values(&html, attribute)
                .into_iter()
                .flat_map(str::split_whitespace)
            {
                assert!(known.contains(reference), "{name}: {attribute}={reference}");
            }
        }
    }
}

#[test]
fn every_form_that_does_something_is_sent_by_post_and_has_a_button() {
    for Written { name, html } in all() {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("<button"), "{name}: {form}");
            let is_search = form.contains("role=\"search\"");
            assert_eq!(
                form.contains("method=\"post\""),
                !is_search,
                "{name}: {form}"
            );
        }
    }
}

#[test]
fn a_password_is_never_shown_again() {
    for Written { name, html } in all() {
        assert!(!html.contains("never shown"), "{name}");
    }
}
