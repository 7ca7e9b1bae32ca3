//! No answer leaves before the disk has what it tells of: seen from outside, in the system calls
//! of a process that writes.
//!
//! The tests named `child_…` are those processes. Each body announces itself on stderr when it
//! runs, and each answer when it leaves.

use std::collections::{HashMap, HashSet};
use std::env;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::future::join_all;
use tessera_platform::db::{DbError, Durability};

use crate::scratch::{Scratch, hold, note, queued, within};

fn announce(what: &str, id: i64) {
    // One write, so that it is one line of the trace.
    let line = format!("{what} {id}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Writes a note, or, for every fifth, refuses to.
async fn announced(scratch: Arc<Scratch>, id: i64) {
    let write = scratch.db.write(id, |tx, id| {
        announce("body", *id);
        Box::pin(async move {
            note(tx, *id).await?;
            if id % 5 == 4 {
                Err(DbError::Busy)
            } else {
                Ok(())
            }
        })
    });
    let _either = write.await;
    announce("answer", id);
}

#[tokio::test]
#[ignore = "run under strace by the tests below"]
async fn child_writes_one_by_one() {
    let scratch = Arc::new(Scratch::new());
    for id in [0, 1, 2, 3] {
        announced(scratch.clone(), id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run under strace by the tests below"]
async fn child_writes_in_groups() {
    let scratch = Arc::new(Scratch::new());
    for round in 0..4 {
        let held = hold(&scratch.db).await;
        let writes: Vec<_> = (round * 200..round * 200 + 200)
            .map(|id| tokio::spawn(queued(announced(scratch.clone(), id))))
            .collect();
        held.open();
        within(join_all(writes)).await;
    }
}

#[tokio::test]
#[ignore = "run under strace by the tests below"]
async fn child_writes_without_syncs() {
    write_with("OFF").await;
}

#[tokio::test]
#[ignore = "run under strace by the tests below"]
async fn child_writes_with_syncs_now_and_then() {
    write_with("NORMAL").await;
}

/// Writes with the writer's durability broken from within.
async fn write_with(synchronous: &str) {
    let scratch = Arc::new(Scratch::new());
    let pragma = format!("PRAGMA synchronous = {synchronous}");
    let broken = scratch.db.write(pragma, |tx, pragma| {
        Box::pin(async move {
            // The setting cannot be changed inside of a transaction.
            tx.execute("COMMIT", &[]).await?;
            tx.execute(pragma, &[]).await
        })
    });
    within(broken).await.unwrap_err();
    assert_ne!(
        scratch.db.durability().await.unwrap(),
        Durability::Sqlite {
            synchronous: 2,
            journal_mode: "wal".to_owned()
        }
    );
    for id in [0, 1, 2, 3] {
        announced(scratch.clone(), id).await;
    }
}

/// What a trace shows of a child.
#[derive(Debug, Default)]
struct Seen {
    answers: usize,
    /// Answers that left before their changes, or those that they rest on, were on the disk.
    early: Vec<i64>,
}

/// Runs a child under strace.
fn trace(child: &str) -> Seen {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("trace");
    let strace = Command::new("strace")
        .args(["-f", "-y", "-e"])
        .arg("trace=write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync")
        .arg("-o")
        .arg(&log)
        .arg(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1"])
        .arg(format!("durability_strace::{child}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match strace {
        Ok(status) => assert!(status.success(), "{child} ended with {status}"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!(
                "strace is not installed: `cargo xtask test` installs it, or apt-get install strace"
            )
        }
        Err(error) => panic!("strace: {error}"),
    }
    let mut judge = Judge::default();
    fs::read_to_string(&log)
        .unwrap()
        .lines()
        .for_each(|line| judge.read(line));
    judge.seen
}

/// Follows a trace line by line.
#[derive(Default)]
struct Judge {
    /// The thread that bodies run on.
    writer: Option<String>,
    groups: Vec<Group>,
    group_of: HashMap<i64, usize>,
    /// Threads whose sync of the log has begun.
    syncing: HashSet<String>,
    seen: Seen,
}

/// Bodies that ran after each other, before anything was written: they share what follows.
#[derive(Default)]
struct Group {
    written: bool,
    unsynced: bool,
}

impl Judge {
    fn read(&mut self, line: &str) {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        let (name, args) = call.split_once('(').unwrap_or((call, ""));
        let on_log = args
            .split(',')
            .next()
            .is_some_and(|file| file.contains("-wal>"));
        let is_sync = matches!(name, "fsync" | "fdatasync") && on_log;
        if is_sync && call.ends_with("<unfinished ...>") {
            self.syncing.insert(thread.to_owned());
        } else if is_sync || call.contains("sync resumed>") && self.syncing.remove(thread) {
            self.synced(thread, call);
        } else if on_log {
            self.written();
        } else if let Some(id) = announced_in(args, "body") {
            self.body(thread, id);
        } else if let Some(id) = announced_in(args, "answer") {
            self.answer(id);
        }
    }

    fn body(&mut self, thread: &str, id: i64) {
        let writer = self.writer.get_or_insert_with(|| thread.to_owned());
        assert_eq!(writer, thread, "there is one writer");
        if self.groups.last().is_none_or(|group| group.written) {
            self.groups.push(Group::default());
        }
        self.group_of.insert(id, self.groups.len() - 1);
    }

    fn written(&mut self) {
        if let Some(group) = self.groups.last_mut() {
            group.written = true;
            group.unsynced = true;
        }
    }

    /// Only the writer's own sync is the one that it waits for. The thread that moves the log into the
    /// database file syncs the log, too, whenever it happens to be at it.
    fn synced(&mut self, thread: &str, call: &str) {
        assert!(call.ends_with("= 0"), "{call}");
        if self.writer.as_deref() != Some(thread) {
            return;
        }
        if let Some(group) = self.groups.last_mut() {
            group.unsynced = false;
        }
    }

    fn answer(&mut self, id: i64) {
        let group = &self.groups[self.group_of[&id]];
        self.seen.answers += 1;
        if !group.written || group.unsynced {
            self.seen.early.push(id);
        }
    }
}

/// The id in `2</dev/null>, "body 7\n", 7) = 7`.
fn announced_in(args: &str, what: &str) -> Option<i64> {
    let (_, text) = args.split_once(&format!("\"{what} "))?;
    text.split_once("\\n\"")?.0.parse().ok()
}

#[test]
fn the_answer_to_a_write_leaves_after_its_sync() {
    let seen = trace("child_writes_one_by_one");
    assert_eq!((seen.answers, seen.early), (4, vec![]));
}

#[test]
fn the_answers_to_a_group_refusals_too_leave_after_its_sync() {
    let seen = trace("child_writes_in_groups");
    assert_eq!((seen.answers, seen.early), (800, vec![]));
}

#[test]
fn an_answer_without_a_sync_would_be_seen() {
    for child in [
        "child_writes_without_syncs",
        "child_writes_with_syncs_now_and_then",
    ] {
        assert_eq!(trace(child).early, [0, 1, 2, 3], "{child}");
    }
}

/// What is seen of the write and the answer of one body, in a trace with these calls in between.
fn judged(between: &[&str]) -> (usize, Vec<i64>) {
    let mut judge = Judge::default();
    let before = [
        "1 write(2</dev/null>, \"body 1\\n\", 7) = 7",
        "1 pwrite64(7</tmp/a.db-wal>, \"x\"..., 24, 0) = 24",
    ];
    for line in before.iter().chain(between) {
        judge.read(line);
    }
    judge.read("2 write(2</dev/null>, \"answer 1\\n\", 9) = 9");
    (judge.seen.answers, judge.seen.early)
}

#[test]
fn an_answer_between_a_write_and_its_sync_would_be_seen() {
    let begun = "1 fdatasync(7</tmp/a.db-wal> <unfinished ...>";
    let done = "1 <... fdatasync resumed>) = 0";
    assert_eq!(judged(&[begun]), (1, vec![1]));
    assert_eq!(judged(&[begun, done]), (1, vec![]));
}

#[test]
fn the_sync_of_another_thread_does_not_count_as_the_writer_s() {
    let at_once = "3 fdatasync(9</tmp/a.db-wal>) = 0";
    let begun = "3 fdatasync(9</tmp/a.db-wal> <unfinished ...>";
    let done = "3 <... fdatasync resumed>) = 0";
    assert_eq!(judged(&[at_once]), (1, vec![1]));
    assert_eq!(judged(&[begun, done]), (1, vec![1]));
    let own = "1 fdatasync(7</tmp/a.db-wal>) = 0";
    assert_eq!(judged(&[begun, own, done]), (1, vec![]));
}
