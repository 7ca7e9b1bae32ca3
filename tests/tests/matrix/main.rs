//! Who may do what, from where, in which form: every operation of the API against everybody who might ask, every
//! write against every way in which a browser might be made to send it, and what the time of a sign-in tells.
//!
//! Each matrix is made of tables that read as the policy. An operation without its row fails by its name, so what is
//! new cannot be forgotten here. Nothing in here may weaken a rule to make a cell pass.
#![cfg(test)]

mod authorization;
mod broken;
mod callers;
mod elsewhere;
mod forged;
mod operations;
mod policy;
mod ranks;
mod reading;
mod scene;
mod sign_in_time;
mod wire;
mod writes;
