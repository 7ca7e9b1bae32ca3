//! The real venues and programmes that the listings are drawn from, as the tables in `data/` give
//! them.

use serde::{Deserialize, Deserializer};

const VENUES: &str = include_str!("../../data/venues.csv");
const PROGRAMMES: &str = include_str!("../../data/programmes.csv");

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Concert,
    Theatre,
    Sports,
    Comedy,
    Festival,
}

/// A place.
#[derive(Clone, Debug, Deserialize)]
pub struct Venue {
    #[serde(rename = "venue")]
    pub name: String,
    pub city: String,
    /// Two letters, ISO 3166-1.
    pub country: String,
    /// The IANA name of its time zone.
    #[serde(rename = "timezone")]
    pub zone: String,
    /// What takes place there.
    #[serde(deserialize_with = "kinds")]
    pub kinds: Vec<Kind>,
}

/// Something that takes place.
#[derive(Clone, Debug, Deserialize)]
pub struct Programme {
    pub kind: Kind,
    pub title: String,
    /// What the worst seat costs, in whole dollars or what they are worth elsewhere.
    pub from_price: u32,
    /// What the best seat costs.
    pub to_price: u32,
}

/// Both tables.
#[derive(Debug)]
pub struct Catalogue {
    pub venues: Vec<Venue>,
    pub programmes: Vec<Programme>,
}

/// A table that came with the program cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the table of {table}: {error}")]
pub struct CatalogueError {
    table: &'static str,
    error: csv::Error,
}

impl Kind {
    /// Its word, which is the category of a listing too.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Concert => "concert",
            Kind::Theatre => "theatre",
            Kind::Sports => "sports",
            Kind::Comedy => "comedy",
            Kind::Festival => "festival",
        }
    }
}

impl Catalogue {
    /// Reads the tables.
    pub fn read() -> Result<Catalogue, CatalogueError> {
        Ok(Catalogue {
            venues: rows("venues", VENUES)?,
            programmes: rows("programmes", PROGRAMMES)?,
        })
    }

    /// What can take place there.
    pub fn programmes_at(&self, venue: &Venue) -> Vec<&Programme> {
        let fits = |programme: &&Programme| programme.fits(venue);
        self.programmes.iter().filter(fits).collect()
    }
}

impl Programme {
    /// Whether it can take place there. Cricket is played where people play it.
    pub fn fits(&self, venue: &Venue) -> bool {
        let cricket = self.title.starts_with("Test Match");
        let plays_cricket = ["AU", "IN", "NZ"].contains(&venue.country.as_str());
        venue.kinds.contains(&self.kind) && (!cricket || plays_cricket)
    }
}

fn rows<T: for<'de> Deserialize<'de>>(
    table: &'static str,
    text: &str,
) -> Result<Vec<T>, CatalogueError> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>()
        .map_err(|error| CatalogueError { table, error })
}

/// `concert|sports`.
fn kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Kind>, D::Error> {
    use serde::de::IntoDeserializer;
    let words = String::deserialize(deserializer)?;
    let kind = |word: &str| Kind::deserialize(word.into_deserializer());
    words.split('|').map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read_whole() {
        let catalogue = Catalogue::read().unwrap();
        let lines = |text: &str| text.lines().count() - 1;
        assert_eq!(catalogue.venues.len(), lines(VENUES));
        assert_eq!(catalogue.programmes.len(), lines(PROGRAMMES));
        let garden = &catalogue.venues[0];
        assert_eq!(garden.name, "Madison Square Garden");
        assert_eq!(garden.kinds, [Kind::Concert, Kind::Sports, Kind::Comedy]);
    }

    #[test]
    fn every_venue_has_a_programme_and_every_programme_a_venue() {
        let catalogue = Catalogue::read().unwrap();
        for venue in &catalogue.venues {
            assert!(!catalogue.programmes_at(venue).is_empty(), "{}", venue.name);
        }
        for programme in &catalogue.programmes {
            let fits = |venue: &Venue| programme.fits(venue);
            assert!(catalogue.venues.iter().any(fits), "{}", programme.title);
        }
    }

    #[test]
    fn a_kind_has_the_same_word_on_both_ways() {
        for word in ["concert", "theatre", "sports", "comedy", "festival"] {
            let kind: Kind = serde_json::from_value(word.into()).unwrap();
            assert_eq!(kind.as_str(), word);
        }
    }

    #[test]
    fn every_time_zone_exists() {
        for venue in Catalogue::read().unwrap().venues {
            assert!(
                jiff::tz::TimeZone::get(&venue.zone).is_ok(),
                "{}",
                venue.zone
            );
        }
    }
}
