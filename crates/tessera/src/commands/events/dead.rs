//! `tessera events dead` and `tessera events retry`: what a service gave up on.

use tessera_platform::inbox;
use uuid::Uuid;

use super::{Opened, Stopped};
use crate::terminal;

/// Dead events listed of each service, and revived at once.
const MOST: u32 = 1_000;

/// Prints the dead events of all `services`.
pub(super) async fn list(services: &[Opened]) -> Result<(), Stopped> {
    let mut count = 0;
    for (name, db) in services {
        for letter in inbox::list_dead(db, MOST).await.map_err(Stopped::failed)? {
            count += 1;
            let inbox::DeadLetter {
                id,
                received_at,
                attempts,
                payload,
                error,
            } = letter;
            terminal::say(format!(
                "{name}  {id}  received {received_at}, failed {attempts} times: {error}"
            ));
            terminal::say(format!("    {payload}"));
        }
    }
    if count == 0 {
        terminal::say("No dead events.");
    }
    Ok(())
}

/// Lets one dead event, or all of them, be tried again.
pub(super) async fn retry(services: &[Opened], event: Option<Uuid>) -> Result<(), Stopped> {
    let mut count = 0;
    for (name, db) in services {
        let letters = inbox::list_dead(db, MOST).await.map_err(Stopped::failed)?;
        let wanted = letters
            .iter()
            .filter(|letter| event.is_none_or(|id| letter.id.uuid() == id));
        for letter in wanted {
            if inbox::retry_dead(db, letter.id)
                .await
                .map_err(Stopped::failed)?
            {
                count += 1;
                terminal::say(format!("{name}: {} will be tried again", letter.id));
            }
        }
    }
    match (event, count) {
        (Some(id), 0) => Err(Stopped::failed(format!("there is no dead event {id}"))),
        (None, 0) => {
            terminal::say("No dead events.");
            Ok(())
        }
        _ => Ok(()),
    }
}
