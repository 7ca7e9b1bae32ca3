//! The card gateway, outside of everything: it lives on when payments dies, and what it was asked for may arrive late, twice,
//! or without an answer. Beneath is the real test gateway with its real book.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tessera_contracts::Money;
use tessera_payments::gateway::test_gateway::TestGateway;
use tessera_payments::gateway::{
    Authorization, Authorize, Gateway, GatewayError, Refund, Released, Settle, Token, TokenError,
};
use tessera_platform::BoxFuture;

use crate::plan::Plan;
use crate::tasks::some_while;

thread_local! {
    /// The gateway of the run on this thread: a service is put together by a plain function, which can be handed nothing.
    static OF_THIS_RUN: RefCell<Option<Arc<Bank>>> = const { RefCell::new(None) };
}

/// The gateway.
pub struct Bank {
    inner: TestGateway,
    state: Mutex<State>,
}

struct State {
    chance: StdRng,
    plan: Plan,
    /// What arrives later than anybody waits.
    late: Vec<BoxFuture<'static, ()>>,
    /// Of each authorization whose capture was asked for: whether it refuses that, for good.
    refusals: BTreeMap<String, bool>,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Unavailable,
    Busy,
    LoseRequest,
    LoseAnswer,
    Late,
    Repeat,
}

const FAULTS: [Fault; 6] = [
    Fault::Unavailable,
    Fault::Busy,
    Fault::LoseRequest,
    Fault::LoseAnswer,
    Fault::Late,
    Fault::Repeat,
];

impl Bank {
    /// One whose book is open.
    pub fn new(seed: u64, plan: &Plan, inner: TestGateway) -> Bank {
        Bank {
            inner,
            state: Mutex::new(State {
                chance: StdRng::seed_from_u64(seed),
                plan: plan.clone(),
                late: Vec::new(),
                refusals: BTreeMap::new(),
            }),
        }
    }

    /// Makes it that of this thread's run.
    pub fn install(self: &Arc<Bank>) {
        OF_THIS_RUN.with(|bank| *bank.borrow_mut() = Some(self.clone()));
    }

    /// That of this thread's run.
    pub fn of_this_run() -> Option<Arc<Bank>> {
        OF_THIS_RUN.with(|bank| bank.borrow().clone())
    }

    /// There is no run any more.
    pub fn leave() {
        OF_THIS_RUN.with(|bank| *bank.borrow_mut() = None);
    }

    /// Nothing goes wrong any more.
    pub fn calm(&self) {
        self.state.lock().plan.calm();
    }

    /// What arrives from now on.
    pub fn take_late(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut self.state.lock().late)
    }

    fn draw(&self) -> (u32, Option<Fault>) {
        let mut state = self.state.lock();
        let chances = state.plan.gateway_faults;
        let goes_wrong = state.chance.random_range(0..100) < chances;
        let place = state.chance.random_range(0..FAULTS.len());
        let takes = state.chance.random_range(0..4);
        (takes, FAULTS.get(place).copied().filter(|_| goes_wrong))
    }

    /// Whether it refuses to charge this one: one in fifty, where anything goes wrong. It says the same whenever it is asked.
    fn refuses(&self, id: &str) -> bool {
        let mut state = self.state.lock();
        let State {
            chance,
            plan,
            refusals,
            ..
        } = &mut *state;
        let drawn = plan.gateway_faults > 0 && chance.random_range(0..50) == 0;
        *refusals.entry(id.to_owned()).or_insert(drawn)
    }

    /// Does what `act` does, as far as chance lets it.
    async fn run<T>(
        &self,
        act: impl Fn(TestGateway) -> BoxFuture<'static, Result<T, GatewayError>> + Send,
    ) -> Result<T, GatewayError>
    where
        T: Send + 'static,
    {
        let drawn = || "as chance had it".to_owned();
        let act = || act(self.inner.clone());
        let (takes, fault) = self.draw();
        some_while(takes).await;
        let answer = match fault {
            None => act().await,
            Some(Fault::Unavailable) => Err(GatewayError::Unavailable(drawn())),
            Some(Fault::Busy) => Err(GatewayError::Busy(drawn(), SignedDuration::from_secs(2))),
            Some(Fault::LoseRequest) => Err(GatewayError::Unknown(drawn())),
            Some(Fault::LoseAnswer) => {
                drop(act().await);
                Err(GatewayError::Unknown(drawn()))
            }
            Some(Fault::Late) => {
                let late = act();
                self.state.lock().late.push(Box::pin(async {
                    drop(late.await);
                }));
                Err(GatewayError::Unknown(drawn()))
            }
            Some(Fault::Repeat) => {
                drop(act().await);
                act().await
            }
        };
        some_while(takes).await;
        answer
    }
}

/// The gateway as payments has it: of the run that payments is in.
pub struct Line(pub Arc<Bank>);

impl Gateway for Line {
    fn check_token(&self, text: String) -> Result<Token, TokenError> {
        self.0.inner.check_token(text)
    }

    fn authorize<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(self.0.run(move |inner| {
            let wish = wish.clone();
            Box::pin(async move { inner.authorize(&wish).await })
        }))
    }

    fn find<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Option<Authorization>, GatewayError>> {
        Box::pin(self.0.run(move |inner| {
            let wish = wish.clone();
            Box::pin(async move { inner.find(&wish).await })
        }))
    }

    fn capture<'a>(
        &'a self,
        wish: &'a Settle,
    ) -> BoxFuture<'a, Result<Option<Money>, GatewayError>> {
        Box::pin(async move {
            if self.0.refuses(wish.id.as_str()) {
                return Err(GatewayError::Refused("as chance had it".to_owned()));
            }
            let capture = |inner: TestGateway| {
                let wish = wish.clone();
                Box::pin(async move { inner.capture(&wish).await })
                    as BoxFuture<'static, Result<Option<Money>, GatewayError>>
            };
            self.0.run(capture).await
        })
    }

    fn void<'a>(&'a self, wish: &'a Settle) -> BoxFuture<'a, Result<Released, GatewayError>> {
        Box::pin(self.0.run(move |inner| {
            let wish = wish.clone();
            Box::pin(async move { inner.void(&wish).await })
        }))
    }

    fn refund<'a>(&'a self, wish: &'a Refund) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(self.0.run(move |inner| {
            let wish = wish.clone();
            Box::pin(async move { inner.refund(&wish).await })
        }))
    }
}
