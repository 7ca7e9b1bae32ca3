//! Hashes and checks passwords: some 60 ms and 19 MiB each, on threads of their own.
//!
//! Few run at once and few wait, so that a flood of sign-ins takes neither the machine's cores nor
//! its memory. Knows no user: only passwords and hashes.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{Error as PhcError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tessera_platform::http::Failure;
use tessera_platform::ids::Ids;
use tokio::sync::Semaphore;

use crate::domain::{Password, PasswordHash};

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many run at once.
const RUNNING: usize = 2;
/// How many may wait besides.
const WAITING: usize = 64;

/// The hash that is checked where there is none, so that the answer takes as long. It is of random
/// bytes that nobody kept.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1\
    $uVnjTDwJ0qHn2xREBZ1xLw$W7yFPQxlxoeS0XtC3gluAmhc0MPo5VEtxENPpkqBrCM";

/// The pool. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

struct Pool {
    argon2: Argon2<'static>,
    ids: Ids,
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    #[error("too many passwords are waiting to be checked")]
    Full,
    #[error("argon2: {0}")]
    Failed(String),
}

impl Passwords {
    /// A pool that draws its salts from `ids`.
    pub fn new(ids: Ids) -> Result<Passwords, String> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
        let params = params.map_err(|error| format!("argon2: {error}"))?;
        Ok(Passwords(Arc::new(Pool {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            ids,
            places: Arc::new(Semaphore::new(RUNNING + WAITING)),
            running: Arc::new(Semaphore::new(RUNNING)),
        })))
    }

    /// The hash of a password, with a salt of its own.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordsError> {
        let salt: [u8; 16] = self.0.ids.random_bytes();
        self.run(move |argon2| {
            let hash = argon2.hash_password_with_salt(password.bytes(), &salt);
            let hash = hash.map_err(|error| PasswordsError::Failed(error.to_string()))?;
            Ok(PasswordHash::new(hash.to_string()))
        })
        .await
    }

    /// Whether `password` is the one of `hash`. Without a hash it never is, and takes as long.
    pub async fn matches(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordsError> {
        self.run(move |argon2| {
            let phc = hash.as_ref().map_or(NOBODY, PasswordHash::as_str);
            match argon2.verify_password(password.bytes(), phc) {
                Ok(()) => Ok(hash.is_some()),
                Err(PhcError::PasswordInvalid) => Ok(false),
                Err(error) => Err(PasswordsError::Failed(error.to_string())),
            }
        })
        .await
    }

    /// Runs `work` when it is its turn. The permits go with it: whoever asked may hang up, and the
    /// work still counts until it is done.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordsError> + Send + 'static,
    ) -> Result<T, PasswordsError> {
        let place = self.0.places.clone().try_acquire_owned();
        let place = place.map_err(|_| PasswordsError::Full)?;
        let turn = self.0.running.clone().acquire_owned().await;
        let turn = turn.map_err(|error| PasswordsError::Failed(error.to_string()))?;
        let pool = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work(&pool.argon2);
            drop((turn, place));
            outcome
        });
        done.await
            .map_err(|error| PasswordsError::Failed(error.to_string()))?
    }
}

impl From<PasswordsError> for Failure {
    fn from(error: PasswordsError) -> Failure {
        match error {
            PasswordsError::Full => Failure::unavailable(Duration::from_secs(1)),
            PasswordsError::Failed(_) => Failure::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc;
    use tessera_platform::clock::Clock;

    use super::*;

    fn passwords() -> Passwords {
        let (clock, _hand) = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        Passwords::new(Ids::seeded(1, clock)).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::claimed(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other() {
        let passwords = passwords();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        let again = passwords.hash(password("correct horse")).await.unwrap();
        assert_ne!(hash.as_str(), again.as_str(), "each has a salt of its own");
        for (text, matches) in [("correct horse", true), ("Correct horse", false)] {
            let found = passwords.matches(password(text), Some(hash.clone()));
            assert_eq!(found.await.unwrap(), matches, "{text}");
        }
        let nobody = passwords.matches(password("correct horse"), None);
        assert!(!nobody.await.unwrap());
    }

    #[tokio::test]
    async fn nobody_s_hash_costs_as_much_as_anybody_s() {
        let hash = passwords().hash(password("correct horse")).await.unwrap();
        let [anybody, nobody] =
            [hash.as_str(), NOBODY].map(|phc| phc::PasswordHash::new(phc).unwrap());
        assert_eq!(anybody.algorithm, nobody.algorithm);
        assert_eq!(anybody.version, nobody.version);
        assert_eq!(anybody.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(anybody.params.to_string(), nobody.params.to_string());
        assert_eq!(anybody.salt.unwrap().len(), nobody.salt.unwrap().len());
        assert_eq!(anybody.hash.unwrap().len(), nobody.hash.unwrap().len());
    }

    #[tokio::test]
    async fn a_full_pool_refuses_at_once() {
        let passwords = passwords();
        let places = u32::try_from(RUNNING + WAITING).unwrap();
        let taken = passwords
            .0
            .places
            .clone()
            .acquire_many_owned(places)
            .await
            .unwrap();
        let refused = passwords.matches(password("correct horse"), None).await;
        assert!(matches!(refused, Err(PasswordsError::Full)));
        drop(taken);
        assert!(
            passwords
                .matches(password("correct horse"), None)
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_an_error_and_no_match() {
        let broken = PasswordHash::new("not a hash".to_owned());
        let passwords = passwords();
        let failed = passwords.matches(password("correct horse"), Some(broken));
        assert!(matches!(failed.await, Err(PasswordsError::Failed(_))));
    }
}
