//! Amounts as people type them into a field, and as they find them there again.
//!
//! Reads what can mean one thing only to somebody of the visitor's region. Never guesses: anything else is
//! passed on as it was typed, for the API to refuse.

use tessera_contracts::Currency;

use super::Locale;
use super::money::SIGNS;
use super::region::Marks;

/// Signs beside [`SIGNS`]: those that differ between regions, and what people write for their own currency.
const MORE_SIGNS: [&str; 14] = [
    "$", "US$", "A$", "AU$", "¥", "JP¥", "R", "฿", "Fr", "Fr.", "SFr.", "zł", "Kč", "kr",
];

impl Locale {
    /// The text of a price field as the API takes it: `1.250,00 €` on a German page is `1250.00`.
    pub(crate) fn typed_amount(self, text: &str) -> String {
        let read = bare(text.trim()).and_then(|digits| read(&digits, self.0.marks));
        read.unwrap_or_else(|| text.to_owned())
    }

    /// An amount as a price field of this page shows it. [`Locale::typed_amount`] reads it back.
    pub(crate) fn shown_amount(self, amount: &str) -> String {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
        if !is_digits(whole) || !is_digits(fraction) {
            return amount.to_owned();
        }
        amount.replace('.', self.0.marks.decimal.encode_utf8(&mut [0; 4]))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits and separators without the currency beside them; separators that look alike become one.
fn bare(text: &str) -> Option<String> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    let (before, rest) = text.split_at_checked(first)?;
    let (digits, after) = rest.split_at_checked(last.checked_sub(first)?.checked_add(1)?)?;
    let digits = digits.chars().map(alike).collect::<Option<String>>()?;
    if !is_currency(after) && !is_currency(without_empty_fraction(after)) {
        return None;
    }
    if is_currency(before) {
        return Some(digits);
    }
    // The point of `.50` and `$.50`. One that ends a currency, as in `Fr.50`, was found above.
    let separator = before
        .chars()
        .next_back()
        .filter(|c| matches!(c, '.' | ','))?;
    let before = before.strip_suffix(separator)?;
    is_currency(before).then(|| format!("{separator}{digits}"))
}

fn alike(c: char) -> Option<char> {
    match c {
        '0'..='9' | '.' | ',' => Some(c),
        '\'' | '’' | '‘' | 'ʼ' | '`' | '´' => Some('\''),
        _ if c.is_whitespace() => Some(' '),
        _ => None,
    }
}

/// No currency is one, too.
fn is_currency(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || SIGNS.iter().any(|(_, sign)| *sign == text)
        || MORE_SIGNS.contains(&text)
        || text.parse::<Currency>().is_ok()
}

/// `120.`, and the `120,-` and `120.–` of price tags.
fn without_empty_fraction(after: &str) -> &str {
    let Some(rest) = after.strip_prefix(['.', ',']) else {
        return after;
    };
    rest.trim_start_matches(['-', '–', '—'])
}

/// `text` holds digits, points, commas, blanks and apostrophes only, and ends with a digit.
fn read(text: &str, marks: Marks) -> Option<String> {
    let mut kinds: Vec<char> = Vec::new();
    for separator in text.chars().filter(|c| !c.is_ascii_digit()) {
        if !kinds.contains(&separator) {
            kinds.push(separator);
        }
    }
    match *kinds.as_slice() {
        [] => Some(text.to_owned()),
        [one] => read_with_one(text, one, marks),
        // Whatever the region: what stands last, and once, is the decimal separator.
        [group, decimal @ ('.' | ',')] => {
            let (whole, fraction) = text.split_once(decimal)?;
            decimal_of(&ungrouped(whole, group, marks)?, fraction)
        }
        _ => None,
    }
}

fn read_with_one(text: &str, separator: char, marks: Marks) -> Option<String> {
    let (whole, fraction) = text.split_once(separator)?;
    let once = !fraction.contains(separator);
    if !once || matches!(separator, ' ' | '\'') {
        return ungrouped(text, separator, marks);
    }
    if separator == marks.decimal {
        return decimal_of(whole, fraction);
    }
    let groups = marks.group.contains(separator) || marks.money_group.contains(separator);
    if let Some(digits) = ungrouped(text, separator, marks).filter(|_| groups) {
        return Some(digits);
    }
    // A separator of elsewhere. Three digits behind it could be thousands, unless nothing is before them.
    let clear = fraction.len() < 3 || matches!(whole, "" | "0");
    decimal_of(whole, fraction).filter(|_| clear)
}

fn decimal_of(whole: &str, fraction: &str) -> Option<String> {
    let whole = if whole.is_empty() { "0" } else { whole };
    let both = is_digits(whole) && is_digits(fraction);
    both.then(|| format!("{whole}.{fraction}"))
}

/// The digits without `separator`, if it makes proper groups.
fn ungrouped(text: &str, separator: char, marks: Marks) -> Option<String> {
    let groups: Vec<&str> = text.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let all_digits = groups.iter().all(|group| is_digits(group));
    let begins = (1..=3).contains(&first.len()) && !first.starts_with('0');
    if !all_digits || !begins || last.len() != 3 {
        return None;
    }
    let thousands = middle.iter().all(|group| group.len() == 3);
    let lakhs = marks.lakh && first.len() < 3 && middle.iter().all(|group| group.len() == 2);
    (thousands || lakhs).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::region::every_one;
    use super::*;

    fn typed(tag: &str, text: &str) -> String {
        Locale::choose(None, Some(tag)).typed_amount(text)
    }

    #[test]
    fn an_english_page_reads_points_as_decimals() {
        for (text, amount) in [
            ("120", "120"),
            (" 120.50\t", "120.50"),
            ("1,250", "1250"),
            ("1,250.00", "1250.00"),
            ("1,234,567.89", "1234567.89"),
            ("120,50", "120.50"),
            ("120,5", "120.5"),
            ("1.250", "1.250"),
            ("1.250,00", "1250.00"),
            ("0,125", "0.125"),
            (".5", "0.5"),
            ("120.", "120"),
            ("1 250.50", "1250.50"),
        ] {
            assert_eq!(typed("en-US", text), amount, "{text:?}");
        }
    }

    #[test]
    fn a_german_page_reads_commas_as_decimals() {
        for (text, amount) in [
            ("120,5", "120.5"),
            ("120,50", "120.50"),
            ("120.50", "120.50"),
            ("120.5", "120.5"),
            ("1.250", "1250"),
            ("1.250,00", "1250.00"),
            ("1.234.567,89", "1234567.89"),
            ("1,250.00", "1250.00"),
            ("1 250,50", "1250.50"),
            ("1\u{a0}250\u{202f}000", "1250000"),
            ("1,250", "1.250"),
            ("0.125", "0.125"),
            (",5", "0.5"),
            ("120,-", "120"),
            ("120,–", "120"),
        ] {
            assert_eq!(typed("de", text), amount, "{text:?}");
            assert_eq!(typed("de-AT", text), amount, "{text:?} in Austria");
        }
    }

    #[test]
    fn other_regions_read_their_own_groups() {
        assert_eq!(typed("de-CH", "1'250.50"), "1250.50");
        assert_eq!(typed("de-CH", "1’250’000"), "1250000");
        assert_eq!(typed("de-CH", "120.–"), "120");
        assert_eq!(typed("de-CH", "120,50"), "120.50");
        assert_eq!(typed("en-IN", "12,34,567.50"), "1234567.50");
        assert_eq!(typed("en-IN", "1,234,567"), "1234567");
        assert_eq!(typed("en-DE", "1.250"), "1250");
    }

    #[test]
    fn a_currency_beside_the_digits_is_passed_over() {
        for text in "$1,250.50|US$1,250.50|1,250.50 USD|usd 1,250.50|1,250.50\u{a0}€|€ 1,250.50|\
             Fr.1,250.50|CHF 1'250.50|F\u{202f}CFA\u{a0}1,250.50|1,250.50 kr"
            .split('|')
        {
            assert_eq!(typed("en", text), "1250.50", "{text:?}");
        }
        assert_eq!(typed("en", "$.50"), "0.50");
        assert_eq!(typed("de", "120,- €"), "120");
        assert_eq!(typed("de", "120,00€"), "120.00");
    }

    #[test]
    fn what_is_not_understood_stays_as_it_was_typed() {
        for text in "| |free|-5|+5|1e5|12 kg|1,2,3|1,25,000|0,125,000|12 50|1.2.3|1.250,00.5|\
             1,250,00.5|1 250 00|1,2500|5-|5 (USD)|$|$$5|5..|.|,|1..5|1,,250|٥|５|\
             1,250.50,25|USDT 5|1 250'000,5|½|5\u{0}"
            .split('|')
        {
            assert_eq!(typed("en", text), text, "{text:?}");
        }
        for text in [
            "12,5,0",
            "1.25.000",
            "1.250.00",
            "1250.000,5.5",
            "1234.567",
            "0.125.000",
        ] {
            assert_eq!(typed("de", text), text, "{text:?}");
        }
        assert_eq!(typed("de-CH", "1,250"), "1,250");
    }

    #[test]
    fn a_field_shows_the_regions_own_separator() {
        let shown = |tag, amount| Locale::choose(None, Some(tag)).shown_amount(amount);
        assert_eq!(shown("en", "1250.50"), "1250.50");
        assert_eq!(shown("de", "1250.50"), "1250,50");
        assert_eq!(shown("de-AT", "1250"), "1250");
        assert_eq!(shown("de-CH", "1250.50"), "1250.50");
        for typed in ["", "free", "1.250,00", "1.2.3", "5.", "-5.00"] {
            assert_eq!(shown("de", typed), typed);
        }
    }

    proptest! {
        #[test]
        fn what_a_field_shows_is_read_back(amount in "(0|[1-9][0-9]{0,8})([.][0-9]{1,4})?") {
            for region in every_one() {
                let locale = Locale(region);
                prop_assert_eq!(locale.typed_amount(&locale.shown_amount(&amount)), &*amount);
            }
        }

        #[test]
        fn a_price_copied_from_a_page_is_read(minor in 0..=99_999_999_i64) {
            for (region, code) in every_one().flat_map(|region| [(region, "eur"), (region, "usd"), (region, "chf"), (region, "jpy")]) {
                let locale = Locale(region);
                let amount = tessera_contracts::Money::new(minor, code.parse().unwrap()).amount();
                let shown = locale.money(&amount, code.parse().unwrap());
                prop_assert_eq!(&locale.typed_amount(&shown), amount.as_str(), "{:?}: {}", region, shown);
            }
        }

        #[test]
        fn whatever_is_typed_is_an_amount_or_untouched(text in "[0-9.,' $€UD-]{0,12}|.{0,12}") {
            for region in every_one() {
                let typed = Locale(region).typed_amount(&text);
                let (whole, fraction) = typed.split_once('.').unwrap_or((&typed, "0"));
                prop_assert!(typed == text || (is_digits(whole) && is_digits(fraction)));
                let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                prop_assert!(digits(&typed).ends_with(&digits(&text)));
            }
        }
    }
}
