//! What a user, a password and a session are. Pure: no I/O, no clock, no randomness.

mod email;
mod password;
mod session;
mod user;

pub use email::Email;
pub use password::{Password, PasswordHash};
pub use session::{IDLE_LIFE, MOST_SESSIONS, Session, last_use_too_old};
pub use user::{NewUser, User};
