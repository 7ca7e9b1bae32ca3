//! The bus between the processes: a stream that keeps what it confirmed, and brings it to each service until that has taken
//! it. Whatever a network and a server may do to it, it does: batches are lost on their way or stored without a word, come
//! again, come out of order, and the whole stream may go back to an older copy of itself.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use tessera_contracts::EventId;
use tessera_contracts::events::EventType;
use tessera_platform::BoxFuture;
use tessera_platform::bus::{BusError, Carrier, Confirmed, Message};
use tessera_platform::inbox::Inbox;

use crate::plan::Plan;
use crate::tasks::some_while;

/// Messages of one delivery.
const BATCH: usize = 8;

/// The stream, and who follows it.
pub struct Stream(Mutex<State>);

struct State {
    chance: StdRng,
    plan: Plan,
    messages: Vec<Message>,
    followers: Vec<Follower>,
}

/// A service, whichever process of it runs.
struct Follower {
    service: &'static str,
    /// As a server remembers it, whether the service is there or not.
    wants: Vec<EventType>,
    /// Where its process takes them in, while there is one.
    inbox: Option<Arc<Inbox>>,
    mail: Vec<Mail>,
}

/// A message that a service has not confirmed.
struct Mail {
    sequence: usize,
    message: Message,
    is_on_its_way: bool,
}

/// Some messages for a service.
pub struct Delivery {
    /// The service.
    pub service: &'static str,
    inbox: Arc<Inbox>,
    /// What is confirmed by it. Not the places alone: a stream that went back has other messages in them.
    carried: Vec<(usize, EventId)>,
    messages: Vec<Message>,
    /// Whether the stream never hears that they were taken in.
    is_unheard: bool,
}

impl Stream {
    /// An empty one, which `services` follow.
    pub fn new(seed: u64, plan: &Plan, services: &[&'static str]) -> Stream {
        let follower = |service: &&'static str| Follower {
            service,
            wants: Vec::new(),
            inbox: None,
            mail: Vec::new(),
        };
        Stream(Mutex::new(State {
            chance: StdRng::seed_from_u64(seed),
            plan: plan.clone(),
            messages: Vec::new(),
            followers: services.iter().map(follower).collect(),
        }))
    }

    /// Nothing goes wrong any more.
    pub fn calm(&self) {
        self.0.lock().plan.calm();
    }

    /// The process of a service has died: what was on its way to it comes again.
    pub fn left(&self, service: &str) {
        let mut state = self.0.lock();
        if let Some(follower) = state.follower(service) {
            follower.inbox = None;
            for mail in &mut follower.mail {
                mail.is_on_its_way = false;
            }
        }
    }

    /// The services that something could be brought to.
    pub fn waited_for(&self) -> Vec<&'static str> {
        let state = self.0.lock();
        let waits = |follower: &&Follower| {
            follower.inbox.is_some() && follower.mail.iter().any(|mail| !mail.is_on_its_way)
        };
        let waiting = state.followers.iter().filter(waits);
        waiting.map(|follower| follower.service).collect()
    }

    /// Whether everything has arrived.
    pub fn is_at_rest(&self) -> bool {
        let state = self.0.lock();
        state.followers.iter().all(|one| one.mail.is_empty())
    }

    /// Some of what waits for a service, now on its way.
    pub fn send(&self, service: &str) -> Option<Delivery> {
        let mut state = self.0.lock();
        let State {
            chance,
            plan,
            messages,
            followers,
        } = &mut *state;
        let follower = followers.iter_mut().find(|one| one.service == service)?;
        let inbox = follower.inbox.clone()?;
        let mut waiting: Vec<&mut Mail> = follower.mail.iter_mut().collect();
        waiting.retain(|mail| !mail.is_on_its_way);
        if chance.random_range(0..100) < plan.reorderings {
            waiting.shuffle(chance);
        }
        waiting.truncate(chance.random_range(1..=BATCH));
        let mut delivery = Delivery {
            service: follower.service,
            inbox,
            carried: Vec::new(),
            messages: Vec::new(),
            is_unheard: chance.random_range(0..100) < plan.redeliveries,
        };
        for mail in waiting {
            mail.is_on_its_way = true;
            delivery.carried.push(mail.place());
            delivery.messages.push(mail.message.clone());
        }
        // One from long ago comes along, confirmed or not.
        if chance.random_range(0..100) < plan.redeliveries {
            let wanted = |message: &&Message| follower.wants.contains(&message.event_type);
            let past: Vec<&Message> = messages.iter().filter(wanted).collect();
            delivery
                .messages
                .extend(past.choose(chance).map(|it| (*it).clone()));
        }
        Some(delivery)
    }

    /// The stream goes back to an older copy of itself. Answers how many messages it has lost.
    pub fn roll_back(&self) -> usize {
        let mut state = self.0.lock();
        let count = state.messages.len();
        let kept = state.chance.random_range(count.saturating_sub(6)..=count);
        state.messages.truncate(kept);
        for follower in &mut state.followers {
            follower.mail.retain(|mail| mail.sequence < kept);
        }
        count - kept
    }

    fn store(&self, message: &Message) -> usize {
        let mut state = self.0.lock();
        let sequence = state.messages.len();
        state.messages.push(message.clone());
        for follower in &mut state.followers {
            if follower.wants.contains(&message.event_type) {
                follower.mail.push(Mail {
                    sequence,
                    message: message.clone(),
                    is_on_its_way: false,
                });
            }
        }
        sequence
    }

    /// How long something takes, and whether that goes wrong.
    fn draw(&self, of_a_hundred: impl Fn(&Plan) -> u32) -> (u32, bool) {
        let mut state = self.0.lock();
        let chances = of_a_hundred(&state.plan);
        let goes_wrong = state.chance.random_range(0..100) < chances;
        (state.chance.random_range(0..4), goes_wrong)
    }

    async fn publish(&self, messages: Vec<Message>) -> Result<Option<Confirmed>, BusError> {
        let lost = |what: &str| BusError::new(format!("the {what} was lost"));
        let (while_going, is_lost) = self.draw(|plan| plan.lost_batches);
        some_while(while_going).await;
        if is_lost {
            return Err(lost("batch"));
        }
        let mut last = None;
        for message in &messages {
            last = Some((self.store(message), message.id));
        }
        let (while_coming_back, is_unheard) = self.draw(|plan| plan.lost_confirmations);
        some_while(while_coming_back).await;
        if is_unheard {
            return Err(lost("confirmation"));
        }
        Ok(last.map(|(sequence, id)| place(sequence, id.uuid())))
    }

    fn has(&self, confirmed: &Confirmed) -> bool {
        let state = self.0.lock();
        let sequence = usize::try_from(confirmed.sequence).unwrap_or(usize::MAX);
        let kept = state.messages.get(sequence);
        kept.is_some_and(|message| message.id.uuid() == confirmed.event)
    }
}

impl State {
    fn follower(&mut self, service: &str) -> Option<&mut Follower> {
        let mut followers = self.followers.iter_mut();
        followers.find(|follower| follower.service == service)
    }
}

impl Mail {
    fn place(&self) -> (usize, EventId) {
        (self.sequence, self.message.id)
    }
}

fn place(sequence: usize, event: uuid::Uuid) -> Confirmed {
    Confirmed {
        created: 1,
        sequence: i64::try_from(sequence).unwrap_or(i64::MAX),
        event,
    }
}

impl Delivery {
    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.messages.len()
    }

    /// Hands them over.
    pub async fn arrive(self, stream: Arc<Stream>) {
        let taken = self.inbox.receive(&self.messages).await;
        let mut state = stream.0.lock();
        let Some(follower) = state.follower(self.service) else {
            return;
        };
        let is_done = taken.is_ok() && !self.is_unheard;
        for mail in &mut follower.mail {
            if self.carried.contains(&mail.place()) {
                mail.is_on_its_way = false;
            }
        }
        if is_done {
            let done = |mail: &Mail| self.carried.contains(&mail.place());
            follower.mail.retain(|mail| !done(mail));
        }
    }
}

impl Carrier for Stream {
    fn subscribe(&self, inbox: Arc<Inbox>) {
        let mut state = self.0.lock();
        if let Some(follower) = state.follower(inbox.owner()) {
            follower.wants = inbox.follows();
            follower.inbox = Some(inbox);
        }
    }

    fn publish(
        &self,
        messages: Vec<Message>,
    ) -> BoxFuture<'_, Result<Option<Confirmed>, BusError>> {
        Box::pin(self.publish(messages))
    }

    fn still_has<'a>(&'a self, confirmed: &'a Confirmed) -> BoxFuture<'a, Result<bool, BusError>> {
        Box::pin(async { Ok(self.has(confirmed)) })
    }
}
