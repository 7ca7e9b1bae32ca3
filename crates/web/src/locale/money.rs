//! Amounts of money and numbers, written digit by digit: nothing is computed, so nothing is rounded.
//!
//! Signs are those of CLDR, which ICU4X does not offer in a stable form yet.

use tessera_contracts::{Amount, Currency, Money};

use super::region::{Marks, Place, Region};
use super::{Language, Locale};

const NO_BREAK_SPACE: char = '\u{a0}';

/// Signs that mean one currency wherever English or German is written. Others show their code.
pub(super) const SIGNS: [(&str, &str); 19] = [
    ("brl", "R$"),
    ("cad", "CA$"),
    ("cny", "CN¥"),
    ("eur", "€"),
    ("gbp", "£"),
    ("hkd", "HK$"),
    ("ils", "₪"),
    ("inr", "₹"),
    ("krw", "₩"),
    ("mxn", "MX$"),
    ("nzd", "NZ$"),
    ("php", "₱"),
    ("twd", "NT$"),
    ("vnd", "₫"),
    ("xaf", "FCFA"),
    ("xcd", "EC$"),
    ("xcg", "Cg."),
    ("xof", "F\u{202f}CFA"),
    ("xpf", "CFPF"),
];

impl Locale {
    /// `$1,250.00`, `1.250,00 €`. Never breaks across lines.
    pub(crate) fn money(self, amount: &Amount, currency: Currency) -> String {
        let (minus, digits) = match amount.as_str().strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", amount.as_str()),
        };
        let Ok(money) = Money::parse(digits, currency) else {
            // No service sends it. Whoever reads it should see what there is, rather than nothing.
            return format!("{amount}{NO_BREAK_SPACE}{}", currency.code());
        };
        let exact = money.amount();
        let (whole, fraction) = match exact.as_str().split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (exact.as_str(), None),
        };
        let marks = self.0.marks;
        let mut written = String::with_capacity(32);
        written.push_str(minus);
        let code;
        let sign = match sign(self.0, currency) {
            Some(sign) => sign,
            None => {
                code = currency.code();
                code.as_str()
            }
        };
        write_before(&mut written, sign, self.0.money.place);
        write_grouped(&mut written, whole, marks, marks.money_group);
        if let Some(fraction) = fraction {
            written.push(marks.decimal);
            written.push_str(fraction);
        }
        if self.0.money.place == Place::After {
            written.push(NO_BREAK_SPACE);
            written.push_str(sign);
        }
        written
    }

    /// A count, in groups of digits.
    pub(crate) fn number(self, number: u64) -> String {
        let mut written = String::with_capacity(16);
        let marks = self.0.marks;
        write_grouped(&mut written, &number.to_string(), marks, marks.group);
        written
    }
}

/// `None`: its code has to do.
fn sign(region: &Region, currency: Currency) -> Option<&'static str> {
    let german = region.language == Language::German;
    match (currency.as_str(), region.money.own) {
        (code, Some((own, sign))) if own == code => Some(sign),
        ("usd", _) => Some(region.money.dollar),
        ("jpy", _) => Some(region.money.yen),
        ("aud", _) => Some(if german { "AU$" } else { "A$" }),
        ("thb", _) if german => Some("฿"),
        (code, _) => {
            let mut signs = SIGNS.iter();
            signs.find(|(of, _)| *of == code).map(|(_, sign)| *sign)
        }
    }
}

fn write_before(written: &mut String, sign: &str, place: Place) {
    if place == Place::After {
        return;
    }
    written.push_str(sign);
    // Letters and digits are kept apart: CHF 5, but US$5.
    let letter = sign.ends_with(|last: char| last.is_alphabetic());
    if place == Place::BeforeSpaced || letter {
        written.push(NO_BREAK_SPACE);
    }
}

/// `digits` are ASCII.
fn write_grouped(written: &mut String, digits: &str, marks: Marks, mark: &str) {
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && begins_group(left, marks.lakh) {
            written.push_str(mark);
        }
        written.push(digit);
    }
}

fn begins_group(left: usize, lakh: bool) -> bool {
    if lakh && left > 3 {
        left % 2 == 1
    } else {
        left.is_multiple_of(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        Locale::choose(None, Some(tag))
    }

    /// No-break spaces as underscores, so that they can be seen.
    fn money(tag: &str, amount: &str, currency: &str) -> String {
        let money = locale(tag).money(&Amount::from(amount), currency.parse().unwrap());
        assert!(!money.contains(' '), "{money} may break");
        money.replace(NO_BREAK_SPACE, "_")
    }

    #[test]
    fn amounts_are_written_as_in_the_visitors_region() {
        for (tag, written) in [
            ("en", "€1,234,567.50"),
            ("en-US", "€1,234,567.50"),
            ("en-GB", "€1,234,567.50"),
            ("en-NG", "€1,234,567.50"),
            ("en-IN", "€12,34,567.50"),
            ("en-ZA", "€1_234_567,50"),
            ("en-DE", "1.234.567,50_€"),
            ("en-AT", "€_1.234.567,50"),
            ("en-CH", "€_1'234'567.50"),
            ("de", "1.234.567,50_€"),
            ("de-DE", "1.234.567,50_€"),
            ("de-AT", "€_1.234.567,50"),
            ("de-CH", "€_1'234'567.50"),
            ("de-LI", "€_1'234'567.50"),
        ] {
            assert_eq!(money(tag, "1234567.50", "eur"), written, "{tag}");
        }
    }

    #[test]
    fn a_dollar_is_a_dollar_only_where_it_can_be_no_other() {
        for tag in ["en", "en-US", "de", "de-AT"] {
            assert!(!money(tag, "5.00", "usd").contains("US"), "{tag}");
        }
        for tag in [
            "en-CA", "en-AU", "en-NZ", "en-SG", "en-HK", "en-GB", "en-IE", "en-NG",
        ] {
            assert_eq!(money(tag, "5.00", "usd"), "US$5.00", "{tag}");
        }
        assert_eq!(money("en-CA", "5.00", "cad"), "$5.00");
        assert_eq!(money("en-AU", "5.00", "aud"), "$5.00");
        assert_eq!(money("en-NZ", "5.00", "nzd"), "$5.00");
        assert_eq!(money("en-SG", "5.00", "sgd"), "$5.00");
        assert_eq!(money("en-US", "5.00", "cad"), "CA$5.00");
        assert_eq!(money("en-US", "5.00", "aud"), "A$5.00");
        assert_eq!(money("de", "5.00", "aud"), "5,00_AU$");
    }

    #[test]
    fn a_currency_without_a_sign_shows_its_code() {
        assert_eq!(money("en", "1250.00", "chf"), "CHF_1,250.00");
        assert_eq!(money("de-CH", "1250.00", "chf"), "CHF_1'250.00");
        assert_eq!(money("de", "1250.00", "sek"), "1.250,00_SEK");
        assert_eq!(money("en", "500", "xaf"), "FCFA_500");
        assert_eq!(money("en-ZA", "5.00", "zar"), "R_5,00");
    }

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        assert_eq!(money("en", "12000", "jpy"), "¥12,000");
        assert_eq!(money("en-GB", "12000", "jpy"), "JP¥12,000");
        assert_eq!(money("de", "12000", "jpy"), "12.000_¥");
        assert_eq!(money("en", "1250.500", "kwd"), "KWD_1,250.500");
        assert_eq!(money("de", "1250.500", "kwd"), "1.250,500_KWD");
        assert_eq!(money("en", "5", "usd"), "$5.00");
        assert_eq!(money("en", "0.00", "usd"), "$0.00");
        assert_eq!(money("en", "999.99", "usd"), "$999.99");
        assert_eq!(
            money("en", "92233720368547758.07", "usd"),
            "$92,233,720,368,547,758.07"
        );
    }

    #[test]
    fn a_refund_is_led_by_its_minus() {
        assert_eq!(money("en", "-1250.00", "usd"), "-$1,250.00");
        assert_eq!(money("de", "-1250.00", "eur"), "-1.250,00_€");
    }

    #[test]
    fn what_is_no_amount_is_shown_as_it_is() {
        assert_eq!(money("en", "", "usd"), "_USD");
        assert_eq!(money("de", "1e5", "usd"), "1e5_USD");
        assert_eq!(money("de", "5.001", "usd"), "5.001_USD");
        assert_eq!(money("de", "--5", "usd"), "--5_USD");
    }

    #[test]
    fn numbers_are_grouped() {
        let number = |tag, number| locale(tag).number(number).replace(NO_BREAK_SPACE, "_");
        assert_eq!(number("en", 0), "0");
        assert_eq!(number("en", 999), "999");
        assert_eq!(number("en", 1_000), "1,000");
        assert_eq!(number("de", 1_234_567), "1.234.567");
        assert_eq!(number("de-AT", 1_234_567), "1_234_567");
        assert_eq!(number("de-CH", 1_234_567), "1'234'567");
        assert_eq!(number("en-IN", 12_345_678), "1,23,45,678");
        assert_eq!(number("en-IN", 100_000), "1,00,000");
        assert_eq!(number("en", u64::MAX), "18,446,744,073,709,551,615");
    }
}
