//! The mechanisms that services lean on, over real databases: what a transaction, an outbox, an
//! inbox, a worker and a runtime promise, one file for each promise.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bus_batches;
mod clock_ids;
mod db_bodies;
mod db_claims;
mod db_crowd;
mod db_file;
mod db_full;
mod db_groups;
mod db_lanes;
mod db_log;
mod db_postgres;
mod db_reads;
mod db_snapshot;
mod db_together;
mod db_values;
mod durability_strace;
mod follow_ended;
mod follower;
mod inbox_batches;
mod inbox_retries;
mod inbox_sessions;
mod intake_places;
mod outbox_relay;
mod outbox_underway;
mod relay_stream;
mod retention;
mod rolling;
mod runtime;
mod scratch;
mod traced;
mod versions;
mod worker_run;
