//! A connection to PostgreSQL that loses what a test says: the last word of a transaction, or its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::engine::CONNECTIONS;
use crate::db::postgres::Server;

const NOTHING: u8 = 0;
const ANSWER: u8 = 1;
const COMMIT: u8 = 2;

/// How a `COMMIT` goes over the wire: a simple query.
const WORD: &[u8] = b"COMMIT\0";

/// What lies between a test and its server.
pub struct Lossy {
    loses: Arc<AtomicU8>,
}

impl Lossy {
    /// Leads the way to `server` through one that loses nothing yet; nothing where the tests run on SQLite.
    pub fn before(server: &mut Option<Server>) -> Option<Lossy> {
        let way = server.as_mut()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let listener = TcpListener::from_std(listener).expect("a runtime");
        let loses = Arc::new(AtomicU8::new(NOTHING));
        tokio::spawn(pass(listener, way.address_for_tests(), loses.clone()));
        let through = Server::parse(&way.url_for_tests(address), CONNECTIONS);
        *way = through.expect("the same address");
        Some(Lossy { loses })
    }

    /// The server hears it and does it; nobody hears that it did.
    pub fn lose_the_answer_to_the_next_commit(&self) {
        self.loses.store(ANSWER, Ordering::SeqCst);
    }

    /// The server never hears it.
    pub fn lose_the_next_commit(&self) {
        self.loses.store(COMMIT, Ordering::SeqCst);
    }
}

async fn pass(listener: TcpListener, beyond: SocketAddr, plan: Arc<AtomicU8>) {
    while let Ok((near, _)) = listener.accept().await {
        let far = TcpStream::connect(beyond).await.expect("the server");
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        let dead = Arc::new(AtomicU8::new(NOTHING));
        tokio::spawn(there(near_in, far_out, plan.clone(), dead.clone()));
        tokio::spawn(back(far_in, near_out, dead));
    }
}

async fn there(
    mut near: OwnedReadHalf,
    mut far: OwnedWriteHalf,
    plan: Arc<AtomicU8>,
    dead: Arc<AtomicU8>,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = near.read(&mut bytes).await {
        let said = &bytes[..count];
        let place = said.windows(WORD.len()).position(|part| part == WORD);
        if place.is_some() && plan.load(Ordering::SeqCst) != NOTHING {
            dead.store(1, Ordering::SeqCst);
            if plan.swap(NOTHING, Ordering::SeqCst) == ANSWER {
                drop(far.write_all(said).await);
                // Longer than the server takes: what it answers meets a dead line.
                rest(300).await;
            }
            return;
        }
        if far.write_all(said).await.is_err() {
            return;
        }
    }
}

async fn back(mut far: OwnedReadHalf, mut near: OwnedWriteHalf, dead: Arc<AtomicU8>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = far.read(&mut bytes).await {
        if dead.load(Ordering::SeqCst) != NOTHING || near.write_all(&bytes[..count]).await.is_err()
        {
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a network has the machine's own time"
)]
async fn rest(millis: u64) {
    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
}
