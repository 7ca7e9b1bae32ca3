//! Requests on their way into the processes, as far as chance lets them, and answers on their way out, each judged before
//! anybody hears it.

use std::sync::Arc;

use axum::Router;
use parking_lot::Mutex;
use rand::Rng;
use tokio::sync::oneshot;

use crate::doors::Entry;
use crate::net::{Answer, Call, Errand};
use crate::process::Process;
use crate::tasks::{Owner, some_while};
use crate::twins::Twins;
use crate::world::World;

/// What was answered since somebody looked last. Clones share it.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<Vec<Heard>>>);

/// An answer, and what it is judged by.
struct Heard {
    entry: Option<Entry>,
    key: Option<String>,
    answer: Answer,
}

/// Somebody at the door of a process.
struct Visit {
    call: Call,
    router: Router,
    entry: Option<Entry>,
    answers: Answers,
}

impl Visit {
    async fn answered(self) -> Answer {
        let key = Twins::key_of(&self.call);
        let answer = self.call.answered_by(self.router).await;
        self.answers.0.lock().push(Heard {
            entry: self.entry,
            key,
            answer: answer.clone(),
        });
        answer
    }
}

impl World {
    /// Brings requests to the processes that answer them.
    pub(crate) fn run_errands(&mut self) -> Result<(), String> {
        for errand in self.net.take() {
            self.run_errand(errand)?;
        }
        Ok(())
    }

    fn run_errand(&mut self, errand: Errand) -> Result<(), String> {
        let Errand { call, reply } = errand;
        let name = format!("{} {}", call.method, call.path);
        let mut happens = |of_a_hundred: u32| self.chance.random_range(0..100) < of_a_hundred;
        let is_lost = happens(self.plan.lost_requests);
        let is_unheard = happens(self.plan.lost_answers);
        let is_repeated = happens(self.plan.repeated_requests);
        let process = self.processes.iter().find(|it| it.has(call.service));
        let Some((process, router)) = process.and_then(|it| Some((it, it.router()?))) else {
            self.trace.tell(format_args!("nobody answers: {name}"));
            return Ok(());
        };
        if is_lost {
            self.trace.tell(format_args!("lost on its way: {name}"));
            return Ok(());
        }
        let owner = process.owner();
        let entry = Entry::of(&call, &self.watch, process.now())?;
        let answers = self.answers.clone();
        let visit = || Visit {
            call: call.clone(),
            router: router.clone(),
            entry: entry.clone(),
            answers: answers.clone(),
        };
        if is_repeated {
            let again = visit();
            let again = async {
                some_while(3).await;
                drop(again.answered().await);
            };
            let name = format!("{name}, again");
            self.tasks.add_request(owner, name, Box::pin(again));
        }
        if is_unheard {
            self.trace.tell(format_args!("its answer is lost: {name}"));
        }
        self.send(visit(), (owner, name), (!is_unheard).then_some(reply));
        Ok(())
    }

    fn send(
        &mut self,
        visit: Visit,
        (owner, name): (Owner, String),
        reply: Option<oneshot::Sender<Answer>>,
    ) {
        let answering = async move {
            let answer = visit.answered().await;
            if let Some(reply) = reply {
                drop(reply.send(answer));
            }
        };
        self.tasks.add_request(owner, name, Box::pin(answering));
    }

    /// Judges what was answered in the last step, by what is so after it.
    pub(crate) fn judge_answers(&mut self) -> Result<(), String> {
        let answered = std::mem::take(&mut *self.answers.0.lock());
        for Heard { entry, key, answer } in answered {
            if let Some(key) = key {
                self.twins.judge(&key, &answer)?;
            }
            let Some(entry) = entry else {
                continue;
            };
            let process = self.processes.iter().find(|it| it.has(entry.service()));
            if let Some(now) = process.map(Process::now) {
                entry.judge(&answer, &self.watch, now)?;
            }
        }
        Ok(())
    }
}
