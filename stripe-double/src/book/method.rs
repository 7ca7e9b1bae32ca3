//! Payment methods (<https://docs.stripe.com/api/payment_methods/object>). Of a card the double keeps what Stripe
//! shows, and never its number.

use serde_json::{Value, json};

use super::cards::{self, Behaviour, TestCard};
use super::declines;
use super::refusal::{Refusal, Refused};
use super::{Book, Kept};

/// A card as it was entered.
pub(crate) struct CardInput {
    pub(crate) number: String,
    pub(crate) month: u64,
    pub(crate) year: u64,
    pub(crate) cvc: Option<String>,
}

/// A card as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) behaviour: Behaviour,
    pub(super) brand: &'static str,
    pub(super) last4: String,
    pub(super) month: u64,
    pub(super) year: u64,
    pub(super) has_cvc: bool,
}

#[derive(Clone)]
pub(crate) struct Method {
    id: String,
    created: i64,
    pub(crate) card: Card,
}

impl Card {
    /// One that the tests know by a name.
    pub(super) fn known(card: &TestCard) -> Card {
        Card::new(card, 12, 2034, true)
    }

    fn new(card: &TestCard, month: u64, year: u64, has_cvc: bool) -> Card {
        let last4 = card.number.get(card.number.len() - 4..);
        Card {
            behaviour: card.behaviour,
            brand: card.brand,
            last4: last4.unwrap_or_default().to_owned(),
            month,
            year,
            has_cvc,
        }
    }

    /// One that somebody entered, unless something is wrong with what can be seen at once. `now` is in seconds.
    pub(super) fn entered(input: &CardInput, now: i64) -> Result<Card, Refused> {
        let number: String = input.number.split(' ').collect();
        let card = cards::of_number(&number).map_err(Refusal::card)?;
        let year = if input.year < 100 {
            input.year + 2000
        } else {
            input.year
        };
        if !(1..=12).contains(&input.month) {
            return Err(Refusal::card(&declines::MONTH));
        }
        let (this_year, this_month) = month_of(now);
        if year < this_year || year > this_year + 50 {
            return Err(Refusal::card(&declines::YEAR));
        }
        if year == this_year && input.month < this_month {
            return Err(Refusal::card(&declines::MONTH));
        }
        let digits = |cvc: &String| {
            (3..=4).contains(&cvc.len()) && cvc.bytes().all(|digit| digit.is_ascii_digit())
        };
        if !input.cvc.as_ref().is_none_or(digits) {
            return Err(Refusal::card(&declines::SHORT_CVC));
        }
        Ok(Card::new(card, input.month, year, input.cvc.is_some()))
    }

    /// As on the wire.
    pub(super) fn json(&self) -> Value {
        let cvc_check = if self.has_cvc {
            "unchecked"
        } else {
            "unavailable"
        };
        json!({
            "brand": self.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": cvc_check },
            "country": "US",
            "display_brand": self.brand,
            "exp_month": self.month,
            "exp_year": self.year,
            // Stripe's are the same for the same number: so is this, and it tells no more than the digits do.
            "fingerprint": format!("double{}{}", self.brand, self.last4),
            "funding": "credit",
            "generated_from": null,
            "last4": self.last4,
            "networks": { "available": [self.brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        })
    }
}

/// The year and the month of a moment (Howard Hinnant's `civil_from_days`, years from March).
fn month_of(now: i64) -> (u64, u64) {
    let days = now.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (
        u64::try_from(year).unwrap_or(0),
        u64::try_from(month).unwrap_or(1),
    )
}

impl Method {
    pub(super) fn on_a_charge(&self) -> Value {
        let mut card = self.card.json();
        if let Some(fields) = card.as_object_mut() {
            fields.retain(|name, _| {
                !["networks", "generated_from", "three_d_secure_usage"].contains(&name.as_str())
            });
            fields.insert("network".to_owned(), json!(self.card.brand));
            fields.insert("three_d_secure".to_owned(), Value::Null);
        }
        card
    }
}

impl Book {
    /// The payment method that a caller names: one in the book, or a new one of a test card, as Stripe makes one of
    /// `pm_card_visa`.
    pub(crate) fn method(&mut self, id: &str) -> Result<String, Refused> {
        match cards::of_method(id) {
            Some(card) => Ok(self.put_method(Card::known(card))),
            None => Ok(self.methods.find(id, "payment_method")?.id.clone()),
        }
    }

    /// A new payment method of a token, as `tok_visa`.
    pub(crate) fn method_of_token(&mut self, token: &str) -> Result<String, Refused> {
        let card = match cards::of_token(token) {
            Some(card) => Card::known(card),
            None => self.use_token(token)?,
        };
        Ok(self.put_method(card))
    }

    /// A new payment method of a card that somebody entered.
    pub(crate) fn method_of_card(&mut self, input: &CardInput) -> Result<String, Refused> {
        let card = Card::entered(input, self.now)?;
        Ok(self.put_method(card))
    }

    pub(super) fn put_method(&mut self, card: Card) -> String {
        let id = self.ids.next("pm");
        let created = self.now;
        self.methods.put(Method {
            id: id.clone(),
            created,
            card,
        });
        id
    }
}

impl Kept for Method {
    const NAME: &'static str = "PaymentMethod";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null, "tax_id": null },
            "card": self.card.json(),
            "created": self.created,
            "customer": null,
            "customer_account": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_month() {
        assert_eq!(month_of(0), (1970, 1));
        assert_eq!(month_of(951_782_400), (2000, 2)); // 29 February
        assert_eq!(month_of(1_798_761_599), (2026, 12));
    }

    #[test]
    fn what_is_kept_of_a_card_is_not_its_number() {
        let (number, cvc) = ("4242 4242 4242 4242".to_owned(), Some("123".to_owned()));
        let input = CardInput {
            number,
            month: 12,
            year: 34,
            cvc,
        };
        let card = Card::entered(&input, 1_798_761_599)
            .map_err(|_| ())
            .expect("a card");
        let kept = format!("{card:?} {}", card.json());
        assert!(
            kept.contains("4242") && !kept.contains("42424242"),
            "{kept}"
        );
    }
}
