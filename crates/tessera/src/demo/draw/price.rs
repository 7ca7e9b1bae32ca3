//! What a seat costs, in the money of the country.

use tessera_contracts::{Currency, Money};

use crate::demo::catalogue::Programme;

/// The money of a country.
struct Local {
    country: &'static str,
    currency: &'static str,
    /// How many of it stand for one in the table of programmes. A plausible price, and no rate of
    /// exchange.
    scale: i64,
    /// Prices are multiples of this.
    step: i64,
}

const fn local(country: &'static str, currency: &'static str, scale: i64, step: i64) -> Local {
    Local {
        country,
        currency,
        scale,
        step,
    }
}

/// Everywhere else it is dollars.
const ELSEWHERE: Local = local("", "usd", 1, 5);

const LOCALS: &[Local] = &[
    local("AR", "ars", 1_000, 500),
    local("AT", "eur", 1, 5),
    local("AU", "aud", 1, 5),
    local("BE", "eur", 1, 5),
    local("BR", "brl", 5, 10),
    local("CA", "cad", 1, 5),
    local("CH", "chf", 1, 5),
    local("CZ", "czk", 22, 50),
    local("DE", "eur", 1, 5),
    local("DK", "dkk", 7, 5),
    local("ES", "eur", 1, 5),
    local("FI", "eur", 1, 5),
    local("FR", "eur", 1, 5),
    local("GB", "gbp", 1, 5),
    local("GR", "eur", 1, 5),
    local("IE", "eur", 1, 5),
    local("IN", "inr", 80, 100),
    local("IT", "eur", 1, 5),
    local("JP", "jpy", 150, 500),
    local("MX", "mxn", 18, 10),
    local("NL", "eur", 1, 5),
    local("NO", "nok", 10, 10),
    local("NZ", "nzd", 1, 5),
    local("PL", "pln", 4, 5),
    local("PT", "eur", 1, 5),
    local("SE", "sek", 10, 10),
    local("SG", "sgd", 1, 5),
];

/// The price of a seat that is worth so many hundredths of the way from the programme's lowest
/// price to its highest, rounded within these.
pub fn price(country: &str, programme: &Programme, worth: u32) -> Money {
    let local = LOCALS.iter().find(|local| local.country == country);
    let local = local.unwrap_or(&ELSEWHERE);
    let [from, to] = [programme.from_price, programme.to_price]
        .map(|price| i64::from(price).saturating_mul(local.scale));
    let exact = from + (to - from) * i64::from(worth.min(100)) / 100;
    let rounded = (exact + local.step / 2) / local.step * local.step;
    let currency: Currency = local.currency.parse().unwrap_or(Currency::USD);
    let minor = 10_i64.saturating_pow(currency.minor_digits());
    Money::new(rounded.clamp(from, to).saturating_mul(minor), currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::catalogue::Catalogue;

    fn carmen() -> Programme {
        serde_json::from_value(serde_json::json!({
            "kind": "concert", "title": "Bizet: Carmen", "from_price": 52, "to_price": 303
        }))
        .unwrap()
    }

    fn in_words(country: &str, worth: u32) -> String {
        let price = price(country, &carmen(), worth);
        format!("{} {}", price.amount(), price.currency())
    }

    #[test]
    fn it_is_in_the_money_of_the_country() {
        assert_eq!(in_words("US", 50), "175.00 usd");
        assert_eq!(in_words("AT", 50), "175.00 eur");
        assert_eq!(in_words("JP", 50), "26500 jpy");
    }

    #[test]
    fn rounding_leaves_neither_end() {
        assert_eq!(in_words("US", 0), "52.00 usd");
        assert_eq!(in_words("US", 100), "303.00 usd");
    }

    #[test]
    fn every_price_is_within_the_table_by_the_scale_of_the_country() {
        let catalogue = Catalogue::read().unwrap();
        let countries = LOCALS.iter().chain([&ELSEWHERE]);
        for (local, programme) in
            countries.flat_map(|local| catalogue.programmes.iter().map(move |one| (local, one)))
        {
            for worth in 0..=100 {
                let price = price(local.country, programme, worth);
                let minor = 10_i64.pow(price.currency().minor_digits()) * local.scale;
                let range =
                    i64::from(programme.from_price) * minor..=i64::from(programme.to_price) * minor;
                assert!(range.contains(&price.minor()), "{price:?}");
                assert_eq!(price.currency().as_str(), local.currency);
            }
        }
    }

    #[test]
    fn every_country_with_a_venue_is_known_or_has_dollars() {
        for venue in Catalogue::read().unwrap().venues {
            let known = LOCALS.iter().any(|local| local.country == venue.country);
            assert!(known || venue.country == "US", "{}", venue.country);
        }
    }
}
