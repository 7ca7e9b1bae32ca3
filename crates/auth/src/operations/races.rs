//! What two transactions come to that meet at one session. Only a server lets them.

use std::sync::Arc;

use jiff::SignedDuration;
use tessera_platform::testing::{Halt, are_several_writers, meet};

use super::tests::Auth;
use super::*;
use crate::domain::{IDLE_LIFE, MOST_SESSIONS};
use crate::store::sessions;

#[tokio::test]
async fn a_session_that_is_signed_out_while_it_is_one_too_many_ends_once() {
    if !are_several_writers() {
        return;
    }
    let auth = Auth::start().await;
    for _ in 1..MOST_SESSIONS {
        auth.app.hand.advance(SignedDuration::from_secs(1));
        auth.sign_in(1).await.unwrap();
    }
    let halt = Arc::new(Halt::new());
    let command = SignOut {
        caller: auth.caller,
        everywhere: false,
    };
    let signs_out = auth
        .db()
        .write((command, halt.clone()), |tx, (command, halt)| {
            Box::pin(async move {
                let ended = sign_out(tx, command).await;
                halt.stand().await;
                ended
            })
        });
    let (ended, signed_in) = meet(auth.db(), &halt, signs_out, auth.sign_in(1)).await;
    assert_eq!(ended.unwrap().len(), 1);
    signed_in.unwrap();
    let told = auth.app.published_types("auth").await;
    let told = told.iter().filter(|name| **name == "session:ended");
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_session_that_is_used_at_its_last_moment_is_not_pruned() {
    if !are_several_writers() {
        return;
    }
    let auth = Auth::start().await;
    let moment = SignedDuration::from_millis(1);
    auth.app.hand.advance(IDLE_LIFE - moment);
    let halt = Arc::new(Halt::new());
    let used = auth
        .db()
        .write((auth.caller, halt.clone()), |tx, (caller, halt)| {
            Box::pin(async move {
                let used = renew(tx, caller).await;
                halt.stand().await;
                used
            })
        });
    let prunes = auth.app.pass(moment);
    let (used, ()) = meet(auth.db(), &halt, used, prunes).await;
    assert!(used.unwrap().is_some());
    let kept = sessions::list(auth.db(), auth.caller.id).await.unwrap();
    assert_eq!(kept.len(), 1);
}
