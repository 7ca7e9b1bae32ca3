//! Records that the gateway did not answer: it is asked again, a little later each time.

use jiff::SignedDuration;
use tessera_platform::db::{DbError, Tx};

use crate::domain::{pause_after, pause_for_payer};
use crate::gateway::GatewayError;
use crate::store::payments::{self, Due};

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub enum Silence {
    /// It did not come, or not yet.
    NoAnswer,
    /// It was a failure or a refusal that would be repeated: the next try is made under another key.
    Failed,
    /// The gateway asks for that much time.
    Busy(SignedDuration),
    /// The payer has not confirmed the payment.
    Payer,
}

impl Silence {
    /// What an error means for the next try.
    pub fn after(error: &GatewayError) -> Silence {
        match error {
            // What is refused for what was so at that moment would be refused to the same key for ever.
            GatewayError::Failed(_) | GatewayError::Refused(_) => Silence::Failed,
            GatewayError::Busy(_, time) => Silence::Busy(*time),
            GatewayError::Unknown(_) | GatewayError::Unavailable(_) => Silence::NoAnswer,
        }
    }

    /// How long to wait after so many tries, up to a quarter less: those that failed together do not come back together.
    /// `chance` is from 0 to [`Silence::CHANCES`].
    pub fn pause(self, tries: u32, chance: u64) -> SignedDuration {
        let whole = match self {
            Silence::NoAnswer | Silence::Failed => pause_after(tries),
            Silence::Payer => return pause_for_payer(tries),
            Silence::Busy(time) => return time.max(shortened(pause_after(tries), chance)),
        };
        shortened(whole, chance)
    }

    /// How finely chance is drawn.
    pub const CHANCES: u64 = 1_000;

    /// The round of the next try.
    pub fn round(self, round: u32) -> u32 {
        match self {
            Silence::Failed => round.saturating_add(1),
            Silence::NoAnswer | Silence::Busy(_) | Silence::Payer => round,
        }
    }
}

fn shortened(pause: SignedDuration, chance: u64) -> SignedDuration {
    let millis = pause.as_millis();
    let less = millis / 4 * i128::from(chance.min(Silence::CHANCES)) / i128::from(Silence::CHANCES);
    SignedDuration::from_millis(i64::try_from(millis - less).unwrap_or(i64::MAX))
}

/// Sets the time of the next try. When somebody else did so before, or has had an answer, nothing is
/// left to do.
pub async fn postpone(tx: &mut Tx, due: &Due, why: Silence) -> Result<(), DbError> {
    let pause = pause(tx, due.tries, why);
    payments::postpone(tx, due, pause, why.round(due.round))
        .await
        .map(drop)
}

/// The pause before the next try.
pub fn pause(tx: &mut Tx, tries: u32, why: Silence) -> SignedDuration {
    // The end of an id is drawn by chance.
    let chance = tx.new_id().as_u128() % u128::from(Silence::CHANCES);
    why.pause(tries.saturating_add(1), u64::try_from(chance).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_shortens_a_pause_by_a_quarter_at_most() {
        let millis = |chance| Silence::NoAnswer.pause(4, chance).as_millis();
        assert_eq!(
            [0, 500, 1_000, 5_000].map(millis),
            [1_600, 1_400, 1_200, 1_200]
        );
    }

    #[test]
    fn who_asks_for_time_gets_it() {
        let busy = Silence::Busy(SignedDuration::from_secs(7));
        assert_eq!(busy.pause(1, 1_000), SignedDuration::from_secs(7));
        let hardly = Silence::Busy(SignedDuration::ZERO);
        assert_eq!(hardly.pause(1, 0), pause_after(1));
    }

    #[test]
    fn only_what_would_be_repeated_begins_a_round() {
        let failed = GatewayError::Failed(String::new());
        assert_eq!(Silence::after(&failed).round(2), 3);
        let refused = GatewayError::Refused(String::new());
        assert_eq!(Silence::after(&refused).round(2), 3);
        let lost = GatewayError::Unknown(String::new());
        assert_eq!(Silence::after(&lost).round(2), 2);
    }
}
