//! Auth over its own database, through its endpoints.
#![cfg(test)]

mod change_password;
mod current_user;
mod delete_account;
mod export;
mod keys;
mod limits;
mod prune;
mod sign_in;
mod sign_out;
mod sign_up;
mod support;
