//! E-mail addresses and passwords: one address has one account, however it is written, and nothing that is typed is an error
//! of the server.

use proptest::prelude::*;
use serde_json::json;

use crate::cases::hold;
use crate::desk::Desk;
use crate::mutation::{changed_text, changes};

/// Few: every account that is made costs what a password is to cost.
const FEW: u32 = 32;

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.+_-]{1,12}@[a-zA-Z0-9-]{1,8}\\.(com|org|example)",
        "\\PC{1,10}@\\PC{1,10}\\.\\PC{1,4}",
        ("[a-z]{1,8}@example\\.com", changes())
            .prop_map(|(address, changes)| changed_text(&address, &changes)),
        any::<String>(),
    ]
}

fn password() -> impl Strategy<Value = String> {
    prop_oneof![6 => "\\PC{8,20}", 1 => any::<String>(), 1 => "a{126,130}"]
}

#[test]
fn an_address_signs_up_once_and_signs_in_in_any_case_or_is_refused() {
    let desk = Desk::open(&["auth"]);
    let nobody = desk.app.sign_in();
    let ask = |path: &str, email: &str, password: &str| {
        let body = json!({ "email": email, "password": password }).to_string();
        desk.post(path, &nobody, body)
    };
    hold(FEW, (address(), password()), |(email, password)| {
        let made = ask("/api/users/signup", &email, &password);
        prop_assert!(
            [201, 400, 409].contains(&made.status),
            "{}: {}",
            made.status,
            made.text()
        );
        if made.status != 201 {
            return Ok(());
        }
        prop_assert_eq!(&made.json()["email"], email.trim());
        prop_assert!((8..=128).contains(&password.chars().count()));
        let again = ask("/api/users/signup", &format!(" {email} "), &password);
        prop_assert_eq!(again.status, 409);
        let other_case = if email.is_ascii() {
            email.to_ascii_uppercase()
        } else {
            email.clone()
        };
        let signed_in = ask("/api/users/signin", &other_case, &password);
        prop_assert_eq!(signed_in.status, 200);
        prop_assert_eq!(&signed_in.json()["id"], &made.json()["id"]);
        prop_assert_eq!(
            ask("/api/users/signin", &email, &format!("{password}x")).status,
            401
        );
        Ok(())
    });
}
