//! Reads what passes on the bus, once for all pages of this process, and hands it on by topic.
//!
//! It looks at the bus only while somebody looks at pages. A page is shown first, and listens a moment later: what
//! passed in between is remembered for that long.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
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

/// How many pages may listen at once: half of the connections that a server takes; and how many from one address, which
/// may be that of many people.
const MOST_LISTENERS: usize = 2_048;
const MOST_OF_ONE_ADDRESS: usize = 256;
/// How often it is looked whether anybody still looks, and whether the bus was away.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(2);
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
    by_address: HashMap<IpAddr, usize>,
    listeners: HashMap<u64, mpsc::Sender<Change>>,
    by_topic: HashMap<Topic, Vec<u64>>,
    /// Everything that has passed since then is in `recent`.
    remembers_from: Option<Timestamp>,
    recent: VecDeque<(Timestamp, Vec<Topic>, Change)>,
}

/// One page's ear. Dropping it closes it.
pub(crate) struct Listener {
    hub: Hub,
    number: u64,
    address: IpAddr,
    topics: Vec<Topic>,
    changes: mpsc::Receiver<Change>,
    /// Whether it may have missed something since its page was read.
    has_gap: bool,
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
            state.remembers_from = Some(now);
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
        let mut connects = self.0.bus.connects();
        loop {
            let message = tokio::select! {
                message = passing.recv() => Some(message),
                () = self.0.clock.sleep(LOOK_EVERY) => None,
            };
            let now = self.0.clock.now();
            let was_away = std::mem::replace(&mut connects, self.0.bus.connects()) != connects;
            // Nobody knows what was missed: all read their pages anew.
            if was_away || matches!(message, Some(Err(RecvError::Lagged(_)))) {
                self.0.state.lock().forget_all(now);
            }
            match message {
                Some(Ok(message)) => self.tell(&message),
                Some(Err(RecvError::Closed)) => return self.0.state.lock().rest(now),
                Some(Err(RecvError::Lagged(_))) | None => {}
            }
            if self.0.state.lock().rests(now) {
                return;
            }
        }
    }

    /// Listens to `topics` for somebody at `address`, beginning with what passed after a page was read at `since`; nothing
    /// where there is no room.
    pub(crate) fn listen(
        &self,
        address: IpAddr,
        topics: Vec<Topic>,
        since: Option<Timestamp>,
    ) -> Option<Listener> {
        self.expect();
        let mut state = self.0.state.lock();
        let of_address = state.by_address.get(&address).copied().unwrap_or(0);
        let is_full = state.listeners.len() >= MOST_LISTENERS || of_address >= MOST_OF_ONE_ADDRESS;
        if state.is_over || is_full {
            return None;
        }
        state.by_address.insert(address, of_address + 1);
        let (sender, changes) = mpsc::channel(MOST_UNREAD);
        let has_gap = since.is_some_and(|since| !state.catch_up(since, &topics, &sender));
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
            address,
            topics,
            changes,
            has_gap,
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
            self.rest(now);
        }
        is_idle
    }

    fn rest(&mut self, now: Timestamp) {
        self.follows = false;
        self.forget_all(now);
    }

    fn forget_all(&mut self, now: Timestamp) {
        self.remembers_from = Some(now);
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
            let forgotten = self.recent.pop_front();
            self.remembers_from = forgotten.map(|(at, ..)| at).max(self.remembers_from);
        }
    }

    /// Hands on what passed since; answers whether that is all of it.
    fn catch_up(&self, since: Timestamp, topics: &[Topic], sender: &mpsc::Sender<Change>) -> bool {
        let topics: HashSet<&Topic> = topics.iter().collect();
        let recent = self.recent.iter().filter(|(at, ..)| *at >= since);
        let mut missed = recent.filter(|(_, of, _)| of.iter().any(|topic| topics.contains(topic)));
        let all_sent = missed.all(|(.., change)| sender.try_send(change.clone()).is_ok());
        // In the same millisecond, in which pages count, both may be.
        let is_remembered = self
            .remembers_from
            .is_some_and(|from| from.as_millisecond() <= since.as_millisecond());
        all_sent && is_remembered
    }
}

impl Listener {
    /// Whether it may have missed something since its page was read.
    pub(crate) fn has_gap(&self) -> bool {
        self.has_gap
    }

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
        if let Some(count) = state.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                state.by_address.remove(&self.address);
            }
        }
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
