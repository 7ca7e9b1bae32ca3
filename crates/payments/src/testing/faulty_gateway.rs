//! A gateway in whose calls a test plans what goes wrong.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use tessera_contracts::Money;
use tessera_platform::BoxFuture;
use tokio::sync::Notify;

use crate::gateway::{
    Authorization, Authorize, Gateway, GatewayError, Refund, Released, Settle, Token, TokenError,
};

/// A call of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the call of the same name")]
pub enum Call {
    Authorize,
    Find,
    Capture,
    Void,
    Refund,
}

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing is done, for good.
    Refuse,
    /// Nothing is done, and that is known.
    FailBefore,
    /// Nothing is done, and that is not known.
    LoseRequest,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// The request arrives twice; the second answer counts.
    Repeat,
    /// The request is on its way until the gate opens.
    HoldRequest(Gate),
    /// It is done, and the answer is on its way until the gate opens.
    HoldAnswer(Gate),
}

/// Holds one call up until it is opened.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Post>);

#[derive(Debug, Default)]
struct Post {
    reached: Notify,
    opened: Notify,
}

impl Gate {
    /// A gate that is closed.
    pub fn closed() -> Gate {
        Gate::default()
    }

    /// Waits until the call has come to it.
    pub async fn reached(&self) {
        self.0.reached.notified().await;
    }

    /// Lets the call pass.
    pub fn open(&self) {
        self.0.opened.notify_one();
    }

    async fn pass(&self) {
        self.0.reached.notify_one();
        self.0.opened.notified().await;
    }
}

/// The faults that are planned for one gateway, and the calls that it got. Cheap to clone; clones
/// share the plan.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    faults: HashMap<Call, VecDeque<Fault>>,
    calls: Vec<Call>,
}

static PLANS: LazyLock<Mutex<HashMap<PathBuf, Faults>>> = LazyLock::new(Mutex::default);

impl Faults {
    /// The faults of the gateway whose book is in `data_dir`.
    pub fn of(data_dir: &Path) -> Faults {
        let mut plans = PLANS.lock();
        plans.entry(data_dir.to_owned()).or_default().clone()
    }

    /// Plans `fault` for the next `call` that has none yet.
    pub fn plan(&self, call: Call, fault: Fault) {
        let mut plan = self.0.lock();
        plan.faults.entry(call).or_default().push_back(fault);
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.0.lock().calls.clone()
    }

    fn next(&self, call: Call) -> Option<Fault> {
        let mut plan = self.0.lock();
        plan.calls.push(call);
        plan.faults.get_mut(&call)?.pop_front()
    }
}

/// A gateway over another one, with faults.
pub struct FaultyGateway {
    inner: Arc<dyn Gateway>,
    faults: Faults,
}

impl FaultyGateway {
    /// The gateway `inner`, with `faults`.
    pub fn new(inner: Arc<dyn Gateway>, faults: Faults) -> FaultyGateway {
        FaultyGateway { inner, faults }
    }

    /// Does what `act` does, as far as the next fault planned for `call` lets it.
    async fn run<'a, T>(
        &self,
        call: Call,
        act: impl Fn() -> BoxFuture<'a, Result<T, GatewayError>> + Send,
    ) -> Result<T, GatewayError> {
        let planned = || "as the test planned".to_owned();
        match self.faults.next(call) {
            None => act().await,
            Some(Fault::Refuse) => Err(GatewayError::Refused(planned())),
            Some(Fault::FailBefore) => Err(GatewayError::Unavailable(planned())),
            Some(Fault::LoseRequest) => Err(GatewayError::Unknown(planned())),
            Some(Fault::LoseAnswer) => {
                act().await?;
                Err(GatewayError::Unknown(planned()))
            }
            Some(Fault::Repeat) => {
                act().await?;
                act().await
            }
            Some(Fault::HoldRequest(gate)) => {
                gate.pass().await;
                act().await
            }
            Some(Fault::HoldAnswer(gate)) => {
                let answer = act().await;
                gate.pass().await;
                answer
            }
        }
    }
}

impl Gateway for FaultyGateway {
    fn check_token(&self, text: String) -> Result<Token, TokenError> {
        self.inner.check_token(text)
    }

    fn authorize<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(self.run(Call::Authorize, || self.inner.authorize(wish)))
    }

    fn find<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Option<Authorization>, GatewayError>> {
        Box::pin(self.run(Call::Find, || self.inner.find(wish)))
    }

    fn capture<'a>(
        &'a self,
        wish: &'a Settle,
    ) -> BoxFuture<'a, Result<Option<Money>, GatewayError>> {
        Box::pin(self.run(Call::Capture, || self.inner.capture(wish)))
    }

    fn void<'a>(&'a self, wish: &'a Settle) -> BoxFuture<'a, Result<Released, GatewayError>> {
        Box::pin(self.run(Call::Void, || self.inner.void(wish)))
    }

    fn refund<'a>(&'a self, wish: &'a Refund) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(self.run(Call::Refund, || self.inner.refund(wish)))
    }
}
