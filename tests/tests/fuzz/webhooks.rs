//! What is sent to where Stripe tells things: nothing is believed that was not signed, byte by byte.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use proptest::prelude::*;
use stripe_double::signature;
use tessera_platform::config::{Secret, Settings, StripeSettings};

use crate::cases::{SOME, hold};
use crate::desk::Desk;
use crate::mutation::{changed, changed_text, changes};

const PATH: &str = "/api/payments/webhooks/stripe";
const SECRET: &str = "whsec_of_this_test";

fn takes_cards(settings: &mut Settings) {
    settings.stripe = Some(StripeSettings {
        key: Secret::new("sk_test_of_nobody"),
        webhook_secrets: vec![Secret::new(SECRET)],
        // Nobody is asked anything: no worker runs.
        api_base: "http://127.0.0.1:9/".parse().unwrap(),
        answer_within: Duration::from_secs(1),
    });
}

/// Payments alone, which takes events of Stripe.
struct Ear(Desk);

impl Ear {
    fn open() -> Ear {
        Ear(Desk::open_with(&["payments"], takes_cards))
    }

    /// What a message is answered, and whether it was noted.
    fn hear(&self, header: Option<HeaderValue>, body: &[u8]) -> (u16, bool) {
        let before = self.noted();
        let mut request = Request::post(PATH);
        if let Some(header) = header {
            request = request.header("stripe-signature", header);
        }
        let reply = self
            .0
            .send(request.body(Body::from(body.to_vec())).unwrap());
        (reply.status, self.noted() > before)
    }

    fn noted(&self) -> i64 {
        let db = self.0.app.db("payments");
        let row = self
            .0
            .wait(db.opt::<(i64,)>("SELECT count(*) FROM hints", &[]));
        row.unwrap().unwrap().0
    }

    fn signature(&self, body: &str) -> String {
        let at = self.0.app.clock.now().as_second();
        signature(&[SECRET.to_owned()], at, body)
    }
}

/// An event as Stripe writes them, about something of this name.
fn letter() -> impl Strategy<Value = String> {
    let kinds = [
        "payment_intent.succeeded",
        "charge.dispute.created",
        "refund.updated",
        "payout.paid",
    ];
    (any::<u64>(), prop::sample::select(kinds.to_vec())).prop_map(|(number, kind)| {
        format!("{{\"id\":\"evt_{number}\",\"type\":\"{kind}\",\"data\":{{\"object\":{{\"id\":\"pi_{number}\"}}}}}}")
    })
}

#[test]
fn what_nobody_signed_is_refused_whatever_it_is() {
    let ear = Ear::open();
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let header = prop_oneof![
        bytes.clone(),
        "t=[0-9]{0,12},v1=[0-9a-f]{0,64}".prop_map(String::into_bytes),
        "[tv01=,0-9a-f ]{0,80}".prop_map(String::into_bytes),
    ];
    let body = prop_oneof![bytes, letter().prop_map(String::into_bytes)];
    hold(SOME, (header, body), |(header, body)| {
        let header = HeaderValue::from_bytes(&header).ok();
        prop_assert_eq!(ear.hear(header, &body), (400, false));
        Ok(())
    });
}

#[test]
fn what_is_signed_is_taken_or_refused_whatever_it_is() {
    let ear = Ear::open();
    let body = prop_oneof![
        letter(),
        any::<String>(),
        "[\\[\\]{}\",:0-9a-z]{0,60}",
        (letter(), changes()).prop_map(|(letter, changes)| changed_text(&letter, &changes)),
    ];
    hold(SOME, body, |body| {
        let header = HeaderValue::try_from(ear.signature(&body)).unwrap();
        let (status, noted) = ear.hear(Some(header), body.as_bytes());
        prop_assert!(status == 200 || status == 400 && !noted, "{}", status);
        Ok(())
    });
}

#[test]
fn a_changed_message_is_refused_and_the_one_that_was_signed_is_not() {
    let ear = Ear::open();
    hold(SOME, (letter(), changes()), |(letter, changes)| {
        let header = HeaderValue::try_from(ear.signature(&letter)).unwrap();
        let bytes = changed(letter.as_bytes(), &changes);
        prop_assume!(bytes != letter.as_bytes());
        prop_assert_eq!(ear.hear(Some(header.clone()), &bytes), (400, false));
        prop_assert_eq!(ear.hear(Some(header), letter.as_bytes()).0, 200);
        Ok(())
    });
}

/// The parts of a header, each with its name, as far as they can be told apart.
fn parts(header: &str) -> Vec<(&str, String)> {
    let parts = header
        .split(',')
        .filter_map(|part| part.trim().split_once('='));
    // Digits of either case are the same number.
    let number = |text: &str| text.to_ascii_lowercase();
    parts.map(|(name, value)| (name, number(value))).collect()
}

/// Whether a header has the moment of the one that was signed before any other, and its signature among others.
fn says_the_same(header: &str, signed: &str) -> bool {
    let (said, meant) = (parts(header), parts(signed));
    let moment = said.iter().find(|(name, _)| *name == "t");
    moment == Some(&meant[0]) && said.contains(&meant[1])
}

#[test]
fn a_changed_signature_counts_only_where_it_says_the_same() {
    let ear = Ear::open();
    hold(SOME, (letter(), changes()), |(letter, changes)| {
        let signed = ear.signature(&letter);
        let bytes = changed(signed.as_bytes(), &changes);
        let Ok(header) = HeaderValue::from_bytes(&bytes) else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(&bytes);
        let (status, _) = ear.hear(Some(header), letter.as_bytes());
        prop_assert!(
            status == 400 || status == 200 && says_the_same(&text, &signed),
            "{}: {:?}",
            status,
            text
        );
        Ok(())
    });
}

#[test]
fn a_change_of_the_moment_alone_spoils_the_signature() {
    let ear = Ear::open();
    let ahead = prop_oneof![-299..300_i64, -4_000..4_000_i64];
    hold(SOME, (letter(), ahead), |(letter, ahead)| {
        let now = ear.0.app.clock.now().as_second();
        let signed = ear.signature(&letter);
        let moved = signed.replacen(&now.to_string(), &(now + ahead).to_string(), 1);
        let header = HeaderValue::try_from(moved).unwrap();
        let (status, noted) = ear.hear(Some(header), letter.as_bytes());
        prop_assert_eq!(status, if ahead == 0 { 200 } else { 400 });
        prop_assert!(ahead == 0 || !noted);
        Ok(())
    });
}
