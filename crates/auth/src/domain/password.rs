//! Passwords and their hashes: neither prints, and both are wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A password in the clear, for as long as it takes to hash or check it.
pub struct Password(Zeroizing<String>);

/// What is kept of a password: argon2id, as a PHC string.
#[derive(Clone)]
pub struct PasswordHash(Zeroizing<String>);

/// The text may not be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short or too long to be a new one.
    #[error("Password must be between {SHORTEST} and {LONGEST} characters")]
    Length,
    /// There is none.
    #[error("You must supply a password")]
    Missing,
}

/// In characters, not in bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;

impl Password {
    /// A password that somebody chooses.
    pub fn chosen(text: String) -> Result<Password, PasswordError> {
        let password = Password(Zeroizing::new(text));
        match password.0.chars().count() {
            SHORTEST..=LONGEST => Ok(password),
            _ => Err(PasswordError::Length),
        }
    }

    /// A password that somebody says is theirs: whatever it is, only its hash can tell.
    pub fn claimed(text: String) -> Result<Password, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Missing);
        }
        Ok(Password(Zeroizing::new(text)))
    }

    /// The password itself.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl PasswordHash {
    /// Takes a PHC string in.
    pub fn new(phc: String) -> PasswordHash {
        PasswordHash(Zeroizing::new(phc))
    }

    /// The PHC string, for the table and for checking.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_password_has_8_to_128_characters() {
        for (length, taken) in [(0, false), (7, false), (8, true), (128, true), (129, false)] {
            let chosen = Password::chosen("é".repeat(length));
            assert_eq!(chosen.is_ok(), taken, "{length} characters");
        }
        let refused = Password::chosen("short".to_owned()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Password must be between 8 and 128 characters"
        );
    }

    #[test]
    fn a_claimed_password_is_anything_but_nothing() {
        assert!(Password::claimed("x".to_owned()).is_ok());
        assert_eq!(
            Password::claimed(String::new()).unwrap_err(),
            PasswordError::Missing
        );
    }

    #[test]
    fn neither_a_password_nor_its_hash_prints() {
        let password = Password::claimed("correct horse".to_owned()).unwrap();
        let hash = PasswordHash::new("$argon2id$…".to_owned());
        assert_eq!(
            format!("{password:?} {hash:?}"),
            "Password(…) PasswordHash(…)"
        );
    }
}
