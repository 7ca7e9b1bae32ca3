//! Waiting for an answer, for as long as it may still come.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;

use super::{Nats, failed};
use crate::bus::BusError;

/// How soon it is noticed that the connection is lost.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Nats {
    /// Does `work`, and gives it up when the connection that it asked over is lost: the client itself would wait for
    /// the answer until its time is up.
    pub(in crate::bus) async fn while_connected<T>(
        &self,
        work: impl Future<Output = Result<T, BusError>>,
    ) -> Result<T, BusError> {
        let connects = self.connects();
        // Large, and kept out of the futures of those who wait.
        let work = Box::pin(work);
        let lost = async {
            loop {
                rest(LOOK_EVERY).await;
                if let Err(error) = self.health() {
                    return error;
                }
                if self.connects() != connects {
                    return failed("the connection was lost before the answer came");
                }
            }
        };
        tokio::select! {
            biased;
            done = work => done,
            error = lost => Err(error),
        }
    }

    /// How often the client has connected.
    pub(in crate::bus) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Whether it is connected at this moment, and still by that connection.
    pub(super) fn is_connected_as(&self, connection: u64) -> bool {
        self.client.connection_state() == State::Connected && self.connects() == connection
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bus has the machine's own time, which no test moves"
)]
async fn rest(span: Duration) {
    tokio::time::sleep(span).await;
}
