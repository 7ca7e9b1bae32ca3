//! Everybody who might ask × every operation × whose thing it is asked for: each cell is answered as the policy says,
//! refusals tell nothing of what is behind them, and nothing is done where somebody was refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::broken::assert_none;
use crate::callers::{self, Caller, Counts};
use crate::operations;
use crate::policy::{Leaves, Line, POLICY, Rule, Whose, expected};
use crate::scene::{PEOPLE, Person, Scene};
use crate::wire::{Asked, Headers, Seen};
use crate::writes::ABSENT;

/// How much of the matrix is walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Whole,
    /// No token twice, and who is nobody asks for the victim's things and for what is not there: what stands between a
    /// socket and the handlers is the same for all.
    Part,
}

struct Cell<'a> {
    line: &'a Line,
    caller: &'a Caller,
    whose: Whose,
}

#[test]
fn every_operation_has_a_line_in_the_policy() {
    let lines: BTreeSet<String> = POLICY
        .iter()
        .map(|line| line.operation.to_owned())
        .collect();
    let described = operations::described();
    assert_none(&operations::compare("the policy", &described, &lines));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_as_the_policy_says() {
    let scene = Box::pin(Scene::inside()).await;
    Box::pin(judge(scene, Depth::Whole)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_so_by_the_real_program() {
    let scene = Box::pin(Scene::outside()).await;
    Box::pin(judge(scene, Depth::Part)).await;
}

async fn judge(mut scene: Scene, depth: Depth) {
    let mut callers = callers::all(&mut scene).await;
    callers.retain(|caller| depth == Depth::Whole || !caller.is_again);
    let all = cells(&callers, depth);
    let (used_up, asked): (Vec<&Cell>, Vec<&Cell>) = all.iter().partition(|cell| cell.changes());

    let before = scene.read_back().await;
    let requests: Vec<Asked> = asked
        .iter()
        .map(|cell| cell.asked(cell.id(&scene), &cell.caller.headers))
        .collect();
    let seen = scene.wire.send_all(&requests).await;
    let mut broken = Vec::new();
    for (cell, seen) in asked.iter().zip(&seen) {
        broken.extend(cell.judged(seen));
        broken.extend(cell.told_of_others(seen, &scene));
    }
    broken.extend(tell_tales(&asked, &seen));
    assert_none(&broken);
    assert_eq!(
        before,
        scene.read_back().await,
        "somebody was refused, and yet something was done"
    );

    for cell in &used_up {
        broken.extend(cell.use_up(&scene).await);
    }
    assert_none(&broken);
    let refused = asked.iter().filter(|cell| cell.expected() >= 400).count();
    println!(
        "authorization: {} cells ({} operations, {} callers), {refused} of them refused",
        all.len(),
        operations::described().len(),
        callers.len(),
    );
}

fn cells(callers: &[Caller], depth: Depth) -> Vec<Cell<'_>> {
    let mut all = Vec::new();
    for line in POLICY {
        for caller in callers {
            let whose = whose(line, caller, depth).into_iter();
            let cells = whose.map(|whose| Cell {
                line,
                caller,
                whose,
            });
            all.extend(cells.filter(|cell| !cell.is_left_out(depth)));
        }
    }
    all
}

fn whose(line: &Line, caller: &Caller, depth: Depth) -> Vec<Whose> {
    const VICTIM: Whose = Whose::Of(Person::Grace);
    if line.thing().is_none() {
        return vec![Whose::Nothing];
    }
    match depth {
        Depth::Whole if caller.is_again => vec![VICTIM],
        Depth::Part if caller.person().is_none() => vec![VICTIM, Whose::Absent],
        _ => {
            let people = PEOPLE.map(Whose::Of).into_iter();
            people.chain([Whose::Absent, Whose::Malformed]).collect()
        }
    }
}

impl Cell<'_> {
    fn expected(&self) -> u16 {
        expected(self.line, self.caller.person(), self.whose)
    }

    /// Whether something is different afterwards, if all is as it should be.
    fn changes(&self) -> bool {
        let is_renewed = matches!(self.caller.counts, Counts::AsRecognised(..));
        match self.line.rule {
            Rule::SaysWho => is_renewed,
            Rule::EndsSession => self.caller.recognised().is_some(),
            _ => self.line.leaves != Leaves::Nothing && self.expected() < 400,
        }
    }

    /// What is used up is made anew for every cell, which takes its time.
    fn is_left_out(&self, depth: Depth) -> bool {
        let is_short = match self.line.rule {
            Rule::SaysWho | Rule::EndsSession => true,
            _ => self.line.operation == "POST /api/tickets",
        };
        let is_enough = match depth {
            Depth::Whole => !self.caller.is_again,
            Depth::Part => self.caller.person() == Some(Person::Grace),
        };
        self.changes() && !is_short && !is_enough
    }

    /// The request for the thing of this id, by somebody who sends these headers.
    fn asked(&self, id: &str, headers: &Headers) -> Asked {
        let Line {
            operation,
            query,
            body,
            ..
        } = self.line;
        let asked = Asked::new(&format!("{operation}{query}").replace("{id}", id));
        let asked = if body.is_empty() {
            asked
        } else {
            asked.json(body.replace("{id}", id))
        };
        asked.with(headers)
    }

    fn id<'s>(&self, scene: &'s Scene) -> &'s str {
        match (self.whose, self.line.thing()) {
            (Whose::Of(owner), Some(thing)) => scene.id(thing, owner),
            (Whose::Absent, _) => ABSENT,
            _ => "no-id",
        }
    }

    fn judged(&self, seen: &Seen) -> Option<String> {
        let expected = self.expected();
        if seen.status != expected {
            return Some(format!(
                "{self}: {} {}, and not {expected}",
                seen.status, seen.body
            ));
        }
        let Rule::SaysWho = self.line.rule else {
            return None;
        };
        let email = self
            .caller
            .recognised()
            .map(|person| format!("{person:?}@example.com"));
        let said = seen.json()["currentUser"]["email"]
            .as_str()
            .map(str::to_owned);
        (said != email).then(|| format!("{self}: {said:?}, and not {email:?}"))
    }

    /// What the answer tells of people who did not ask.
    fn told_of_others(&self, seen: &Seen, scene: &Scene) -> Option<String> {
        let others = PEOPLE
            .into_iter()
            .filter(|person| self.caller.recognised() != Some(*person));
        let mut private = others.flat_map(|person| scene.private(person));
        let told = private.find(|text| seen.body.contains(text))?;
        Some(format!("{self}: tells {told}, which is another's"))
    }

    /// Those who are refused alike must be told alike: of what they asked for they learn nothing but what the status says.
    fn kind_of_refusal(&self, position: usize) -> Option<(usize, u16, String)> {
        let expected = self.expected();
        let of = match (expected, self.whose) {
            (..=399, _) => return None,
            (401, _) => format!("by {:?}", self.caller.person().map(|_| "somebody")),
            (_, Whose::Of(_)) => "of a thing".to_owned(),
            (_, whose) => format!("{whose:?}"),
        };
        Some((position, expected, of))
    }

    /// Does it to a thing, or with an account, that is made for it.
    async fn use_up(&self, scene: &Scene) -> Option<String> {
        let fresh = match (self.line.thing(), self.whose) {
            (Some(thing), Whose::Of(owner)) => scene.fresh(thing, owner).await,
            _ => String::new(),
        };
        if self.line.leaves != Leaves::AnotherAccount {
            let seen = scene
                .wire
                .send(&self.asked(&fresh, &self.caller.headers))
                .await;
            scene.settle().await;
            return self.judged(&seen);
        }
        let account = scene.newcomer().await;
        let headers = match &self.caller.counts {
            Counts::As(_, carrier) => carrier.headers(&account.token),
            Counts::AsRecognised(_, claims) => {
                let forge = callers::forge(scene, &account.token).await;
                callers::Carrier::Bearer.headers(&forge.claiming(claims))
            }
            Counts::Nobody => return Some(format!("{self}: changes something")),
        };
        let seen = scene.wire.send(&self.asked("", &headers)).await;
        if matches!(self.line.rule, Rule::EndsSession) {
            scene.until_dead(&account.token).await;
        }
        self.judged(&seen)
    }
}

/// The refusals by which one thing can be told from another.
fn tell_tales(cells: &[&Cell<'_>], seen: &[Seen]) -> Vec<String> {
    let mut first: BTreeMap<(usize, u16, String), (String, String)> = BTreeMap::new();
    let mut broken = Vec::new();
    for (cell, seen) in cells.iter().zip(seen) {
        let position = POLICY
            .iter()
            .position(|line| std::ptr::eq(line, cell.line))
            .unwrap_or(0);
        let Some(kind) = cell.kind_of_refusal(position) else {
            continue;
        };
        let told = seen.told();
        let (who, before) = first
            .entry(kind)
            .or_insert_with(|| (cell.to_string(), told.clone()));
        if *before != told {
            broken.push(format!("{cell} is told\n{told}\n    and {who}\n{before}"));
        }
    }
    broken
}

impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Line {
            operation, query, ..
        } = self.line;
        write!(
            f,
            "{operation}{query} [{:?}] by {}",
            self.whose, self.caller.name
        )
    }
}
