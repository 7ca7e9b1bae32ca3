//! The pages, written: each in every state that it has.

use askama::Template;
use axum::http::StatusCode;
use tessera_contracts::CancelReason;
use tessera_platform::http::Failure;

use super::data::{
    BUYER, HOSTILE, SELLER, balances, gateways, order_in, payments, problem_with, refusal,
    statement, tickets, user,
};
use crate::fields::FieldsShown;
use crate::form::Form;
use crate::notice::Notice;
use crate::pages::ticket_form::{self, TicketForm};
use crate::pages::{
    account, door, edit, home, listings, order, orders, problem, sell, sign_in, sign_out, sign_up,
    statement as statement_page, ticket, withdraw,
};
use crate::shown::Card;
use crate::visitor::Visitor;

/// A page, written.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) html: String,
}

/// All states of all pages for one visitor.
pub(super) struct Samples {
    visitor: Visitor,
    pub(super) written: Vec<Written>,
}

impl Samples {
    pub(super) fn of(language: &str) -> Samples {
        let mut samples = Samples {
            visitor: Visitor::sample(&format!("/?q={HOSTILE}"), language),
            written: Vec::new(),
        };
        samples.home();
        samples.tickets();
        samples.forms();
        samples.rows();
        samples.statement();
        for (gateway, settings) in gateways().into_iter().enumerate() {
            let visitor = Visitor::sample_with("/orders/7", language, settings);
            samples.orders(&format!("gateway {gateway}"), &visitor);
        }
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
        let fees = self.visitor.app.settings.fees;
        let preview = ticket_form::preview(&hostile, fees, t, locale);
        let page = sell::page(&self.visitor, user(SELLER), form, preview);
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
                has_statement: !rows.is_empty(),
                purses: listings::purses(&self.visitor, &balances()),
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

    fn statement(&mut self) {
        for lines in [Vec::new(), statement()] {
            let name = format!("statement, {}", lines.len());
            let page = statement_page::StatementPage {
                page: self.visitor.frame(HOSTILE, Some(user(SELLER))),
                since: 0,
                lines: lines
                    .into_iter()
                    .map(|line| statement_page::line(&self.visitor, line))
                    .collect(),
                first: Some("/listings/statement".to_owned()),
                next: Some("/listings/statement?cursor=eyJ9".to_owned()),
            };
            self.add(name, &page);
        }
    }

    fn orders(&mut self, gateway: &str, visitor: &Visitor) {
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
                    let name = format!(
                        "order, {gateway}, {status} {reason:?}, {payments:?}, until {expires}"
                    );
                    let frame = visitor.frame(HOSTILE, Some(user(BUYER)));
                    let seen = order::Seen {
                        order,
                        payments: payments.clone(),
                    };
                    let page = order::page(visitor, frame, &seen, None);
                    self.add(name, &page);
                }
            }
        }
    }

    fn doors(&mut self) {
        let query = Form::default().with("next", "/orders/7");
        for why in ["", "ended", "not_done", "signed_out", "deleted"] {
            let page = door::DoorPage {
                notice: door::why(&self.visitor.words().account, why),
                ..door::page(
                    &sign_in::SIDE,
                    &self.visitor,
                    &query,
                    FieldsShown::default(),
                )
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
            let refusal = Failure::relayed(StatusCode::BAD_REQUEST, problem, None);
            let (fields, notice) = door::refused(self.visitor.words(), &form, &refusal);
            let page = door::DoorPage {
                notice,
                ..door::page(&sign_up::SIDE, &self.visitor, &query, fields)
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
            let refusal = Failure::relayed(StatusCode::BAD_REQUEST, problem, None);
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
