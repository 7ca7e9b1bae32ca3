//! The part that sends: one delivery after the other, and those that failed again after a while
//! (<https://docs.stripe.com/webhooks#retries>).

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::courier::{Post, Sent};
use super::signature::signature;
use crate::house::House;

/// An endpoint that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// It ends when this goes.
pub(crate) struct Worker {
    task: JoinHandle<()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Worker {
    pub(crate) fn start(
        house: Arc<House>,
        mut posts: mpsc::UnboundedReceiver<Post>,
    ) -> reqwest::Result<Worker> {
        // A redirect is a failure, as it is to Stripe.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        let task = tokio::spawn(async move {
            while let Some(post) = posts.recv().await {
                if post.delay_ms > 0 {
                    later(
                        &house,
                        post.delay_ms,
                        Post {
                            delay_ms: 0,
                            ..post
                        },
                    );
                } else if post.is_of_the_gathered() {
                    house.with(|state| state.courier.turn_round());
                    house.ended_one();
                } else {
                    deliver(&house, &client, post).await;
                }
            }
        });
        Ok(Worker { task })
    }
}

fn later(house: &Arc<House>, ms: u64, post: Post) {
    let house = house.clone();
    tokio::spawn(async move {
        crate::pause(Duration::from_millis(ms)).await;
        house.send_again(post);
    });
}

async fn deliver(house: &Arc<House>, client: &reqwest::Client, post: Post) {
    let addressed = house.with(|state| {
        let endpoint = state.book.endpoints.get(&post.endpoint)?;
        let at = state.book.now().saturating_add(state.courier.skew);
        let header = signature(&endpoint.secrets, at, &post.body);
        Some((endpoint.url.clone(), header))
    });
    // The endpoint was deleted meanwhile.
    let Some((url, header)) = addressed else {
        return house.ended_one();
    };
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header("stripe-signature", header)
        .header(
            "user-agent",
            "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        )
        .body(post.body.clone());
    let status = request.send().await.ok().map(|answer| answer.status());
    house.with(|state| {
        state.courier.sent.push(Sent {
            event: post.event.clone(),
            kind: post.kind.clone(),
            endpoint: post.endpoint.clone(),
            attempt: post.attempt,
            status: status.map(|status| status.as_u16()),
        });
    });
    let again = house.retries.get(post.attempt - 1);
    match again.filter(|_| !status.is_some_and(|status| status.is_success())) {
        Some(pause) => {
            let ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            let attempt = post.attempt + 1;
            later(house, ms, Post { attempt, ..post });
        }
        None => house.ended_one(),
    }
}
