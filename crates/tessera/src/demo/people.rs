//! The people of the demo. All of them are made up, and live at example.com.

use reqwest::StatusCode;
use reqwest::header::SET_COOKIE;
use tessera_contracts::http::users::Credentials;

use super::api::{Answer, Api};
use super::stage::Stage;
use super::trouble::Trouble;

const SIGN_UP: &str = "/api/users/signup";

/// One who has signed up. Holds the session's token, and therefore does not print.
#[derive(Clone)]
pub struct Account {
    pub email: String,
    token: String,
}

impl Account {
    /// What says who is asking.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.email)
    }
}

/// Signs people up, under addresses that an earlier demo has not taken.
pub struct People {
    /// What is put behind a name, once a bare one was found to be taken.
    mark: Option<String>,
}

impl People {
    pub fn new() -> People {
        People { mark: None }
    }

    /// Signs `name` up, with a password that nobody will know, and shows it.
    pub async fn sign_up(
        &mut self,
        stage: &Stage,
        api: &Api,
        name: &str,
    ) -> Result<Account, Trouble> {
        let email = self.address_of(name);
        let answer = self.try_sign_up(stage, api, &email).await?;
        if answer.status != StatusCode::CONFLICT || self.mark.is_some() {
            return account(email, answer.expect(StatusCode::CREATED)?);
        }
        stage.show.detail(format!(
            "{email} is taken, by an earlier run it seems: new addresses from here on"
        ));
        self.mark = Some(hex(&stage.ids.random_bytes::<4>()));
        let email = self.address_of(name);
        let answer = self.try_sign_up(stage, api, &email).await?;
        account(email, answer.expect(StatusCode::CREATED)?)
    }

    async fn try_sign_up(&self, stage: &Stage, api: &Api, email: &str) -> Result<Answer, Trouble> {
        let credentials = Credentials {
            email: email.to_owned(),
            password: hex(&stage.ids.random_bytes::<16>()).into(),
        };
        let answer = api.post(SIGN_UP, None, &credentials).await?;
        stage.show.exchange(&answer.request, answer.status);
        if answer.status == StatusCode::CREATED {
            stage.show.detail(format!("{email} is signed up"));
        }
        Ok(answer)
    }

    fn address_of(&self, name: &str) -> String {
        match &self.mark {
            None => format!("{name}@example.com"),
            Some(mark) => format!("{name}.{mark}@example.com"),
        }
    }
}

/// A browser would send the cookie back; who is no browser sends the token in it as a Bearer.
fn account(email: String, answer: Answer) -> Result<Account, Trouble> {
    let cookies = answer.headers.get_all(SET_COOKIE).iter();
    let token = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| matches!(*name, "session" | "__Host-session"))
        .map(|(_, token)| token.to_owned());
    match token {
        Some(token) => Ok(Account { email, token }),
        None => Err(Trouble::Unreadable {
            request: answer.request,
            cause: "it sets no session cookie".to_owned(),
        }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
