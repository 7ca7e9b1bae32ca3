//! Reads what passes on the bus, once for all pages of this process, and hands it on by topic.
//!
//! It looks at the bus only while somebody looks at pages. A page is shown first, and listens a moment later: what
//! passed in between is remembered for that long.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use metrics::{Gauge, describe_gauge, gauge};
use parking_lot::Mutex;
use tessera_platform::bus::{Bus, Message};
use tessera_platform::clock::Clock;
use tessera_platform::worker::Stop;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{Notify, mpsc};

use super::change::read;
use super::{Change, Topic};

/// How many pages may listen at once: half of the connections that a server takes.
const MOST_LISTENERS: usize = 2_048;
/// How many changes a page may leave unread before it is cut off.
const MOST_UNREAD: usize = 32;
/// How long after it was shown a page may begin to listen without having missed anything, and how many changes
/// are remembered for that, at most.
const MEMORY: SignedDuration = SignedDuration::from_secs(10);
const MOST_REMEMBERED: usize = 4_096;
const LISTENERS: &str = "tessera_web_live_pages";

/// The hub. Cheap to clone; clones share everything.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    bus: Bus,
    clock: Clock,
    state: Mutex<State>,
    /// Says that there is something to follow.
    wanted: Notify,
    /// How many pages listen at this moment.
    listeners: Gauge,
}

#[derive(Default)]
struct State {
    /// When a page was shown last.
    shown_at: Option<Timestamp>,
    /// The bus, from when the first page was shown until somebody follows it.
    passing: Option<Receiver<Message>>,
    follows: bool,
    is_over: bool,
    next: u64,
    listeners: HashMap<u64, mpsc::Sender<Change>>,
    by_topic: HashMap<Topic, Vec<u64>>,
    recent: VecDeque<(Timestamp, Vec<Topic>, Change)>,
}

/// One page's ear. Dropping it closes it.
pub(crate) struct Listener {
    hub: Hub,
    number: u64,
    topics: Vec<Topic>,
    changes: mpsc::Receiver<Change>,
}

impl Hub {
    pub(crate) fn new(bus: Bus, clock: Clock) -> Hub {
        describe_gauge!(LISTENERS, "Open pages that follow what they show.");
        let listeners = gauge!(LISTENERS, "service" => "web");
        listeners.set(0.0);
        Hub(Arc::new(Inner {
            bus,
            listeners,
            clock,
            state: Mutex::default(),
            wanted: Notify::new(),
        }))
    }

    /// A page is about to be read and shown, which will listen soon.
    pub(crate) fn expect(&self) {
        let now = self.0.clock.now();
        let mut state = self.0.state.lock();
        state.shown_at = Some(now);
        if !state.follows && state.passing.is_none() && !state.is_over {
            state.passing = Some(self.0.bus.watch());
            self.0.wanted.notify_one();
        }
    }

    /// Follows the bus, whenever somebody looks at pages, until it is told to stop. Then it cuts everybody off, so that
    /// their connections end.
    pub(crate) async fn follow(&self, mut stop: Stop) {
        loop {
            let passing = self.0.state.lock().take_passing();
            let goes_on = async {
                match passing {
                    Some(passing) => self.follow_while_wanted(passing).await,
                    None => self.0.wanted.notified().await,
                }
            };
            tokio::select! {
                () = stop.wait() => break,
                () = goes_on => {}
            }
        }
        let mut state = self.0.state.lock();
        state.is_over = true;
        state.listeners.clear();
    }

    async fn follow_while_wanted(&self, mut passing: Receiver<Message>) {
        loop {
            let message = tokio::select! {
                message = passing.recv() => Some(message),
                () = self.0.clock.sleep(MEMORY) => None,
            };
            match message {
                Some(Ok(message)) => self.tell(&message),
                // Nobody knows what was missed: all read their pages anew.
                Some(Err(RecvError::Lagged(_))) => self.0.state.lock().forget_all(),
                Some(Err(RecvError::Closed)) => return self.0.state.lock().rest(),
                None if self.0.state.lock().rests(self.0.clock.now()) => return,
                None => {}
            }
        }
    }

    /// Listens to `topics`, beginning with what passed after a page was shown at `since`; nothing where there is no room.
    pub(crate) fn listen(&self, topics: Vec<Topic>, since: Option<Timestamp>) -> Option<Listener> {
        self.expect();
        let mut state = self.0.state.lock();
        if state.is_over || state.listeners.len() >= MOST_LISTENERS {
            return None;
        }
        let (sender, changes) = mpsc::channel(MOST_UNREAD);
        for change in since.iter().flat_map(|since| state.missed(*since, &topics)) {
            // There is room for as many as that: it reads its page anew in any case.
            let _full = sender.try_send(change.clone());
        }
        let number = state.next;
        state.next += 1;
        state.listeners.insert(number, sender);
        for topic in &topics {
            state.by_topic.entry(*topic).or_default().push(number);
        }
        self.0.listeners.increment(1);
        Some(Listener {
            hub: self.clone(),
            number,
            topics,
            changes,
        })
    }

    fn tell(&self, message: &Message) {
        let Some((change, topics)) = read(message) else {
            return;
        };
        let now = self.0.clock.now();
        let mut state = self.0.state.lock();
        state.tell(&change, &topics);
        state.remember(now, topics, change);
    }
}

impl State {
    fn take_passing(&mut self) -> Option<Receiver<Message>> {
        let passing = self.passing.take();
        self.follows |= passing.is_some();
        passing
    }

    /// Stops to follow the bus if nobody listens, or is about to; answers whether that is so.
    fn rests(&mut self, now: Timestamp) -> bool {
        let is_old = |shown: Timestamp| now.duration_since(shown) > MEMORY;
        let is_idle = self.listeners.is_empty() && self.shown_at.is_none_or(is_old);
        if is_idle {
            self.rest();
        }
        is_idle
    }

    fn rest(&mut self) {
        self.follows = false;
        self.forget_all();
    }

    fn forget_all(&mut self) {
        self.recent.clear();
        self.listeners.clear();
    }

    fn tell(&mut self, change: &Change, topics: &[Topic]) {
        let by_topic = topics.iter().filter_map(|topic| self.by_topic.get(topic));
        let mut numbers: Vec<u64> = by_topic.flatten().copied().collect();
        // Who asked for a ticket and for its seller is told once.
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let sender = self.listeners.get(&number);
            let is_taken = sender.is_none_or(|sender| sender.try_send(change.clone()).is_ok());
            if !is_taken || change.is_last {
                // The end of its channel is the end of its stream, once it has read what is there.
                self.listeners.remove(&number);
            }
        }
    }

    fn remember(&mut self, now: Timestamp, topics: Vec<Topic>, change: Change) {
        self.recent.push_back((now, topics, change));
        while self.recent.len() > MOST_REMEMBERED
            || (self.recent.front()).is_some_and(|(at, ..)| now.duration_since(*at) > MEMORY)
        {
            self.recent.pop_front();
        }
    }

    fn missed<'s>(
        &'s self,
        since: Timestamp,
        topics: &'s [Topic],
    ) -> impl Iterator<Item = &'s Change> {
        let recent = self.recent.iter().filter(move |(at, ..)| *at >= since);
        let wanted = recent.filter(|(_, of, _)| of.iter().any(|topic| topics.contains(topic)));
        wanted.map(|(.., change)| change)
    }
}

impl Listener {
    /// The next change; nothing once it is cut off.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }
}

#[cfg(test)]
impl Hub {
    /// Whether it looks at the bus.
    pub(super) fn looks(&self) -> bool {
        let state = self.0.state.lock();
        state.follows || state.passing.is_some()
    }
}

#[cfg(test)]
impl Listener {
    /// The next change, if it is there already.
    pub(super) fn now(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.hub.0.state.lock();
        state.listeners.remove(&self.number);
        for topic in &self.topics {
            if let Some(numbers) = state.by_topic.get_mut(topic) {
                numbers.retain(|number| *number != self.number);
                if numbers.is_empty() {
                    state.by_topic.remove(topic);
                }
            }
        }
        self.hub.0.listeners.decrement(1);
    }
}
