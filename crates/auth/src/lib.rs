//! Auth owns users and their sessions: who may sign in, and which sessions still live.
//!
//! It signs the tokens that every service verifies alone, and says when a session ends before its
//! tokens do. It keeps a password only as its argon2id hash, checks one outside of any transaction,
//! and never puts an e-mail address into an event. What a user lists, orders or pays is not known
//! here.

mod domain;
mod http;
mod operations;
mod passwords;
mod store;
mod workers;

use std::sync::Arc;

use tessera_platform::db::Migration;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use tessera_platform::session::SigningKeys;

use passwords::Passwords;
use workers::prune_sessions;

/// The service, for the binary's table.
pub const DEFINITION: Definition = Definition {
    name: "auth",
    migrations: MIGRATIONS,
    signs_sessions: true,
    beside: &[],
    build: |ctx| Box::pin(async move { build(ctx) }),
};

const MIGRATIONS: &[Migration] = &[Migration {
    name: "auth/0001_auth",
    sql: include_str!("migrations/0001_auth.sql"),
}];

/// What the endpoints live on. Cheap to clone.
#[derive(Clone)]
struct App {
    ctx: Ctx,
    /// What signs sessions.
    keys: SigningKeys,
    passwords: Passwords,
}

fn build(ctx: Ctx) -> Result<Service, StartError> {
    let passwords = Passwords::new(ctx.ids.clone()).map_err(StartError::Other)?;
    let keys = ctx.keys.clone();
    let keys = keys.ok_or_else(|| StartError::Other("auth was handed no keys".to_owned()))?;
    let prune = prune_sessions(ctx.db.clone(), ctx.clock.clone());
    Ok(Service {
        consumer: None,
        workers: vec![Arc::new(prune)],
        routes: http::routes(App {
            ctx,
            keys,
            passwords,
        }),
    })
}
