//! A place in a house, and how good it is.

use rand::Rng;
use rand::rngs::StdRng;

use super::{DrawError, pick};
use crate::demo::catalogue::{Kind, Venue};

/// What is written on the ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub section: String,
    /// None where people stand.
    pub row: Option<String>,
    pub seat: Option<String>,
    /// How good it is: from 0, the worst of the house, to 100, the best.
    pub worth: u32,
}

/// A part of a house.
struct Section {
    name: &'static str,
    /// The numbers of its blocks, from and to.
    blocks: Option<(u32, u32)>,
    rows: Rows,
    /// How many seats a row has.
    seats: u32,
    /// How good its worst and its best seat are.
    worth: (u32, u32),
}

enum Rows {
    /// Up to this letter.
    Letters(u8),
    /// Up to this number.
    Numbers(u32),
    /// People stand.
    Standing,
}

const HALL: &[Section] = &[
    section("Stalls", Rows::Letters(b'T'), 32, (60, 100)),
    section("Dress Circle", Rows::Letters(b'F'), 28, (50, 90)),
    section("Upper Circle", Rows::Letters(b'H'), 30, (25, 60)),
    section("Balcony", Rows::Letters(b'E'), 36, (0, 35)),
];

const STAND: &[Section] = &[
    section("Main Stand", Rows::Numbers(25), 30, (65, 100)),
    section("Lower Tier", Rows::Numbers(30), 24, (35, 80)).in_blocks(101, 124),
    section("Upper Tier", Rows::Numbers(40), 24, (0, 45)).in_blocks(201, 230),
];

const ARENA: &[Section] = &[
    section("Standing", Rows::Standing, 0, (50, 75)),
    section("Floor", Rows::Numbers(20), 40, (70, 100)),
    section("Lower Tier", Rows::Numbers(30), 24, (35, 80)).in_blocks(101, 124),
    section("Upper Tier", Rows::Numbers(40), 24, (0, 45)).in_blocks(201, 230),
];

const CLUB: &[Section] = &[
    section("Stalls", Rows::Letters(b'M'), 20, (40, 100)),
    section("Gallery", Rows::Letters(b'D'), 24, (0, 50)),
];

const GROUND: &[Section] = &[
    section("General Admission", Rows::Standing, 0, (0, 55)),
    section("Golden Circle", Rows::Standing, 0, (70, 100)),
];

const fn section(name: &'static str, rows: Rows, seats: u32, worth: (u32, u32)) -> Section {
    Section {
        name,
        blocks: None,
        rows,
        seats,
        worth,
    }
}

impl Section {
    const fn in_blocks(mut self, from: u32, to: u32) -> Section {
        self.blocks = Some((from, to));
        self
    }
}

/// A seat of the kind of house that `venue` is when something of this kind takes place.
pub fn draw(random: &mut StdRng, venue: &Venue, kind: Kind) -> Result<Seat, DrawError> {
    let section = pick(random, house(venue, kind), "section")?;
    let name = section.name;
    let row = match section.rows {
        Rows::Letters(last) => Some(char::from(random.random_range(b'A'..=last)).to_string()),
        Rows::Numbers(last) => Some(random.random_range(1..=last).to_string()),
        Rows::Standing => None,
    };
    Ok(Seat {
        section: match section.blocks {
            Some((from, to)) => format!("{name}, Block {}", random.random_range(from..=to)),
            None => name.to_owned(),
        },
        seat: row
            .is_some()
            .then(|| random.random_range(1..=section.seats).to_string()),
        row,
        worth: random.random_range(section.worth.0..=section.worth.1),
    })
}

/// Where there is sport, the other things take place in an arena too.
fn house(venue: &Venue, kind: Kind) -> &'static [Section] {
    let arena = venue.kinds.contains(&Kind::Sports);
    match kind {
        Kind::Sports => STAND,
        Kind::Festival => GROUND,
        Kind::Concert | Kind::Comedy if arena => ARENA,
        Kind::Concert | Kind::Theatre => HALL,
        Kind::Comedy => CLUB,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::demo::catalogue::Catalogue;

    #[test]
    fn every_house_has_a_seat_for_everybody() {
        let mut random = StdRng::seed_from_u64(4);
        for venue in Catalogue::read().unwrap().venues {
            for kind in &venue.kinds {
                let seat = draw(&mut random, &venue, *kind).unwrap();
                assert!(seat.worth <= 100 && !seat.section.is_empty(), "{seat:?}");
                // A seat has a row; where people stand there is neither.
                assert_eq!(seat.row.is_some(), seat.seat.is_some(), "{seat:?}");
            }
        }
    }

    #[test]
    fn the_worst_place_costs_least_and_the_best_most() {
        for house in [HALL, STAND, ARENA, CLUB, GROUND] {
            assert_eq!(house.iter().map(|section| section.worth.0).min(), Some(0));
            assert_eq!(house.iter().map(|section| section.worth.1).max(), Some(100));
        }
    }
}
