//! Where the demo plays: what is shown, the time, randomness, and the step that is being walked,
//! so that an error can name it.

use tessera_platform::clock::Clock;
use tessera_platform::ids::Ids;

use super::show::Show;

pub struct Stage {
    pub show: Show,
    pub clock: Clock,
    pub ids: Ids,
    step: String,
    steps: u32,
}

impl Stage {
    pub fn new(show: Show, clock: Clock, ids: Ids) -> Stage {
        Stage {
            show,
            clock,
            ids,
            step: "getting ready".to_owned(),
            steps: 0,
        }
    }

    /// A new chapter, whose first step is `step`; that one is named in an error, and not shown.
    pub fn chapter(&mut self, title: &str, step: &str) {
        self.show.chapter(title);
        step.clone_into(&mut self.step);
    }

    /// The next step of the walk.
    pub fn step(&mut self, text: &str) {
        self.steps += 1;
        self.show.step(self.steps, text);
        text.clone_into(&mut self.step);
    }

    /// The step that is being walked.
    pub fn current(&self) -> &str {
        &self.step
    }
}
