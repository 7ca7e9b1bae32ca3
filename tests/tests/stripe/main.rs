//! Card payments through Stripe, from the order to the books: what is charged is somebody's ticket, and every cent is
//! accounted for, whatever goes wrong between here and there.
#![cfg(test)]

mod buying;
mod canary;
mod confirming;
mod declines;
mod faults;
mod money;
mod racing;
mod reconciling;
mod schedules;
mod till;
mod webhooks;
