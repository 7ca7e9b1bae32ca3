//! The built-in gateway, for a marketplace without real cards: it takes test tokens and moves no money.
//!
//! It behaves as a real one in all that matters: it has a durable book of its own, does a thing once
//! for each key, and never charges what was released nor releases what was charged. Its table of
//! movements is only ever added to, so that whoever reads it sees a double charge.

mod store;
mod tokens;

use tessera_contracts::Money;
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Place, Tx};
use tessera_platform::ids::Ids;
use tessera_platform::service::Beside;

use super::{
    Authorization, Authorize, Gateway, GatewayError, Refund, Released, Settle, Token, TokenError,
};
use store::{Entry, Movement, Standing};

/// Its book: a database of its own.
pub const BOOK: Beside = Beside {
    name: "gateway",
    migrations: store::MIGRATIONS,
};

/// The built-in gateway.
#[derive(Clone, Debug)]
pub struct TestGateway {
    book: Db,
}

impl TestGateway {
    /// Opens the book among the other databases.
    pub async fn open(place: &Place, clock: &Clock, ids: &Ids) -> Result<TestGateway, DbError> {
        let book = place.open(BOOK.name, BOOK.migrations, clock, ids).await?;
        Ok(TestGateway { book })
    }

    /// The database that is its book, for a test that commits to it by hand.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn book(&self) -> &Db {
        &self.book
    }
}

impl Gateway for TestGateway {
    fn check_token(&self, text: String) -> Result<Token, TokenError> {
        tokens::check(text)
    }

    fn authorize<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        let asked = self
            .book
            .write(wish.clone(), |tx, wish| Box::pin(authorize(tx, wish)));
        Box::pin(async { asked.await.map_err(GatewayError::from) })
    }

    fn find<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Option<Authorization>, GatewayError>> {
        Box::pin(async move {
            let entry = store::show(&self.book, wish.key)
                .await
                .map_err(Fault::Book)?;
            Ok(entry.map(Entry::into_answer))
        })
    }

    fn capture<'a>(
        &'a self,
        wish: &'a Settle,
    ) -> BoxFuture<'a, Result<Option<Money>, GatewayError>> {
        Box::pin(async {
            self.settle(wish, Standing::Captured).await?;
            // It keeps nothing of it.
            Ok(None)
        })
    }

    fn void<'a>(&'a self, wish: &'a Settle) -> BoxFuture<'a, Result<Released, GatewayError>> {
        Box::pin(async {
            self.settle(wish, Standing::Voided).await?;
            Ok(Released::Voided)
        })
    }

    fn refund<'a>(&'a self, wish: &'a Refund) -> BoxFuture<'a, Result<(), GatewayError>> {
        let refunded = self
            .book
            .write_bulk(wish.clone(), |tx, wish| Box::pin(refund(tx, wish)));
        Box::pin(async { refunded.await.map_err(GatewayError::from) })
    }
}

impl TestGateway {
    async fn settle(&self, wish: &Settle, to: Standing) -> Result<(), GatewayError> {
        let settled = self.book.write_bulk((wish.clone(), to), |tx, (wish, to)| {
            Box::pin(settle(tx, wish, *to))
        });
        settled.await.map_err(GatewayError::from)
    }
}

/// Why the gateway did not do as asked.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Refused(&'static str),
    #[error(transparent)]
    Book(#[from] DbError),
}

async fn authorize(tx: &mut Tx, wish: &Authorize) -> Result<Authorization, Fault> {
    let verdict = tokens::verdict(&wish.token).ok_or(Fault::Refused("there is no such token"))?;
    let entry = Entry::new(wish, verdict);
    if store::insert(tx, &entry).await? {
        store::append(tx, Movement::opening(&entry)).await?;
        return Ok(entry.into_answer());
    }
    let earlier = store::find(tx, wish.key).await?;
    if earlier.token != wish.token || earlier.amount != wish.amount {
        return Err(Fault::Refused("the key was used for another authorization"));
    }
    Ok(earlier.into_answer())
}

async fn settle(tx: &mut Tx, wish: &Settle, to: Standing) -> Result<(), Fault> {
    if let Some(amount) = store::settle(tx, &wish.id, wish.key, to).await? {
        store::append(tx, Movement::closing(wish.id.clone(), to, amount)).await?;
        return Ok(());
    }
    match store::standing(tx, &wish.id, wish.key).await? {
        Some(standing) if standing == to => Ok(()),
        Some(Standing::Captured) => Err(Fault::Refused("the amount was charged")),
        Some(Standing::Voided) => Err(Fault::Refused("the amount was released")),
        Some(Standing::Authorized | Standing::Declined) | None => {
            Err(Fault::Refused("nothing is held by that id"))
        }
    }
}

/// Never more than was charged, whoever asks for it.
async fn refund(tx: &mut Tx, wish: &Refund) -> Result<(), Fault> {
    if store::is_refunded(tx, wish).await? {
        return Ok(());
    }
    if !store::refund(tx, wish).await? {
        return Err(Fault::Refused("that much is not there to be given back"));
    }
    store::append(tx, Movement::refund(wish)).await?;
    Ok(())
}

impl From<Fault> for GatewayError {
    fn from(fault: Fault) -> GatewayError {
        match fault {
            Fault::Refused(reason) => GatewayError::Refused(reason.to_owned()),
            // Its queue was full: it was not even asked.
            Fault::Book(error @ DbError::Busy) => GatewayError::Unavailable(error.to_string()),
            Fault::Book(error) => GatewayError::Unknown(error.to_string()),
        }
    }
}
