//! Answers as they were written last: what would read the same is not written again, and one writes for all who wait.
//!
//! What is put here is the same for everybody who asks for it. An answer is good for two kinds of people: those who know
//! by its `ETag` that nothing has changed since, and those who asked before it was begun to be written, since nobody
//! could have written it for them later than that. So under a rush an answer is written once at a time, however many
//! ask for it, and nobody is given one of before.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::problem::Failure;

/// As many answers are kept: of some 40 KB each, and 150 KB at most.
const MOST: usize = 64;

/// So often somebody waits for others of whom nothing comes, because they went away or could not read it. After the first time
/// one of those who waited writes it, so that a reader who hangs up does not send all of them off at once.
const VAIN_WAITS: u32 = 2;

/// The answers, by what makes one another. Cheap to clone; clones share them.
#[derive(Debug)]
pub struct Shelf<K>(Arc<Inner<K>>);

#[derive(Debug)]
struct Inner<K> {
    places: RwLock<HashMap<K, Arc<Mutex<Place>>>>,
    /// How often somebody asked or began to write: which of the two was first.
    turns: AtomicU64,
}

/// Where an answer is kept.
#[derive(Debug, Default)]
struct Place {
    kept: Option<Arc<Shelved>>,
    written: Option<Written>,
}

/// An answer that somebody writes now.
#[derive(Debug)]
struct Written {
    begun: u64,
    /// Closed when that has ended.
    ended: watch::Receiver<()>,
}

/// An answer.
#[derive(Debug)]
pub struct Shelved {
    /// Of what it shows, where that can be told.
    pub etag: Option<HeaderValue>,
    begun: u64,
    headers: HeaderMap,
    body: Bytes,
}

/// Somebody who wants an answer, from a certain moment on.
#[derive(Debug)]
pub struct Asked<'s> {
    turns: &'s AtomicU64,
    place: Arc<Mutex<Place>>,
    at: u64,
}

/// Who writes an answer; the others wait until this is dropped.
#[derive(Debug)]
pub struct Writing {
    place: Arc<Mutex<Place>>,
    begun: u64,
    /// None where nobody waits for it.
    _ends: Option<watch::Sender<()>>,
}

/// What comes of asking.
#[derive(Debug)]
pub enum Turn {
    /// It has been written meanwhile.
    Kept(Arc<Shelved>),
    /// To be written now, by whoever gets this.
    Write(Writing),
}

impl<K: Eq + Hash> Shelf<K> {
    /// From now on somebody wants this answer.
    pub fn ask(&self, key: K) -> Asked<'_> {
        let at = next(&self.0.turns);
        Asked {
            turns: &self.0.turns,
            place: self.place(key),
            at,
        }
    }

    fn place(&self, key: K) -> Arc<Mutex<Place>> {
        if let Some(place) = self.0.places.read().get(&key) {
            return place.clone();
        }
        let mut all = self.0.places.write();
        // Anybody can ask for any number of them: those that are asked for often are soon here again.
        if all.len() >= MOST && !all.contains_key(&key) {
            all.clear();
        }
        all.entry(key).or_default().clone()
    }
}

impl Asked<'_> {
    /// What was written last, which may be of before.
    pub fn kept(&self) -> Option<Arc<Shelved>> {
        self.place.lock().kept.clone()
    }

    /// Waits for the answer while others write it; or it is to be written here.
    pub async fn turn(&self) -> Turn {
        let mut in_vain = 0;
        loop {
            let (begun, mut ended) = match self.at_once() {
                Ok(turn) => return turn,
                Err(written) => written,
            };
            // Nothing is ever sent: it is closed.
            let _ = ended.changed().await;
            let is_there = |kept: &Arc<Shelved>| kept.begun >= begun;
            if !self.place.lock().kept.as_ref().is_some_and(is_there) {
                in_vain += 1;
            }
            if in_vain == VAIN_WAITS {
                // Those who waited do not wait for one another in turn.
                return Turn::Write(self.writing(next(self.turns), None));
            }
        }
    }

    /// Without waiting; or else for whom to wait.
    fn at_once(&self) -> Result<Turn, (u64, watch::Receiver<()>)> {
        let mut place = self.place.lock();
        if let Some(kept) = place.kept.as_ref().filter(|kept| kept.begun > self.at) {
            return Ok(Turn::Kept(kept.clone()));
        }
        if let Some(Written { begun, ended }) = &place.written {
            return Err((*begun, ended.clone()));
        }
        let (ends, ended) = watch::channel(());
        let begun = next(self.turns);
        place.written = Some(Written { begun, ended });
        drop(place);
        Ok(Turn::Write(self.writing(begun, Some(ends))))
    }

    fn writing(&self, begun: u64, ends: Option<watch::Sender<()>>) -> Writing {
        Writing {
            place: self.place.clone(),
            begun,
            _ends: ends,
        }
    }
}

impl Writing {
    /// What was written before.
    pub fn kept(&self) -> Option<Arc<Shelved>> {
        self.place.lock().kept.clone()
    }

    /// Keeps a successful answer, and gives it.
    pub async fn keep(
        self,
        etag: Option<HeaderValue>,
        answer: Response,
    ) -> Result<Response, Failure> {
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(Failure::internal)?.to_bytes();
        self.put(Shelved {
            etag,
            begun: self.begun,
            headers: head.headers.clone(),
            body: body.clone(),
        });
        Ok(Response::from_parts(head, Body::from(body)))
    }

    /// Keeps one that was kept before, since nothing has changed.
    pub fn keep_on(self, kept: &Shelved) -> Response {
        self.put(Shelved {
            etag: kept.etag.clone(),
            begun: self.begun,
            headers: kept.headers.clone(),
            body: kept.body.clone(),
        });
        kept.answer()
    }

    fn put(&self, shelved: Shelved) {
        let mut place = self.place.lock();
        // Two write where nothing came of what they both waited for.
        let is_later = |kept: &Arc<Shelved>| kept.begun < shelved.begun;
        if place.kept.as_ref().is_none_or(is_later) {
            place.kept = Some(Arc::new(shelved));
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut place = self.place.lock();
        if place
            .written
            .as_ref()
            .is_some_and(|written| written.begun == self.begun)
        {
            place.written = None;
        }
    }
}

impl Shelved {
    /// As it was given.
    pub fn answer(&self) -> Response {
        (self.headers.clone(), self.body.clone()).into_response()
    }
}

impl<K> Clone for Shelf<K> {
    fn clone(&self) -> Self {
        Shelf(self.0.clone())
    }
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Shelf(Arc::new(Inner {
            places: RwLock::default(),
            turns: AtomicU64::default(),
        }))
    }
}

/// Who gets a greater number sees all that was seen by those with a smaller one.
fn next(turns: &AtomicU64) -> u64 {
    turns.fetch_add(1, Ordering::AcqRel) + 1
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<F: Future>(future: F) -> Option<F::Output> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    fn to_write(asked: &Asked<'_>) -> Writing {
        match now(asked.turn()) {
            Some(Turn::Write(writing)) => writing,
            other => panic!("{other:?}"),
        }
    }

    fn write(writing: Writing, text: &'static str) {
        let kept = now(writing.keep(None, text.into_response()));
        kept.unwrap().unwrap();
    }

    fn read(turn: Option<Turn>) -> Bytes {
        match turn {
            Some(Turn::Kept(kept)) => kept.body.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_who_asked_before_an_answer_was_begun_are_given_it() {
        let shelf = Shelf::default();
        let first = shelf.ask("a");
        let begun = to_write(&first);
        let others = [shelf.ask("a"), shelf.ask("a"), shelf.ask("a")];
        let mut waiting = others.each_ref().map(|asked| Box::pin(asked.turn()));
        assert!(waiting.iter_mut().all(|turn| now(turn.as_mut()).is_none()));
        write(begun, "of before");
        // One of them writes, and the others wait for that.
        let second = to_write(&others[0]);
        let [_, one, two] = &mut waiting;
        assert!(now(one.as_mut()).is_none() && now(two.as_mut()).is_none());
        write(second, "of now");
        assert_eq!(read(now(one.as_mut())), "of now");
        assert_eq!(read(now(two.as_mut())), "of now");
    }

    #[test]
    fn nobody_is_given_what_was_begun_before_they_asked() {
        let shelf = Shelf::default();
        let first = shelf.ask("a");
        let begun = to_write(&first);
        let second = shelf.ask("a");
        write(begun, "of before");
        assert_eq!(second.kept().unwrap().body, "of before");
        write(to_write(&second), "of now");
        write(to_write(&shelf.ask("a")), "of later");
    }

    #[test]
    fn of_those_who_waited_for_nothing_one_writes_and_all_once_that_is_in_vain_too() {
        let shelf = Shelf::default();
        let first = shelf.ask("a");
        let begun = to_write(&first);
        let others = [shelf.ask("a"), shelf.ask("a"), shelf.ask("a")];
        let mut waiting = others.each_ref().map(|asked| Box::pin(asked.turn()));
        assert!(waiting.iter_mut().all(|turn| now(turn.as_mut()).is_none()));
        drop(begun);
        let [one, two, three] = waiting.each_mut();
        let Some(Turn::Write(again)) = now(one.as_mut()) else {
            panic!("nobody writes");
        };
        assert!(now(two.as_mut()).is_none() && now(three.as_mut()).is_none());
        drop(again);
        let turns = [two, three].map(|turn| now(turn.as_mut()));
        let [Some(Turn::Write(one)), Some(Turn::Write(two))] = turns else {
            panic!("{turns:?}");
        };
        // The later one's is kept, whichever is done first.
        write(two, "of later");
        write(one, "of before");
        assert_eq!(shelf.ask("a").kept().unwrap().body, "of later");
    }

    #[test]
    fn what_is_found_to_be_unchanged_counts_from_when_it_was_looked_at() {
        let shelf = Shelf::default();
        write(to_write(&shelf.ask("a")), "it");
        let first = shelf.ask("a");
        let second = shelf.ask("a");
        let looking = to_write(&first);
        let kept = looking.kept().unwrap();
        looking.keep_on(&kept);
        assert_eq!(read(now(second.turn())), "it");
    }

    #[test]
    fn other_answers_are_others() {
        let shelf = Shelf::default();
        let first = shelf.ask("a");
        let _begun = to_write(&first);
        write(to_write(&shelf.ask("b")), "b");
        assert!(shelf.ask("a").kept().is_none());
    }

    #[test]
    fn of_any_number_of_answers_a_few_are_kept() {
        let shelf = Shelf::default();
        for key in 0..10 * MOST {
            write(to_write(&shelf.ask(key)), "it");
            assert!(shelf.0.places.read().len() <= MOST);
        }
    }
}
