//! A run: everything there is, and the one who draws what happens next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tessera_payments::gateway::test_gateway::TestGateway;
use tessera_platform::bus::Bus;
use tessera_platform::db::Db;
use tessera_platform::ids::Ids;

use crate::bank::Bank;
use crate::errands::Answers;
use crate::net::Net;
use crate::operator::Operator;
use crate::people::People;
use crate::plan::Plan;
use crate::process::{self, Process};
use crate::stream::Stream;
use crate::tasks::{Owner, Tasks};
use crate::time::Time;
use crate::trace::Trace;
use crate::twins::Twins;
use crate::watch::Watch;
use crate::wish::Wish;
use crate::{ending, services};

/// Of how long it takes until something happens, in milliseconds.
const SPANS: [i64; 12] = [1, 1, 5, 5, 20, 20, 50, 100, 200, 400, 1_000, 6_000];
/// People who want something at the same time.
const AT_ONCE: usize = 6;
/// Steps between two looks at the invariants.
const BETWEEN_LOOKS: u64 = 25;
/// And between two at the copies, which stay wrong for longer.
const BETWEEN_LOOKS_AT_COPIES: u64 = 100;
/// A run that takes longer has got stuck.
const MOST_STEPS: u64 = 60_000;

/// Everything there is.
pub struct World {
    pub(crate) chance: StdRng,
    pub(crate) plan: Plan,
    pub(crate) time: Time,
    pub(crate) tasks: Tasks,
    pub(crate) processes: Vec<Process>,
    pub(crate) stream: Option<Arc<Stream>>,
    pub(crate) bank: Arc<Bank>,
    book: Db,
    operator: Operator,
    pub(crate) people: People,
    pub(crate) net: Net,
    pub(crate) answers: Answers,
    pub(crate) twins: Twins,
    pub(crate) watch: Watch,
    pub(crate) trace: Trace,
    pub(crate) folder: PathBuf,
    wishes: u32,
    /// For how many steps the chance of a fault is still there after the last wish.
    rest: u64,
    /// Processes that died by chance: not those that end with the run.
    pub(crate) crashes: u32,
}

/// Something that can happen next.
enum Choice {
    /// A task goes on.
    Step(usize),
    /// A writer commits what waits for it, or a part of that.
    Commit(Place),
    /// The stream brings a service something.
    Deliver(&'static str),
}

/// Whose database.
#[derive(Clone, Copy)]
enum Place {
    Book,
    Operator,
    Of(usize, &'static str),
}

impl World {
    /// Begins a run in `folder`, in which the files are.
    pub(crate) async fn begin(seed: u64, folder: &Path, trace: Trace) -> Result<World, String> {
        let mut chance = StdRng::seed_from_u64(seed);
        let plan = Plan::draw(&mut chance);
        let mut time = Time::start();
        let (bank, book) = open_bank(chance.random(), &plan, folder, &mut time).await?;
        bank.install();
        let names: Vec<&str> = services::all().iter().map(|service| service.name).collect();
        let stream = Stream::new(chance.random(), &plan, &names);
        let processes = processes(folder, &plan, &mut time, &mut chance);
        let net = Net::default();
        let home = process_folder(folder, plan.is_together, "payments");
        let operator = Operator::begin(&home, &mut time, plan.skew, &mut chance).await?;
        let (now, keys) = (time.now(), process::keys()?);
        let people = People::new(
            plan.buyers,
            net.clone(),
            operator.clone(),
            &keys,
            (now, &mut chance),
        )?;
        let mut world = World {
            stream: (!plan.is_together).then(|| Arc::new(stream)),
            tasks: Tasks::default(),
            watch: Watch::open(
                files(folder, plan.is_together)
                    .iter()
                    .map(|(name, path)| (*name, path.as_path())),
            )?,
            wishes: plan.wishes,
            rest: 400,
            folder: folder.to_owned(),
            crashes: 0,
            chance,
            plan,
            time,
            processes,
            bank,
            book,
            operator,
            people,
            net,
            answers: Answers::default(),
            twins: Twins::default(),
            trace,
        };
        world.trace.tell(format_args!("{:?}", world.plan));
        for number in 0..world.processes.len() {
            world.start(number).await?;
        }
        Ok(world)
    }

    /// Lets everything happen that people want, and what goes wrong meanwhile.
    pub(crate) async fn live(&mut self) -> Result<(), String> {
        while self.wishes > 0 || self.tasks.count_of(Owner::World) > 0 || self.rest > 0 {
            self.turn().await?;
            if self.wishes == 0 {
                self.rest = self.rest.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// One step, and what goes wrong besides.
    pub(crate) async fn turn(&mut self) -> Result<(), String> {
        if self.trace.steps() > MOST_STEPS {
            return Err("it does not come to an end".to_owned());
        }
        self.go_wrong().await?;
        self.run_errands()?;
        self.want();
        for late in self.bank.take_late() {
            self.tasks
                .add(Owner::World, "the gateway, late".to_owned(), late);
        }
        let is_hasty = self.chance.random_range(0..100) < self.plan.haste;
        match self.choose() {
            Some(choice) if !is_hasty => self.take(choice),
            _ => self.pass().await?,
        }
        self.judge_answers()?;
        if self.trace.steps().is_multiple_of(BETWEEN_LOOKS) {
            self.watch.look()?;
        }
        if self.trace.steps().is_multiple_of(BETWEEN_LOOKS_AT_COPIES) {
            self.watch.look_at_copies()?;
        }
        let complaint = self.people.memory().lock().complaint.clone();
        complaint.map_or(Ok(()), Err)
    }

    /// Whether nothing can happen at this moment.
    pub(crate) fn is_idle(&self) -> bool {
        self.choices().is_empty()
    }

    fn choices(&self) -> Vec<Choice> {
        let mut choices: Vec<Choice> = self.tasks.ready().map(Choice::Step).collect();
        for (number, process) in self.processes.iter().enumerate() {
            let busy = process.databases().filter(|(_, db)| db.has_work());
            choices.extend(busy.map(|(name, _)| Choice::Commit(Place::Of(number, name))));
        }
        if self.book.has_work() {
            choices.push(Choice::Commit(Place::Book));
        }
        if self.operator.db().has_work() {
            choices.push(Choice::Commit(Place::Operator));
        }
        if let Some(stream) = &self.stream {
            choices.extend(stream.waited_for().into_iter().map(Choice::Deliver));
        }
        choices
    }

    fn choose(&mut self) -> Option<Choice> {
        let mut choices = self.choices();
        if choices.is_empty() {
            return None;
        }
        let place = self.chance.random_range(0..choices.len());
        Some(choices.swap_remove(place))
    }

    fn take(&mut self, choice: Choice) {
        match choice {
            Choice::Step(place) => {
                if let Some(name) = self.tasks.step(place) {
                    self.trace.step(format_args!("{name}"));
                }
            }
            Choice::Commit(place) => self.commit(place),
            Choice::Deliver(service) => self.deliver(service),
        }
    }

    fn commit(&mut self, place: Place) {
        let bound = self.chance.random_range(1..=self.plan.group);
        let (name, db) = match place {
            Place::Book => ("the gateway", Some(&self.book)),
            Place::Operator => ("the operator", Some(self.operator.db())),
            Place::Of(number, name) => {
                let process = self.processes.get(number);
                let mut databases = process.into_iter().flat_map(Process::databases);
                (
                    name,
                    databases
                        .find(|(known, _)| *known == name)
                        .map(|(_, db)| db),
                )
            }
        };
        let count = db.map_or(0, |db| db.commit_by_hand(bound));
        self.trace.step(format_args!("{name} commits {count}"));
    }

    fn deliver(&mut self, service: &'static str) {
        let Some(stream) = &self.stream else {
            return;
        };
        let owner = self.processes.iter().find(|process| process.has(service));
        let (Some(delivery), Some(process)) = (stream.send(service), owner) else {
            return;
        };
        let name = format!("{} events for {service}", delivery.count());
        self.trace.step(format_args!("{name}"));
        let arriving = delivery.arrive(stream.clone());
        self.tasks.add(process.owner(), name, Box::pin(arriving));
    }

    async fn pass(&mut self) -> Result<(), String> {
        for number in 0..self.processes.len() {
            let is_down = self
                .processes
                .get(number)
                .is_some_and(|process| !process.is_running());
            if is_down && self.chance.random_bool(0.5) {
                self.start(number).await?;
            }
        }
        let span = SPANS.choose(&mut self.chance).copied().unwrap_or(1);
        self.trace.step(format_args!("{span} ms pass"));
        self.time.pass(SignedDuration::from_millis(span)).await;
        Ok(())
    }

    /// Starts a process that does not run.
    pub(crate) async fn start(&mut self, number: usize) -> Result<(), String> {
        let skew = self.chance.random_range(-self.plan.skew..=self.plan.skew);
        let Some(process) = self.processes.get_mut(number) else {
            return Ok(());
        };
        let bus = self.stream.clone().map(|stream| Bus::Carried(stream));
        let skewed = SignedDuration::from_millis(skew);
        process
            .start(bus, &mut self.time, skewed, &mut self.tasks)
            .await?;
        self.trace
            .tell(format_args!("{} starts, {skew} ms ahead", process.name()));
        Ok(())
    }

    /// Ends a process where it is. Answers whether it ran.
    fn kill(&mut self, number: usize) -> bool {
        let Some(process) = self.processes.get_mut(number).filter(|it| it.is_running()) else {
            return false;
        };
        process.kill(&mut self.tasks);
        self.trace.tell(format_args!("{} dies", process.name()));
        if let Some(stream) = &self.stream {
            stream.left(&process.name());
        }
        true
    }

    async fn go_wrong(&mut self) -> Result<(), String> {
        if self.chance.random_range(0..1_000) < self.plan.crashes {
            let number = self.chance.random_range(0..self.processes.len());
            self.crashes += u32::from(self.kill(number));
        }
        if self.chance.random_range(0..1_000) < self.plan.hang_ups {
            let requests = self.tasks.requests();
            if let Some(name) = requests
                .choose(&mut self.chance)
                .and_then(|place| self.tasks.drop_at(*place))
            {
                self.trace.tell(format_args!("somebody hangs up: {name}"));
            }
        }
        if self.chance.random_range(0..1_000) < self.plan.rollbacks
            && let Some(stream) = &self.stream
        {
            let count = stream.roll_back();
            self.trace
                .tell(format_args!("the stream loses {count} messages"));
        }
        for number in 0..self.processes.len() {
            let is_down = self
                .processes
                .get(number)
                .is_some_and(|process| !process.is_running());
            if is_down && self.chance.random_range(0..200) == 0 {
                self.start(number).await?;
            }
        }
        Ok(())
    }

    fn want(&mut self) {
        if self.wishes == 0
            || self.tasks.count_of(Owner::World) >= AT_ONCE
            || self.chance.random_range(0..20) > 0
        {
            return;
        }
        self.wishes -= 1;
        let wish = self.people.wish(&mut self.chance);
        self.begin_wish(wish);
    }

    /// Lets somebody do what they want.
    pub(crate) fn begin_wish(&mut self, wish: Wish) {
        self.trace.tell(format_args!("{}", wish.words));
        let name = wish.words.clone();
        self.tasks
            .add(Owner::World, name, Box::pin(self.people.fulfil(wish)));
    }

    /// How many wishes are not fulfilled yet.
    pub(crate) fn open_wishes(&self) -> usize {
        self.tasks.count_of(Owner::World)
    }

    /// Nothing goes wrong any more, and everybody is there.
    pub(crate) async fn calm(&mut self) -> Result<(), String> {
        self.plan.calm();
        self.bank.calm();
        if let Some(stream) = &self.stream {
            stream.calm();
        }
        self.trace
            .tell(format_args!("from here on nothing goes wrong"));
        for number in 0..self.processes.len() {
            self.kill(number);
            self.start(number).await?;
        }
        Ok(())
    }

    /// Ends all processes, so that nobody has the files.
    pub(crate) fn close(&mut self) {
        for number in 0..self.processes.len() {
            self.kill(number);
        }
        Bank::leave();
    }
}

async fn open_bank(
    seed: u64,
    plan: &Plan,
    folder: &Path,
    time: &mut Time,
) -> Result<(Arc<Bank>, Db), String> {
    let (clock, _) = time.clock();
    let ids = Ids::seeded(seed, clock.clone());
    let place = process::settings(&ending::bank_folder(folder)).place();
    let opened = TestGateway::open(&place, &clock, &ids).await;
    let gateway = opened.map_err(|error| format!("the gateway does not open: {error}"))?;
    let book = tessera_payments::testing::book(&gateway).clone();
    Ok((Arc::new(Bank::new(seed, plan, gateway)), book))
}

fn processes(folder: &Path, plan: &Plan, time: &mut Time, chance: &mut StdRng) -> Vec<Process> {
    let definitions = services::all();
    let groups: Vec<Vec<_>> = match plan.is_together {
        true => vec![definitions],
        false => definitions
            .into_iter()
            .map(|service| vec![service])
            .collect(),
    };
    let numbered = groups.into_iter().enumerate();
    numbered
        .map(|(number, group)| {
            let first = group.first().map_or("", |it| it.name);
            let folder = process_folder(folder, plan.is_together, first);
            Process::new(number, group, &folder, time, chance.random())
        })
        .collect()
}

fn process_folder(folder: &Path, is_together: bool, service: &str) -> PathBuf {
    folder.join(if is_together { "all" } else { service })
}

/// Where each database is.
pub(crate) fn files(folder: &Path, is_together: bool) -> Vec<(&'static str, PathBuf)> {
    let services = services::all();
    let of_services = services.iter().map(|service| {
        let file = format!("{}.db", service.name);
        (
            service.name,
            process_folder(folder, is_together, service.name).join(file),
        )
    });
    let book = ending::bank_folder(folder).join("gateway.db");
    of_services.chain([("gateway", book)]).collect()
}
