//! Draws listings: which programme at which venue, when, on which seat, for how much.
//!
//! Pure: the same seed and the same moment draw the same listings. Never draws one that could not
//! be: the programme fits the venue, the evening is one in the venue's own time zone, the seat is
//! one of such a house, and the price is between what the programme's worst and best seats cost.

mod price;
mod seat;
mod start;

use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tessera_contracts::http::tickets::NewTicket;

use super::catalogue::{Catalogue, CatalogueError, Programme, Venue};

/// Draws one listing after the other.
pub struct Draw {
    catalogue: Catalogue,
    random: StdRng,
    now: Timestamp,
}

/// Nothing can be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    #[error("there is no {0} to draw")]
    Nothing(&'static str),
    #[error("no time to begin at {venue}: {error}")]
    Start { venue: String, error: jiff::Error },
}

impl Draw {
    /// Draws what `seed` determines, for the half year after `now`.
    pub fn new(seed: u64, now: Timestamp) -> Result<Draw, CatalogueError> {
        Ok(Draw {
            catalogue: Catalogue::read()?,
            random: StdRng::seed_from_u64(seed),
            now,
        })
    }

    /// The next listing.
    pub fn listing(&mut self) -> Result<NewTicket, DrawError> {
        let random = &mut self.random;
        let venue = pick(random, &self.catalogue.venues, "venue")?;
        let programmes = self.catalogue.programmes_at(venue);
        let programme = *pick(random, &programmes, "programme")?;
        let starts_at = start::draw(random, programme, &venue.zone, self.now);
        let starts_at = starts_at.map_err(|error| DrawError::Start {
            venue: venue.name.clone(),
            error,
        })?;
        let seat = seat::draw(random, venue, programme.kind)?;
        Ok(written(venue, programme, starts_at, seat))
    }
}

fn written(
    venue: &Venue,
    programme: &Programme,
    starts_at: Timestamp,
    seat: seat::Seat,
) -> NewTicket {
    let price = price::price(&venue.country, programme, seat.worth);
    NewTicket {
        title: programme.title.clone(),
        price: price.amount(),
        currency: Some(price.currency()),
        category: Some(programme.kind.as_str().to_owned()),
        venue: Some(venue.name.clone()),
        city: Some(venue.city.clone()),
        country: Some(venue.country.clone()),
        starts_at: Some(starts_at),
        time_zone: Some(venue.zone.clone()),
        section: Some(seat.section),
        row: seat.row,
        seat: seat.seat,
    }
}

fn pick<'a, T>(random: &mut StdRng, from: &'a [T], what: &'static str) -> Result<&'a T, DrawError> {
    from.choose(random).ok_or(DrawError::Nothing(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2030-03-01T12:00:00Z".parse().unwrap()
    }

    fn drawn(seed: u64, count: usize) -> Vec<NewTicket> {
        let mut draw = Draw::new(seed, now()).unwrap();
        (0..count).map(|_| draw.listing().unwrap()).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_listings() {
        assert_eq!(drawn(7, 200), drawn(7, 200));
        assert_ne!(drawn(7, 200), drawn(8, 200));
        // More of them begin with the same ones.
        assert_eq!(drawn(7, 200)[..50], drawn(7, 50));
    }

    #[test]
    fn every_programme_is_one_of_the_tables_and_fits_its_venue() {
        let catalogue = Catalogue::read().unwrap();
        for listing in drawn(1, 2_000) {
            let name = listing.venue.clone().unwrap();
            let venue = catalogue.venues.iter().find(|venue| venue.name == name);
            let venue = venue.unwrap();
            let programmes = catalogue.programmes_at(venue);
            let programme = programmes.iter().find(|one| one.title == listing.title);
            let kind = programme.unwrap().kind;
            assert_eq!(listing.category.as_deref(), Some(kind.as_str()));
            assert_eq!(listing.city, Some(venue.city.clone()));
            assert_eq!(listing.country, Some(venue.country.clone()));
            assert_eq!(listing.time_zone, Some(venue.zone.clone()));
        }
    }

    #[test]
    fn every_price_is_one_that_the_marketplace_takes() {
        for listing in drawn(2, 2_000) {
            let currency = listing.currency.unwrap();
            let price = tessera_contracts::Price::parse(listing.price.as_str(), currency);
            assert!(price.is_ok(), "{listing:?}");
        }
    }

    #[test]
    fn a_hundred_listings_are_of_every_kind_and_of_many_places() {
        let listings = drawn(1, 120);
        let distinct = |of: fn(&NewTicket) -> Option<String>| {
            let all: std::collections::BTreeSet<_> = listings.iter().filter_map(of).collect();
            all.len()
        };
        assert_eq!(distinct(|listing| listing.category.clone()), 5);
        assert!(distinct(|listing| listing.city.clone()) > 25);
        assert!(distinct(|listing| listing.currency.map(|currency| currency.code())) > 5);
    }
}
