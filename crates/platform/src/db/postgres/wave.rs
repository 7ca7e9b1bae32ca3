//! What bodies that run side by side ask of their one transaction: gathered, until none of them can go on without an
//! answer, and then sent all at once.

use std::convert::Infallible;
use std::pin::pin;

use futures_util::future::{Either, join_all, select};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio_postgres::Row;

use super::alike::{Asked, Group, Said, Wants, grouped};
use super::answer::together;
use super::connect::Connection;
use super::merge::{Queued, merged, sent};
use crate::db::error::DbError;
use crate::db::value::Param;

/// Where the bodies leave what they ask.
pub(super) struct Wave {
    gathered: Mutex<Gathered>,
    bell: Notify,
}

#[derive(Default)]
struct Gathered {
    ahead: Before,
    asked: Vec<Asked>,
    /// What came ahead was lost, the beginning perhaps: nothing may follow it.
    is_broken: bool,
}

/// What has to be done before anything that is asked.
#[derive(Default)]
pub(super) struct Before {
    /// The transaction is not begun.
    pub(super) begins: bool,
    pub(super) queued: Vec<Queued>,
}

impl Wave {
    pub(super) fn new(ahead: Before) -> Wave {
        let gathered = Gathered {
            ahead,
            ..Gathered::default()
        };
        Wave {
            gathered: Mutex::new(gathered),
            bell: Notify::new(),
        }
    }

    /// Leaves what is to be done before the next that is asked.
    pub(super) fn leave(&self, queued: Vec<Queued>) {
        self.gathered.lock().ahead.queued.extend(queued);
    }

    /// What nobody has waited for.
    pub(super) fn left(&self) -> Before {
        std::mem::take(&mut self.gathered.lock().ahead)
    }

    /// How many rows a statement changes, behind `ahead`.
    pub(super) async fn count(
        &self,
        ahead: Vec<Queued>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<u64, DbError> {
        let said = self.ask(ahead, sql, params, Wants::Count).await?;
        Ok(said.changed)
    }

    /// The rows of the answer, behind `ahead`.
    pub(super) async fn rows(
        &self,
        ahead: Vec<Queued>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, DbError> {
        let said = self.ask(ahead, sql, params, Wants::Rows).await?;
        Ok(said.rows)
    }

    /// Asks, and waits for the answer.
    async fn ask(
        &self,
        ahead: Vec<Queued>,
        sql: &str,
        params: &[Param<'_>],
        wants: Wants,
    ) -> Result<Said, DbError> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            sql: sql.to_owned(),
            params: params.iter().cloned().map(Param::into_owned).collect(),
            wants,
            answer,
        };
        self.gather(ahead, asked);
        answered.await.unwrap_or(Err(DbError::Closed))
    }

    fn gather(&self, ahead: Vec<Queued>, asked: Asked) {
        let mut gathered = self.gathered.lock();
        gathered.ahead.queued.extend(ahead);
        gathered.asked.push(asked);
        self.bell.notify_one();
    }

    /// Waits for `bodies`, and answers what they ask meanwhile.
    pub(super) async fn attend<T>(
        &self,
        connection: &Connection,
        bodies: impl Future<Output = T>,
    ) -> T {
        let (bodies, serving) = (pin!(bodies), pin!(self.serve(connection)));
        // The bodies are polled first: whoever can ask has done so before anything is sent.
        match select(bodies, serving).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn serve(&self, connection: &Connection) -> Infallible {
        loop {
            self.bell.notified().await;
            let Some((ahead, asked)) = self.take() else {
                continue;
            };
            match prepared(connection, ahead, &asked).await {
                Ok((ahead, groups)) => answer(connection, ahead, groups, asked).await,
                Err(error) => {
                    self.gathered.lock().is_broken = true;
                    refuse(asked, &error);
                }
            }
        }
    }

    /// What is to be sent. A bell may have rung twice for it.
    fn take(&self) -> Option<(Before, Vec<Asked>)> {
        let mut gathered = self.gathered.lock();
        let asked = std::mem::take(&mut gathered.asked);
        if gathered.is_broken {
            refuse(asked, &DbError::Failed);
            return None;
        }
        (!asked.is_empty()).then(|| (std::mem::take(&mut gathered.ahead), asked))
    }
}

async fn prepared(
    connection: &Connection,
    ahead: Before,
    asked: &[Asked],
) -> Result<(Before, Vec<Group>), DbError> {
    let ahead = Before {
        queued: merged(connection, ahead.queued).await?,
        ..ahead
    };
    Ok((ahead, grouped(connection, asked).await?))
}

/// Sends all of it, and tells each what it was answered.
async fn answer(connection: &Connection, ahead: Before, groups: Vec<Group>, asked: Vec<Asked>) {
    let client = &connection.client;
    let each = groups.iter().map(|group| group.send(client, &asked));
    let each = async { Ok(join_all(each).await) };
    let answers = match together(sent(client, ahead.begins, &ahead.queued), each).await {
        Ok(answers) => answers,
        Err(error) => return refuse(asked, &error),
    };
    let mut asked: Vec<Option<Asked>> = asked.into_iter().map(Some).collect();
    for (group, answers) in groups.into_iter().zip(answers) {
        let answers = answers.map_err(DbError::from);
        let answers = answers.and_then(|said| group.split(&asked, said));
        let members = group.members.iter();
        let members = members.filter_map(|place| asked.get_mut(*place).and_then(Option::take));
        match answers {
            Ok(answers) => members.zip(answers).for_each(|(asked, answer)| {
                asked.tell(Ok(answer));
            }),
            Err(error) => refuse(members, &error),
        }
    }
}

fn refuse(asked: impl IntoIterator<Item = Asked>, error: &DbError) {
    for asked in asked {
        asked.tell(Err(error.clone()));
    }
}
