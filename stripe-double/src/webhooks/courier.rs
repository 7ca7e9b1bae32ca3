//! Which deliveries are due. It decides; the worker sends.

use serde::{Deserialize, Serialize};

use crate::book::{Book, Kept};

/// What becomes of events, from now on. On the wire as in `{"kind": "delay", "ms": 200}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mode {
    /// Each is delivered at once, one after the other.
    #[default]
    Deliver,
    /// They are kept until they are released.
    Hold,
    /// They are never delivered; the list of events has them all the same.
    Drop,
    /// Each is delivered so many times.
    Repeat {
        /// How often: 100 times at most.
        times: u32,
    },
    /// What comes within this time of a first one is delivered in the reverse order.
    Reorder {
        /// In milliseconds.
        within_ms: u64,
    },
    /// Each is delivered so much later.
    Delay {
        /// In milliseconds.
        ms: u64,
    },
}

/// In which order what was held is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As it happened.
    AsItWas,
    /// The last one first.
    Reversed,
    /// Only these, by their places among what is held; the others stay held.
    These(Vec<usize>),
}

/// One try of a delivery, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// `evt_…`
    pub event: String,
    /// As in `charge.refunded`.
    pub kind: String,
    /// `we_…`
    pub endpoint: String,
    /// From 1.
    pub attempt: usize,
    /// What the endpoint answered; `None` where it did not.
    pub status: Option<u16>,
}

/// A delivery.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) event: String,
    pub(crate) kind: String,
    pub(crate) endpoint: String,
    pub(crate) body: String,
    /// From 1.
    pub(crate) attempt: usize,
    pub(crate) delay_ms: u64,
}

#[derive(Default)]
pub(crate) struct Courier {
    pub(crate) mode: Mode,
    /// Seconds by which the signatures' clock is ahead.
    pub(crate) skew: i64,
    held: Vec<Post>,
    /// Gathered, to be turned round.
    gathered: Vec<Post>,
    /// How long to gather, where that has just begun.
    gather_for: Option<u64>,
    ready: Vec<Post>,
    pub(crate) sent: Vec<Sent>,
}

impl Courier {
    /// Takes what happened, and does with it as the mode says.
    pub(crate) fn collect(&mut self, book: &mut Book) {
        for id in book.take_outbox() {
            for post in posts(book, &id, None) {
                self.take(post);
            }
        }
    }

    fn take(&mut self, post: Post) {
        match self.mode {
            Mode::Deliver => self.ready.push(post),
            Mode::Hold => self.held.push(post),
            Mode::Drop => {}
            Mode::Repeat { times } => self.ready.extend((0..times.min(100)).map(|_| post.clone())),
            Mode::Delay { ms } => self.ready.push(Post {
                delay_ms: ms,
                ..post
            }),
            Mode::Reorder { within_ms } => {
                if self.gathered.is_empty() {
                    self.gather_for = Some(within_ms);
                }
                self.gathered.push(post);
            }
        }
    }

    /// What is to be sent now.
    pub(crate) fn take_ready(&mut self) -> Vec<Post> {
        let mut ready = std::mem::take(&mut self.ready);
        if let Some(ms) = self.gather_for.take() {
            // Stands for all that is gathered until then.
            ready.push(Post {
                delay_ms: ms,
                ..Post::of_the_gathered()
            });
        }
        ready
    }

    pub(crate) fn turn_round(&mut self) {
        self.ready.extend(self.gathered.drain(..).rev());
    }

    pub(crate) fn held(&self) -> Vec<(String, String)> {
        let named = |post: &Post| (post.event.clone(), post.kind.clone());
        self.held.iter().map(named).collect()
    }

    /// Releases what is held; answers how many.
    pub(crate) fn release(&mut self, order: &Order) -> usize {
        let before = self.ready.len();
        match order {
            Order::AsItWas => self.ready.append(&mut self.held),
            Order::Reversed => self.ready.extend(self.held.drain(..).rev()),
            Order::These(places) => {
                let chosen = places.iter().filter_map(|place| self.held.get(*place));
                self.ready.extend(chosen.cloned());
                let mut place = 0;
                self.held.retain(|_| {
                    place += 1;
                    !places.contains(&(place - 1))
                });
            }
        }
        self.ready.len() - before
    }

    /// Sends an event once more, whatever the mode; answers to how many endpoints.
    pub(crate) fn redeliver(&mut self, book: &Book, event: &str, endpoint: Option<&str>) -> usize {
        let posts = posts(book, event, endpoint);
        self.ready.extend(posts.iter().cloned());
        posts.len()
    }
}

impl Post {
    fn of_the_gathered() -> Post {
        let (event, kind, endpoint, body) = Default::default();
        Post {
            event,
            kind,
            endpoint,
            body,
            attempt: 0,
            delay_ms: 0,
        }
    }

    pub(crate) fn is_of_the_gathered(&self) -> bool {
        self.attempt == 0
    }
}

/// The deliveries of an event: one to each endpoint that wants it.
fn posts(book: &Book, event: &str, only: Option<&str>) -> Vec<Post> {
    let Some(event) = book.events.get(event) else {
        return Vec::new();
    };
    let body = format!("{:#}", event.json());
    let asked = |id: &str| only.is_none_or(|only| only == id);
    let endpoints = book.endpoints.iter();
    let wanting = endpoints.filter(|endpoint| asked(endpoint.id()) && endpoint.wants(&event.kind));
    let post = |endpoint: &crate::book::Endpoint| Post {
        event: event.id().to_owned(),
        kind: event.kind.clone(),
        endpoint: endpoint.id().to_owned(),
        body: body.clone(),
        attempt: 1,
        delay_ms: 0,
    };
    wanting.map(post).collect()
}
