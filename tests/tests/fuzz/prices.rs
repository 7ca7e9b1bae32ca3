//! Amounts of money in all currencies there are: what is read is exactly what was written, by a reckoning of its own, and
//! what is reckoned is off by nothing.

use proptest::prelude::*;
use tessera_contracts::{Amount, Currency, FeeRate, Money, MoneyError, Price, SignedAmount};

use crate::cases::{MANY, SOME, Verdict, hold};
use crate::desk::Desk;

/// Digits after the point that any currency could have, and more.
const PLACES: usize = 8;

/// Every one that is in use.
fn currencies() -> Vec<Currency> {
    let letters = || b'a'..=b'z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let codes = codes.map(|code| String::from_utf8(code.to_vec()).unwrap());
    let all: Vec<Currency> = codes.filter_map(|code| code.parse().ok()).collect();
    assert!(all.len() > 150, "{}", all.len());
    all
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(currencies())
}

/// Digits, a point, digits: how many of them stand where, as somebody might write them.
fn written() -> impl Strategy<Value = (String, String)> {
    ("[0-9]{1,22}", "[0-9]{0,5}0{0,3}")
}

/// What that comes to in minor units, reckoned in whole numbers large enough for all of it.
fn reckoned(whole: &str, fraction: &str, currency: Currency) -> Result<i64, MoneyError> {
    let all: i128 = format!("{whole}{fraction:0<PLACES$}").parse().unwrap();
    let unit = 10_i128.pow(u32::try_from(PLACES).unwrap() - currency.minor_digits());
    if all % unit != 0 {
        return Err(MoneyError::TooFine(currency));
    }
    i64::try_from(all / unit).map_err(|_| MoneyError::TooLarge)
}

#[test]
fn an_amount_is_what_its_digits_come_to_in_every_currency() {
    hold(
        MANY,
        (written(), currency()),
        |((whole, fraction), currency)| {
            let point = if fraction.is_empty() { "" } else { "." };
            let text = format!("{whole}{point}{fraction}");
            let read = Money::parse(&text, currency).map(Money::minor);
            prop_assert_eq!(read, reckoned(&whole, &fraction, currency), "{}", text);
            Ok(())
        },
    );
}

#[test]
fn any_amount_of_any_currency_is_written_and_read_back() {
    hold(MANY, (any::<i64>(), currency()), |(minor, currency)| {
        let money = Money::new(minor, currency);
        let signed = SignedAmount::from(money);
        prop_assert_eq!(signed.is_negative(), minor < 0);
        let magnitude = signed.magnitude().money(currency).map(Money::minor);
        prop_assert_eq!(magnitude.ok(), minor.checked_abs());
        let json = serde_json::to_string(&money.amount()).unwrap();
        prop_assert_eq!(
            serde_json::from_str::<Amount>(&json).unwrap(),
            money.amount()
        );
        Ok(())
    });
}

#[test]
fn whatever_is_written_is_an_amount_or_a_refusal() {
    let text = prop_oneof!["\\PC{0,24}", "[-+0-9., eE_]{0,24}", any::<String>()];
    hold(MANY, (text, currency()), |(text, currency)| {
        if let Ok(money) = Money::parse(&text, currency) {
            prop_assert!(money.minor() >= 0);
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            prop_assert!(text.len() - digits <= 1 && digits > 0, "{:?}", text);
        }
        if let Ok(price) = Price::parse(&text, currency) {
            prop_assert!((1..=Price::MAX_MINOR).contains(&price.minor()));
        }
        Ok(())
    });
}

#[test]
fn a_currency_is_three_letters_in_either_case_and_nothing_else() {
    let text = prop_oneof!["\\PC{0,5}", "[a-zA-Z]{2,4}", any::<String>()];
    hold(MANY, text, |text| {
        if let Ok(currency) = text.parse::<Currency>() {
            prop_assert_eq!(currency.as_str(), text.to_ascii_lowercase());
            prop_assert_eq!(currency.code(), text.to_ascii_uppercase());
            prop_assert!(currency.minor_digits() <= 4);
        }
        Ok(())
    });
}

#[test]
fn a_share_is_the_nearest_whole_number_of_units() {
    let drawn = (any::<i64>(), 0..=FeeRate::MAX_BASIS_POINTS, currency());
    hold(MANY, drawn, |(minor, points, currency)| {
        let rate = FeeRate::new(points).unwrap();
        let money = Money::new(minor, currency);
        let share = i128::from(rate.of(money).minor()) * 10_000;
        let off = share - i128::from(minor) * i128::from(points);
        // Half of a unit goes up.
        prop_assert!(-5_000 < off && off <= 5_000, "{}", off);
        let total = rate.on_top_of(money).minor();
        prop_assert_eq!(total, minor.saturating_add(rate.of(money).minor()));
        Ok(())
    });
}

#[test]
fn what_stripe_is_told_is_what_it_is_understood_to_say() {
    hold(MANY, (any::<i64>(), currency()), |(minor, currency)| {
        let money = Money::new(minor, currency);
        if let Some(counted) = money.counted_by_stripe() {
            prop_assert_eq!(Money::from_stripe(counted, currency), money);
        }
        // What it could say never panics, whatever it is.
        prop_assert_eq!(Money::from_stripe(minor, currency).currency(), currency);
        Ok(())
    });
}

/// What a price in dollars comes to, if a listing may have it.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = !text.contains(['-', 'e', 'E', '+']);
    let cents = is_plain.then(|| reckoned(whole, fraction, Currency::USD).ok())??;
    (1..=99_999_999).contains(&cents).then_some(cents)
}

#[test]
fn a_number_for_a_price_is_read_by_its_digits_or_refused() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let number = "-?(0|[1-9][0-9]{0,7})(\\.[0-9]{1,4})?([eE][-+]?[0-9]{1,3})?";
    let plain = "(0|[1-9][0-9]{0,5})(\\.[0-9]{1,2}0{0,2})?";
    let drawn = (prop_oneof![number, plain], any::<bool>());
    hold(SOME, drawn, |(number, is_text)| -> Verdict {
        let price = if is_text {
            format!("\"{number}\"")
        } else {
            number.clone()
        };
        let body = format!("{{\"title\":\"Fidelio\",\"price\":{price}}}");
        let reply = desk.post("/api/tickets", &seller, body);
        let listed = reply.json();
        match cents(&number) {
            None => prop_assert_eq!(reply.status, 400, "{}: {}", price, listed),
            Some(cents) => {
                prop_assert_eq!(reply.status, 201, "{}: {}", price, &listed);
                let shown = Money::new(cents, Currency::USD).amount();
                prop_assert_eq!(listed["price"].as_str(), Some(shown.as_str()));
            }
        }
        Ok(())
    });
}
