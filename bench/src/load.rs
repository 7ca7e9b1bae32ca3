//! Reservations: connections that each reserve one ticket after the other, and a watcher that follows single orders to
//! `awaiting:payment`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use parking_lot::Mutex;

use crate::client::{Connection, Reply};
use crate::drive::{Pace, Tally, Window, drive};
use crate::failure::Failure;
use crate::latencies::{Latencies, grouped};
use crate::market::{self, Order, Person};
use crate::pace;

const WATCH_EVERY: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(1);
const PREPARED_WITHIN: Duration = Duration::from_secs(3_600);
const LOST_AFTER: Duration = Duration::from_secs(30);

/// Tickets nobody has asked for yet, and the people who will.
pub(crate) struct Load {
    buyers: Vec<Person>,
    tickets: Tickets,
    next: AtomicUsize,
    reserved: AtomicU64,
    /// The watcher wants the next reservation that succeeds.
    wanted: AtomicBool,
    offered: Mutex<Option<Watched>>,
}

enum Tickets {
    Distinct(Vec<String>),
    /// For a handler that gives any ticket to everybody.
    Same(String),
}

struct Watched {
    buyer: Person,
    order: String,
    answered: Instant,
}

impl Load {
    pub(crate) fn new(buyers: Vec<Person>, tickets: Vec<String>) -> Arc<Self> {
        Self::of(buyers, Tickets::Distinct(tickets))
    }

    /// Everybody asks for the same ticket, again and again.
    pub(crate) fn of_one(buyers: Vec<Person>, ticket: String) -> Arc<Self> {
        Self::of(buyers, Tickets::Same(ticket))
    }

    fn of(buyers: Vec<Person>, tickets: Tickets) -> Arc<Self> {
        Arc::new(Self {
            buyers,
            tickets,
            next: AtomicUsize::new(0),
            reserved: AtomicU64::new(0),
            wanted: AtomicBool::new(false),
            offered: Mutex::new(None),
        })
    }

    /// All reservations ever answered with 201, in every round.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Relaxed)
    }

    /// One round: every connection reserves until the time is up, and is handed back.
    pub(crate) async fn drive(
        &self,
        connections: Vec<Connection>,
        pace: Pace,
        window: Window,
    ) -> Result<(Vec<Connection>, Tally), Failure> {
        drive(connections, pace, window, async |connection, number| {
            let reply = self.ask_for_next(connection, number).await?;
            Ok(Some(reply.ok_or_else(out_of_tickets)?.1.status))
        })
        .await
    }

    /// The same, but each waits until its order awaits its payment, and looks at it all the time: latencies are those from
    /// when a reservation was to be sent until its buyer has seen that.
    pub(crate) async fn drive_to_the_end(
        &self,
        connections: Vec<Connection>,
        rate: u64,
        window: Window,
    ) -> Result<Tally, Failure> {
        let driven = drive(
            connections,
            Pace::Open(rate),
            window,
            async |connection, number| {
                let reply = self.ask_for_next(connection, number).await?;
                let (buyer, reply) = reply.ok_or_else(out_of_tickets)?;
                if reply.status == StatusCode::CREATED {
                    let order = reply.json::<Order>()?.id;
                    follow(connection, buyer, &order).await?;
                }
                Ok(Some(reply.status))
            },
        );
        Ok(driven.await?.1)
    }

    /// Reserves every ticket that is left; none may be refused.
    pub(crate) async fn reserve_all(&self, connections: Vec<Connection>) -> Result<(), Failure> {
        let reserved = drive(
            connections,
            Pace::Closed,
            Window::of(PREPARED_WITHIN),
            async |connection, number| {
                let reply = self.ask_for_next(connection, number).await?;
                Ok(reply.map(|(_, reply)| reply.status))
            },
        );
        reserved.await?.1.all_are(StatusCode::CREATED)
    }

    /// Asks for the next ticket, if there is one, in the name of somebody.
    async fn ask_for_next(
        &self,
        connection: &mut Connection,
        number: usize,
    ) -> Result<Option<(&Person, Reply)>, Failure> {
        let buyer = self.buyers.get(number % self.buyers.len().max(1));
        let buyer = buyer.ok_or_else(|| Failure::new("nobody signed up"))?;
        let Some(ticket) = self.next_ticket() else {
            return Ok(None);
        };
        let reply = market::reserve(connection, buyer, ticket).await?;
        let answered = pace::now();
        if reply.status != StatusCode::CREATED {
            return Ok(Some((buyer, reply)));
        }
        self.reserved.fetch_add(1, Ordering::Relaxed);
        if self.wanted.swap(false, Ordering::Relaxed) {
            let order = reply.json::<Order>()?.id;
            *self.offered.lock() = Some(Watched {
                buyer: buyer.clone(),
                order,
                answered,
            });
        }
        Ok(Some((buyer, reply)))
    }

    fn next_ticket(&self) -> Option<&String> {
        match &self.tickets {
            Tickets::Distinct(tickets) => tickets.get(self.next.fetch_add(1, Ordering::Relaxed)),
            Tickets::Same(ticket) => Some(ticket),
        }
    }

    /// Ten times a second, follows the newest order until it awaits its payment: the lag as its buyer sees it,
    /// counted from the answer to the reservation.
    pub(crate) async fn watch(
        &self,
        mut connection: Connection,
        until: Instant,
    ) -> Result<Latencies, Failure> {
        let mut lags = Latencies::new()?;
        let mut next = pace::now();
        while next < until {
            self.wanted.store(true, Ordering::Relaxed);
            let Some(watched) = self.offer(until).await else {
                break;
            };
            follow(&mut connection, &watched.buyer, &watched.order).await?;
            lags.record(pace::micros_since(watched.answered));
            next = (next + WATCH_EVERY).max(pace::now());
            pace::pause_until(next).await;
        }
        Ok(lags)
    }

    async fn offer(&self, until: Instant) -> Option<Watched> {
        loop {
            let offered = self.offered.lock().take();
            if offered.is_some() || pace::now() >= until {
                return offered;
            }
            pace::pause(LOOK_EVERY).await;
        }
    }

    /// Says every second how far it is.
    pub(crate) async fn narrate(&self, until: Instant) {
        let mut before = self.reserved();
        while pace::now() < until {
            pace::pause(Duration::from_secs(1)).await;
            let reserved = self.reserved();
            eprintln!("  {} reserved in this second", grouped(reserved - before));
            before = reserved;
        }
    }
}

fn out_of_tickets() -> Failure {
    Failure::new("out of tickets before the time was up: there have to be more")
}

/// Looks at an order until it awaits its payment, one look after the other.
pub(crate) async fn follow(
    connection: &mut Connection,
    buyer: &Person,
    order: &str,
) -> Result<(), Failure> {
    let began = pace::now();
    loop {
        let order = market::order(connection, buyer, order).await?;
        match order.status.as_str() {
            "awaiting:payment" => return Ok(()),
            "created" if began.elapsed() < LOST_AFTER => {}
            other => {
                return Err(Failure::new(format!(
                    "order {} is {other}, not awaiting:payment",
                    order.id
                )));
            }
        }
    }
}
