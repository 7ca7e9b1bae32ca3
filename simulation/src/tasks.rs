//! What is under way: futures that are moved on one step at a time, by whoever draws which one.
//!
//! A step ends where a future waits. Between any two of them its owner may die, and it with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::task::{Context, Poll, Wake, Waker};

use tessera_platform::BoxFuture;

/// The requests that check a password, on a thread beside this one.
const CHECK_PASSWORDS: [&str; 2] = ["POST /api/users/signin", "DELETE /api/users/me"];

/// Whose a task is: it ends with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The process of this number.
    Process(usize),
    /// The world outside: people, the bus and the gateway.
    World,
}

/// All that is under way.
#[derive(Default)]
pub struct Tasks(Vec<Task>);

struct Task {
    owner: Owner,
    name: String,
    /// Whether it may be hung up on by whoever asked for it.
    is_request: bool,
    future: BoxFuture<'static, ()>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Stands before the one thread beside this one, on which passwords are checked. It is shut while a task takes a step: what
/// the step has asked of the thread is never done within it, and always before the next one.
struct Gate(Sender<()>);

/// Rings when a task can go on.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Tasks {
    /// Adds one. It can take its first step.
    pub fn add(&mut self, owner: Owner, name: String, future: BoxFuture<'static, ()>) {
        self.insert(owner, name, false, future);
    }

    /// Adds what somebody outside waits for, and may hang up on.
    pub fn add_request(&mut self, owner: Owner, name: String, future: BoxFuture<'static, ()>) {
        self.insert(owner, name, true, future);
    }

    fn insert(
        &mut self,
        owner: Owner,
        name: String,
        is_request: bool,
        future: BoxFuture<'static, ()>,
    ) {
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        self.0.push(Task {
            owner,
            name,
            is_request,
            future,
            waker: Waker::from(bell.clone()),
            bell,
        });
    }

    /// The places of those that can go on.
    pub fn ready(&self) -> impl Iterator<Item = usize> {
        let places = self.0.iter().enumerate();
        places
            .filter(|(_, task)| task.bell.0.load(Ordering::Relaxed))
            .map(|(place, _)| place)
    }

    /// The places of what somebody outside waits for.
    pub fn requests(&self) -> Vec<usize> {
        let places = self.0.iter().enumerate();
        let requests = places.filter(|(_, task)| task.is_request);
        requests.map(|(place, _)| place).collect()
    }

    /// Moves the one at `place` on, and waits for the threads that it has something done by. Answers its name.
    pub fn step(&mut self, place: usize) -> Option<String> {
        let task = self.0.get_mut(place)?;
        task.bell.0.store(false, Ordering::Relaxed);
        let mut context = Context::from_waker(&task.waker);
        let name = task.name.clone();
        let checks_password = CHECK_PASSWORDS.iter().any(|it| name.starts_with(it));
        let gate = checks_password.then(Gate::shut);
        if task.future.as_mut().poll(&mut context).is_ready() {
            drop(self.0.remove(place));
        }
        if let Some(gate) = gate {
            gate.open();
        }
        Some(name)
    }

    /// Drops the one at `place` where it is. Answers its name.
    pub fn drop_at(&mut self, place: usize) -> Option<String> {
        (place < self.0.len()).then(|| self.0.remove(place).name)
    }

    /// Ends all of an owner's, wherever they are.
    pub fn end_all_of(&mut self, owner: Owner) {
        self.0.retain(|task| task.owner != owner);
    }

    /// How many there are of an owner's.
    pub fn count_of(&self, owner: Owner) -> usize {
        self.0.iter().filter(|task| task.owner == owner).count()
    }
}

impl Gate {
    fn shut() -> Gate {
        let (open, opened) = mpsc::channel();
        drop(tokio::task::spawn_blocking(move || opened.recv()));
        Gate(open)
    }

    /// Lets the thread go on, and waits until it has done what it was given.
    fn open(self) {
        drop(self.0);
        let (tell, told) = mpsc::channel();
        drop(tokio::task::spawn_blocking(move || tell.send(())));
        // It fails when the runtime ends, where there is nothing to wait for.
        let _ = told.recv();
    }
}

/// Lets others go first, once.
pub async fn a_while() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Lets others go first, so many times.
pub async fn some_while(times: u32) {
    for _ in 0..times {
        a_while().await;
    }
}
