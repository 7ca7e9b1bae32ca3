//! What changes between the check of a password and the transaction that acts on it.

use tessera_contracts::SessionId;
use tessera_platform::db::Db;
use tessera_platform::session::User as Caller;
use tessera_platform::testing::TestApp;

use super::*;
use crate::domain::{Email, NewUser, PasswordHash, User};
use crate::store::{sessions, users};

/// Auth, with a user.
pub struct Auth {
    pub app: TestApp,
    pub caller: Caller,
}

impl Auth {
    /// A user of version 1, with one session.
    pub async fn start() -> Auth {
        let app = TestApp::start(&[crate::DEFINITION]).await;
        let caller = Caller {
            id: app.ids.next().into(),
            sid: app.ids.next().into(),
        };
        let user = NewUser {
            id: caller.id,
            email: Email::parse("ada@example.com").unwrap(),
            password_hash: PasswordHash::new("first".to_owned()),
        };
        let sid = caller.sid;
        let command = SignUp { user, sid };
        let write = app
            .db("auth")
            .write(command, |tx, c| Box::pin(sign_up(tx, c)));
        write.await.unwrap();
        Auth { app, caller }
    }

    pub fn db(&self) -> &Db {
        self.app.db("auth")
    }

    async fn user(&self) -> User {
        let found = users::find(self.db(), self.caller.id).await;
        found.unwrap().unwrap()
    }

    async fn change_password(&self, version: i64, hash: &str) -> Result<(), PasswordRefusal> {
        let command = ChangePassword {
            caller: self.caller,
            version,
            hash: PasswordHash::new(hash.to_owned()),
        };
        let write = self
            .db()
            .write(command, |tx, c| Box::pin(change_password(tx, c)));
        write.await.map(drop)
    }

    pub async fn sign_in(&self, version: i64) -> Result<(), PasswordRefusal> {
        let command = SignIn {
            user_id: self.caller.id,
            version,
            sid: SessionId::from(self.app.ids.next()),
        };
        let write = self.db().write(command, |tx, c| Box::pin(sign_in(tx, c)));
        write.await.map(drop)
    }

    async fn delete(&self, version: i64) -> Result<(), PasswordRefusal> {
        let caller = self.caller;
        let command = DeleteAccount { caller, version };
        let write = self
            .db()
            .write(command, |tx, c| Box::pin(delete_account(tx, c)));
        write.await.map(drop)
    }

    async fn sign_out(&self) {
        let caller = self.caller;
        let everywhere = false;
        let command = SignOut { caller, everywhere };
        let write = self.db().write(command, |tx, c| Box::pin(sign_out(tx, c)));
        write.await.unwrap();
    }
}

#[tokio::test]
async fn a_password_changed_meanwhile_is_the_wrong_one() {
    let auth = Auth::start().await;
    auth.change_password(1, "second").await.unwrap();
    for refused in [
        auth.sign_in(1).await,
        auth.change_password(1, "third").await,
        auth.delete(1).await,
    ] {
        assert!(matches!(refused, Err(PasswordRefusal::Wrong)));
    }
    let user = auth.user().await;
    assert_eq!((user.version, user.password_hash.as_str()), (2, "second"));
    let kept = sessions::list(auth.db(), auth.caller.id).await.unwrap();
    assert_eq!(kept.len(), 1);
    auth.sign_in(2).await.unwrap();
}

#[tokio::test]
async fn a_session_ended_meanwhile_changes_nothing() {
    let auth = Auth::start().await;
    auth.sign_out().await;
    for refused in [
        auth.change_password(1, "second").await,
        auth.delete(1).await,
    ] {
        assert!(matches!(refused, Err(PasswordRefusal::SignedOut)));
    }
    let user = auth.user().await;
    assert_eq!((user.version, user.password_hash.as_str()), (1, "first"));
}

#[tokio::test]
async fn a_user_deleted_meanwhile_cannot_sign_in() {
    let auth = Auth::start().await;
    auth.delete(1).await.unwrap();
    assert!(matches!(auth.sign_in(1).await, Err(PasswordRefusal::Wrong)));
    let kept = sessions::list(auth.db(), auth.caller.id).await.unwrap();
    assert_eq!(kept, []);
}
