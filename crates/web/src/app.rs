//! What all pages share.

use std::ops::Deref;
use std::sync::Arc;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::ids::Ids;
use tessera_platform::service::Surroundings;

use crate::api::Api;
use crate::live::Hub;
use crate::shelf::Pages;

/// The state of the pages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    /// The services.
    pub(crate) api: Api,
    /// What passes between them.
    pub(crate) hub: Hub,
    /// Pages that were written already.
    pub(crate) shelf: Pages,
    /// The time.
    pub(crate) clock: Clock,
    /// Ids and randomness.
    pub(crate) ids: Ids,
    /// The settings of the process.
    pub(crate) settings: Arc<Settings>,
}

impl App {
    pub(crate) fn new(api: Api, hub: Hub, around: &Surroundings<'_>) -> App {
        App(Arc::new(Inner {
            api,
            hub,
            shelf: Pages::default(),
            clock: around.clock.clone(),
            ids: around.ids.clone(),
            settings: around.settings.clone(),
        }))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
