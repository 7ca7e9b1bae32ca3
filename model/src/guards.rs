//! The guards of the protocol, each of which can be taken out of the model.
//!
//! A model that cannot fail proves nothing: without any one of these, the checker has to find a history
//! that breaks an invariant (`tests/mutants.rs`).

/// Which guards are in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// The unique index `orders_one_live` lets one live order of a ticket pass.
    pub one_live_order: bool,
    /// A ticket is taken back only from the order that holds it.
    pub release_by_holder: bool,
    /// An order completes only from `awaiting:payment`.
    pub complete_from_awaiting: bool,
    /// A lock is given only if the listing was not edited after the version that the buyer saw.
    pub lock_if_unedited: bool,
    /// A listing is edited only while it is free.
    pub edit_while_free: bool,
    /// Money is taken only once the order is complete.
    pub capture_when_complete: bool,
    /// What is held is released when its order ends.
    pub void_on_end: bool,
    /// An authorization that is answered after the end of its order is released at once.
    pub void_late_answer: bool,
    /// What the gateway is to be asked is recorded first, so that a worker asks what a request forgot.
    pub intent_first: bool,
    /// A unique index lets one attempt of an order be under way or done.
    pub one_live_payment: bool,
    /// An inbox row lets each event have its effect once.
    pub inbox: bool,
    /// A service remembers the highest version of what it follows, and passes over what is older.
    pub newest_counts: bool,
    /// An order that ends waits for its ticket no longer.
    pub end_stops_waiting: bool,
    /// Orders judges by its own clock whether a lock is over.
    pub own_clock: bool,
    /// A nudge that comes too early is put off, and not dropped.
    pub put_off: bool,
}

impl Guards {
    /// All of them: the protocol as it is.
    pub const ALL: Guards = Guards {
        one_live_order: true,
        release_by_holder: true,
        complete_from_awaiting: true,
        lock_if_unedited: true,
        edit_while_free: true,
        capture_when_complete: true,
        void_on_end: true,
        void_late_answer: true,
        intent_first: true,
        one_live_payment: true,
        inbox: true,
        newest_counts: true,
        end_stops_waiting: true,
        own_clock: true,
        put_off: true,
    };
}
