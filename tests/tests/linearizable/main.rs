//! Whether the lock of a ticket is linearizable: buyers meet at a few tickets of a real server that is killed under
//! them, and all that they were told must be explained by one thing having happened after the other.
//!
//! What orders itself answers is held against this: reservations, cancellations, looks at an order. What other
//! services show of a ticket follows by events, and may be older; it is left out, and so are lists.
//!
//! `TESSERA_LINEARIZABLE_ROUNDS` plays so many rounds of each form in place of 2, with the choices
//! of `TESSERA_LINEARIZABLE_SEED`. Processes take their own time: the same choices do not make the same history.
#![cfg(test)]

mod buyer;
mod checker;
mod drawn;
mod figures;
mod history;
mod judged;
mod lock;
mod market;
mod plain;
mod round;
mod stage;

use tessera_tests::apart::has_servers;

use crate::market::Market;
use crate::stage::Plan;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_that_is_killed_again_and_again_answers_as_if_one_thing_came_after_the_other() {
    Plan::new("embedded", 2, 3).play(Market::embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_that_are_killed_in_turn_answer_as_if_one_thing_came_after_the_other() {
    if has_servers() {
        let plan = Plan::new("distributed", 2, 3);
        plan.play(Market::distributed).await;
    }
}
