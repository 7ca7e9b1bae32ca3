//! Amounts and prices: what is read, what is refused, and that nothing is lost on the way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tessera_contracts::{
    Amount, Currency, CurrencyError, FeeRate, Money, MoneyError, Price, PriceError,
};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn usd(text: &str) -> Result<i64, MoneyError> {
    Money::parse(text, Currency::USD).map(Money::minor)
}

#[test]
fn amounts_are_read_with_or_without_digits_after_the_point() {
    assert_eq!(usd("120"), Ok(12_000));
    assert_eq!(usd("120.5"), Ok(12_050));
    assert_eq!(usd("120.50"), Ok(12_050));
    assert_eq!(usd("0.01"), Ok(1));
    assert_eq!(usd("0"), Ok(0));
    assert_eq!(usd("007"), Ok(700));
}

#[test]
fn what_is_no_plain_decimal_is_refused() {
    for text in ["", " ", "\t"] {
        assert_eq!(usd(text), Err(MoneyError::Blank), "{text:?}");
    }
    let malformed = [
        "+1", "-1", "1e3", "1E3", "1,000", "1_000", "1 000", " 1", "1 ", "1.", ".5", ".", "1.2.3",
        "$1", "0x10", "NaN", "inf", "1.5-", "\u{661}", "１",
    ];
    for text in malformed {
        assert_eq!(usd(text), Err(MoneyError::Malformed), "{text:?}");
    }
}

#[test]
fn digits_that_the_currency_does_not_have_are_refused() {
    let (jpy, kwd) = (currency("jpy"), currency("kwd"));
    assert_eq!(usd("1.234"), Err(MoneyError::TooFine(Currency::USD)));
    assert_eq!(usd("1.001"), Err(MoneyError::TooFine(Currency::USD)));
    assert_eq!(Money::parse("120.1", jpy), Err(MoneyError::TooFine(jpy)));
    assert_eq!(Money::parse("120", jpy), Ok(Money::new(120, jpy)));
    assert_eq!(Money::parse("1.234", kwd), Ok(Money::new(1_234, kwd)));
}

#[test]
fn zeros_behind_the_last_digit_change_no_amount() {
    let jpy = currency("jpy");
    assert_eq!(usd("1.000"), Ok(100));
    assert_eq!(usd("1.2500"), Ok(125));
    assert_eq!(usd("1.20"), Ok(120));
    assert_eq!(Money::parse("5000.0", jpy), Ok(Money::new(5_000, jpy)));
}

#[test]
fn the_largest_amount_is_read_and_the_next_refused() {
    assert_eq!(usd("92233720368547758.07"), Ok(i64::MAX));
    assert_eq!(usd("92233720368547758.08"), Err(MoneyError::TooLarge));
    assert_eq!(usd(&"9".repeat(1000)), Err(MoneyError::TooLarge));
}

#[test]
fn amounts_are_written_with_all_digits_of_the_currency() {
    assert_eq!(
        Money::new(12_000, Currency::USD).amount().as_str(),
        "120.00"
    );
    assert_eq!(Money::new(5, Currency::USD).amount().as_str(), "0.05");
    assert_eq!(Money::new(0, Currency::USD).amount().as_str(), "0.00");
    assert_eq!(Money::new(120, currency("jpy")).amount().as_str(), "120");
    assert_eq!(Money::new(1, currency("kwd")).amount().as_str(), "0.001");
    assert_eq!(Money::new(-5, Currency::USD).amount().as_str(), "-0.05");
    assert_eq!(
        Money::new(i64::MIN, Currency::USD).amount().as_str(),
        "-92233720368547758.08"
    );
}

#[test]
fn refusals_are_told_in_words() {
    let message = |code: &str, text| Money::parse(text, currency(code)).unwrap_err().to_string();
    assert_eq!(
        message("usd", "1.234"),
        "USD has at most 2 digits after the point"
    );
    assert_eq!(message("jpy", "1.2"), "JPY has no digits after the point");
    assert_eq!(
        message("usd", "1,5"),
        "Write the amount with digits and at most one point, as in 120.00"
    );
    let price = |text| Price::parse(text, Currency::USD).unwrap_err().to_string();
    assert_eq!(price("0"), "Price must be greater than 0");
    assert_eq!(price("1000000"), "Price must be at most 999999.99 USD");
}

#[test]
fn a_price_is_more_than_nothing_and_at_most_the_maximum() {
    assert_eq!(
        Price::parse("0.00", Currency::USD),
        Err(PriceError::NotPositive)
    );
    assert_eq!(
        Price::try_from(Money::new(-1, Currency::USD)),
        Err(PriceError::NotPositive)
    );
    assert_eq!(Price::parse("0.01", Currency::USD).map(Price::minor), Ok(1));
    assert_eq!(
        Price::parse("999999.99", Currency::USD).map(Price::minor),
        Ok(Price::MAX_MINOR)
    );
    assert!(matches!(
        Price::parse("1000000.00", Currency::USD),
        Err(PriceError::TooHigh { .. })
    ));
    assert_eq!(
        Price::parse("x", Currency::USD),
        Err(PriceError::Amount(MoneyError::Malformed))
    );
}

#[test]
fn currencies_in_use_are_read_in_either_case() {
    assert_eq!("usd".parse(), Ok(Currency::USD));
    assert_eq!("USD".parse(), Ok(Currency::USD));
    assert_eq!(currency("eur").to_string(), "eur");
    assert_eq!(currency("eur").code(), "EUR");
    assert_eq!(currency("jpy").minor_digits(), 0);
    for text in [
        "",
        "us",
        "usdd",
        "u$d",
        "zzz",
        "xau",
        "xxx",
        "xts",
        "chw",
        "dem",
        "ｕｓｄ",
    ] {
        assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text}");
    }
}

#[test]
fn money_on_the_wire_is_text() {
    let amount = Money::new(12_000, Currency::USD).amount();
    assert_eq!(serde_json::to_string(&amount).unwrap(), r#""120.00""#);
    assert_eq!(serde_json::to_string(&Currency::USD).unwrap(), r#""usd""#);
    assert_eq!(
        serde_json::from_str::<Currency>(r#""usd""#).unwrap(),
        Currency::USD
    );
    assert!(serde_json::from_str::<Currency>(r#""dollars""#).is_err());
    assert!(serde_json::from_str::<Amount>("120").is_err());
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["usd", "eur", "gbp", "chf", "jpy", "krw", "kwd", "tnd"])
        .prop_map(|code| code.parse().unwrap())
}

proptest! {
    #[test]
    fn every_amount_is_read_back_as_it_was(minor in 0..=i64::MAX, currency in any_currency()) {
        let money = Money::new(minor, currency);
        prop_assert_eq!(money.amount().money(currency), Ok(money));
    }

    #[test]
    fn what_is_read_is_what_was_written(whole in 0..1_000_000_i64, cents in 0..100_i64) {
        prop_assert_eq!(usd(&format!("{whole}.{cents:02}")), Ok(whole * 100 + cents));
    }

    #[test]
    fn only_digits_and_one_point_are_ever_read(text in "\\PC{0,12}", currency in any_currency()) {
        if Money::parse(&text, currency).is_ok() {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            prop_assert!(text.starts_with(|first: char| first.is_ascii_digit()));
            prop_assert!(text.bytes().filter(|byte| *byte == b'.').count() <= 1);
        }
    }

    #[test]
    fn one_stray_sign_anywhere_spoils_an_amount(
        minor in 0..Price::MAX_MINOR,
        at in 0..16_usize,
        stray in prop::sample::select(vec!['+', '-', ',', ' ', '_', 'e', 'E', '\'', '\u{a0}', '\u{663}', '\0']),
    ) {
        let mut text = Money::new(minor, Currency::USD).amount().to_string();
        text.insert(at.min(text.len()), stray);
        prop_assert_eq!(usd(&text), Err(MoneyError::Malformed));
    }

    #[test]
    fn a_price_is_accepted_exactly_within_its_bounds(minor in any::<i64>()) {
        let price = Price::try_from(Money::new(minor, Currency::USD));
        prop_assert_eq!(price.is_ok(), (1..=Price::MAX_MINOR).contains(&minor));
    }
}

fn rate(basis_points: u16) -> FeeRate {
    FeeRate::new(basis_points).unwrap()
}

fn dollars(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

#[test]
fn a_fee_is_rounded_to_the_nearest_minor_unit_and_a_half_up() {
    let fee = |basis_points, minor| rate(basis_points).of(dollars(minor)).minor();
    assert_eq!(fee(0, 12_000), 0);
    assert_eq!(fee(250, 12_000), 300);
    assert_eq!(fee(250, 19), 0, "0.475");
    assert_eq!(fee(250, 20), 1, "0.5");
    assert_eq!(fee(250, 59), 1, "1.475");
    assert_eq!(fee(1, i64::MAX), 922_337_203_685_478);
    assert_eq!(rate(250).on_top_of(dollars(12_000)), dollars(12_300));
    assert_eq!(rate(250).on_top_of(dollars(i64::MAX)), dollars(i64::MAX));
}

#[test]
fn a_rate_has_an_end_and_a_word() {
    assert_eq!(FeeRate::new(5_001), None);
    let words = [0, 5, 10, 50, 250, 275, 1_000, 5_000].map(|bps| rate(bps).to_string());
    let expected = [
        "0 %", "0.05 %", "0.1 %", "0.5 %", "2.5 %", "2.75 %", "10 %", "50 %",
    ];
    assert_eq!(words, expected);
}

#[test]
fn what_is_paid_with_the_fee_is_an_amount_that_can_be_charged() {
    let highest = Price::parse("999999.99", Currency::USD).unwrap();
    assert!(rate(0).allows(highest) && !rate(1).allows(highest));
}

#[test]
fn stripe_counts_a_few_currencies_in_other_units() {
    for (minor, code, counted) in [
        (12_000, "usd", Some(12_000)),
        (500, "jpy", Some(500)),
        (500, "isk", Some(50_000)),
        (500, "ugx", Some(50_000)),
        (i64::MAX, "isk", None),
        (50_000, "mga", Some(500)),
        (50_001, "mga", None),
        (5_120, "kwd", Some(5_120)),
        (5_124, "kwd", None),
    ] {
        let money = Money::new(minor, currency(code));
        assert_eq!(money.counted_by_stripe(), counted, "{money:?}");
        if let Some(amount) = counted {
            assert_eq!(Money::from_stripe(amount, currency(code)), money);
        }
    }
}

proptest! {
    #[test]
    fn bounds_of_what_is_paid_are_bounds_of_the_price(
        basis_points in 0_u16..=5_000, bound in 0_i64..=200_000_000, price in 0_i64..=200_000_000
    ) {
        let rate = rate(basis_points);
        let total = rate.on_top_of(dollars(price)).minor();
        prop_assert_eq!(total <= bound, price <= rate.highest_price(bound));
        prop_assert_eq!(total >= bound, price >= rate.lowest_price(bound));
    }

    #[test]
    fn near_its_bound_too(basis_points in 0_u16..=5_000, price in 0_i64..=99_999_999) {
        let rate = rate(basis_points);
        let total = rate.on_top_of(dollars(price)).minor();
        prop_assert_eq!(rate.highest_price(total), price);
        prop_assert_eq!(rate.lowest_price(total), price);
    }
}
