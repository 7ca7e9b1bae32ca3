//! Whether a history can be told as one thing after the other. It owns the search and knows no rule of the lock: what
//! may follow what it asks the specification.
//!
//! The search is that of Wing and Gong, in the form of Lowe ("Testing for linearizability", 2017): the history is
//! read along its time, with all worlds that are possible so far; a world is what has taken effect of the operations
//! still open, and the lock after it. Nothing takes effect before it has to. So at each answer, those worlds remain
//! in which its operation has taken effect, or can do so now, after some of the others that are open. A world that
//! was met before is not looked at again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::history::{Micros, Operation, Order};
use crate::lock::{Effect, Lock};

/// With more worlds than this at one answer, the search is given up: then nothing is proved, and the test fails.
const MOST_WORLDS: usize = 500_000;

/// What has taken effect of the operations that are open, by their numbers, and the lock after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct World {
    done: BTreeSet<usize>,
    lock: Lock,
}

/// What the search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Worlds looked at.
    pub worlds: usize,
    /// Most that were possible at once.
    pub most_at_once: usize,
}

/// A history that no order explains.
#[derive(Debug)]
pub struct Stuck {
    /// The operation whose answer cannot be.
    pub at: usize,
    /// When only one world was possible for the last time: what was answered before does not matter.
    pub since: Micros,
    /// The locks that were possible before that answer, in words.
    pub possible: BTreeSet<String>,
    /// The orders that this is about.
    orders: BTreeSet<Order>,
    /// Whether it was only too much work.
    pub too_many: bool,
}

/// Looks for an order that explains all answers.
pub fn explain(history: &[Operation]) -> Result<Effort, Stuck> {
    Search::new(history).run()
}

struct Search<'a> {
    history: &'a [Operation],
    /// The last moment at which anybody asks for an order.
    last_asked: BTreeMap<Order, Micros>,
    /// Begun and not answered yet; those without an answer stay here until it makes no difference.
    open: BTreeSet<usize>,
    worlds: HashSet<World>,
    /// When only one world was possible for the last time.
    since: Micros,
    effort: Effort,
}

impl<'a> Search<'a> {
    fn new(history: &'a [Operation]) -> Search<'a> {
        let mut last_asked = BTreeMap::new();
        for operation in history {
            if let Some(order) = operation.order() {
                let moment = operation.answered.unwrap_or(operation.begun);
                let last = last_asked.entry(order).or_insert(moment);
                *last = moment.max(*last);
            }
        }
        Search {
            history,
            last_asked,
            open: BTreeSet::new(),
            worlds: HashSet::from([World::default()]),
            since: 0,
            effort: Effort::default(),
        }
    }

    fn run(mut self) -> Result<Effort, Stuck> {
        for (moment, is_answer, number) in moments(self.history) {
            if is_answer {
                self.answer(number, moment)?;
            } else {
                self.open.insert(number);
                let worlds = std::mem::take(&mut self.worlds);
                let settled = worlds.into_iter().map(|world| self.settled(world, moment));
                self.worlds = settled.collect();
            }
        }
        Ok(self.effort)
    }

    /// Keeps the worlds in which this operation has taken effect.
    fn answer(&mut self, number: usize, now: Micros) -> Result<(), Stuck> {
        let before = std::mem::take(&mut self.worlds);
        let mut met = Met::new(self.history);
        let mut waiting: Vec<World> = before.iter().cloned().collect();
        waiting.retain(|world| met.is_new(world));
        let mut after = Vec::new();
        while let Some(mut world) = waiting.pop() {
            self.effort.worlds += 1;
            if met.count > MOST_WORLDS {
                return Err(self.stuck(number, &before, true));
            }
            if world.done.remove(&number) {
                after.push(world);
                continue;
            }
            let next = self.next(&world, now);
            waiting.extend(next.into_iter().filter(|next| met.is_new(next)));
        }
        if after.is_empty() {
            return Err(self.stuck(number, &before, false));
        }
        self.open.remove(&number);
        self.worlds = self.tidied(after);
        self.effort.most_at_once = self.effort.most_at_once.max(self.worlds.len());
        if self.worlds.len() == 1 {
            self.since = now;
        }
        Ok(())
    }

    /// The worlds one step on: an open operation takes effect, or the lock expires.
    fn next(&self, world: &World, now: Micros) -> Vec<World> {
        let mut next = Vec::new();
        for number in self.open.difference(&world.done) {
            if let Some(Effect::Now(lock)) = world.lock.by(&self.history[*number].deed) {
                let mut done = world.done.clone();
                done.insert(*number);
                next.push(World { done, lock });
            }
        }
        if let Some(lock) = world.lock.expired(now) {
            let done = world.done.clone();
            next.push(World { done, lock });
        }
        let settled = next.into_iter().map(|world| self.settled(world, now));
        settled.collect()
    }

    /// What is right now and changes nothing takes effect now: nothing is lost by that, and later it may be wrong.
    /// And how an order ended makes no difference once nobody asks for it any more.
    fn settled(&self, mut world: World, now: Micros) -> World {
        let lock = &world.lock;
        let is_right = |number: &&usize| {
            let effect = lock.by(&self.history[**number].deed);
            matches!(effect, Some(Effect::Nothing))
        };
        let right = self.open.difference(&world.done).filter(is_right);
        let right: Vec<usize> = right.copied().collect();
        world.done.extend(right);
        let last_asked = |order: Order| self.last_asked.get(&order).copied().unwrap_or(0);
        world.lock.forget_unless(|order| last_asked(order) >= now);
        world
    }

    /// The worlds without what makes no difference any more: what was never answered, and has taken effect in each
    /// of them.
    fn tidied(&mut self, mut worlds: Vec<World>) -> HashSet<World> {
        let is_over = |number: &usize| {
            self.history[*number].is_open() && worlds.iter().all(|one| one.done.contains(number))
        };
        let over: Vec<usize> = self.open.iter().copied().filter(is_over).collect();
        for number in over {
            self.open.remove(&number);
            for world in &mut worlds {
                world.done.remove(&number);
            }
        }
        // Those in which least was done first: they leave none that is poorer.
        worlds.sort_by_key(|world| world.done.len());
        let mut met = Met::new(self.history);
        worlds.retain(|world| met.is_new(world));
        worlds.into_iter().collect()
    }

    fn stuck(&self, at: usize, before: &HashSet<World>, too_many: bool) -> Stuck {
        let holders = before.iter().filter_map(|world| world.lock.holder());
        Stuck {
            at,
            since: self.since,
            orders: holders.chain(self.history[at].order()).collect(),
            possible: before.iter().map(|world| world.lock.told()).collect(),
            too_many,
        }
    }
}

/// The worlds that were met.
struct Met<'a> {
    history: &'a [Operation],
    by_lock: HashMap<Lock, Vec<BTreeSet<usize>>>,
    count: usize,
}

impl<'a> Met<'a> {
    fn new(history: &'a [Operation]) -> Met<'a> {
        Met {
            history,
            by_lock: HashMap::new(),
            count: 0,
        }
    }

    /// Whether a world brings anything that none brought before. Of two with the same lock, one can do all that the
    /// other one can, if less was done in it, and if the other one has done nothing more that is ever answered.
    fn is_new(&mut self, world: &World) -> bool {
        let known = self.by_lock.entry(world.lock.clone()).or_default();
        let is_poorer = known.iter().any(|richer| {
            let mut more = world.done.difference(richer);
            richer.is_subset(&world.done) && more.all(|number| self.history[*number].is_open())
        });
        if !is_poorer {
            known.push(world.done.clone());
            self.count += 1;
        }
        !is_poorer
    }
}

impl Stuck {
    /// The stretch of the history that matters: what was open since the lock was last certain, and before that what
    /// was done to the orders that this is about.
    pub fn window<'a>(&self, history: &'a [Operation]) -> Vec<&'a Operation> {
        let end = history[self.at].answered.unwrap_or(Micros::MAX);
        let matters = |one: &&Operation| {
            let is_open = one.answered.is_none_or(|answered| answered >= self.since);
            let is_about = one
                .order()
                .is_some_and(|order| self.orders.contains(&order));
            one.begun <= end && (is_open || is_about)
        };
        history.iter().filter(matters).collect()
    }
}

/// All beginnings and answers in the order of time. At the same moment beginnings come first: then the two were, for
/// all that is known, at once.
fn moments(history: &[Operation]) -> Vec<(Micros, bool, usize)> {
    let mut moments = Vec::new();
    for (number, operation) in history.iter().enumerate() {
        moments.push((operation.begun, false, number));
        moments.extend(operation.answered.map(|moment| (moment, true, number)));
    }
    moments.sort_unstable();
    moments
}
