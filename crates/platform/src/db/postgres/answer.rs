//! Statements that travel together.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::db::error::DbError;

/// How long an answer may take: longer than the server itself lets any statement take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// A request whose answer is of interest only if it is an error.
pub(super) type Ahead<'a> =
    Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send + 'a>>;

/// Sends `ahead` and then `last`, without waiting between them, and answers what `last` was answered. The
/// first failure counts: those after it are only its consequence.
pub(super) async fn together<T>(
    ahead: Vec<Ahead<'_>>,
    last: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, DbError> {
    let answers = tokio::time::timeout(ANSWER_WITHIN, in_order(ahead, last));
    match answers.await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DbError::Unavailable("no answer in time".to_owned())),
    }
}

async fn in_order<T>(
    mut ahead: Vec<Ahead<'_>>,
    last: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    // A request is sent when its future is first polled, and the connection keeps their order.
    let mut first = Vec::with_capacity(ahead.len());
    for request in &mut ahead {
        first.push(begin(request.as_mut()).await);
    }
    let mut last = pin!(last);
    let answer = begin(last.as_mut()).await;
    for (request, polled) in ahead.into_iter().zip(first) {
        match polled {
            Poll::Ready(done) => done?,
            Poll::Pending => request.await?,
        }
    }
    match answer {
        Poll::Ready(answer) => answer,
        Poll::Pending => last.await,
    }
}

/// Polls a request once, which sends it; whoever does not wait for the rest may forget it.
pub(super) async fn begin<F: Future + ?Sized>(mut request: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await
}
