//! Who hears what, and who is cut off.

use std::net::{IpAddr, Ipv4Addr};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tessera_contracts::events::{Event, EventData};
use tessera_contracts::{OrderId, SessionId, TicketId, UserId};
use tessera_platform::bus::{Bus, Message};
use tessera_platform::clock::{Clock, Hand};
use tessera_platform::worker::Stopper;
use uuid::Uuid;

use super::{Change, Hub, Listener, Topic};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NOON: &str = "2030-01-01T12:00:00Z";

/// A hub that follows a bus.
struct Stage {
    bus: Bus,
    hub: Hub,
    hand: Hand,
    stopper: Stopper,
    follows: tokio::task::JoinHandle<()>,
}

impl Stage {
    fn new() -> Stage {
        let (clock, hand) = Clock::manual(NOON.parse().unwrap());
        let bus = Bus::embedded();
        let hub = Hub::new(bus.clone(), clock);
        let (stopper, stop) = Stopper::new();
        let follows = tokio::spawn({
            let hub = hub.clone();
            async move { hub.follow(stop).await }
        });
        Stage {
            bus,
            hub,
            hand,
            stopper,
            follows,
        }
    }

    fn listen(&self, topics: &[Topic]) -> Listener {
        self.hub.listen(HERE, topics.to_vec(), None).unwrap()
    }

    async fn publish(&self, data: EventData) {
        let message = message(data);
        self.bus.publish(vec![message]).await.unwrap();
    }

    /// Publishes something that an ear of its own hears: what came before it has been handed on by then.
    async fn all_told(&self) {
        let mut ear = self.listen(&[Topic::Ticket(ticket(99))]);
        self.publish(updated(99, 98, "available")).await;
        ear.next().await.unwrap();
    }
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn ticket(number: u128) -> TicketId {
    uuid(number).into()
}

fn order(number: u128) -> OrderId {
    uuid(number).into()
}

fn person(number: u128) -> UserId {
    uuid(number).into()
}

fn message(data: EventData) -> Message {
    let event = Event {
        id: uuid(7).into(),
        source: "/tessera/test".to_owned(),
        time: NOON.parse().unwrap(),
        traceparent: None,
        data,
    };
    Message::new(event.id, event.data.event_type(), event.to_json().into())
}

fn updated(id: u128, seller: u128, status: &str) -> EventData {
    let state = json!({
        "id": uuid(id), "version": 2, "userId": uuid(seller), "title": "Hamlet", "price": "120.00", "currency": "usd",
        "status": status, "createdAt": NOON, "updatedAt": NOON,
    });
    EventData::TicketUpdated(serde_json::from_value(state).unwrap())
}

fn completed(id: u128, buyer: u128) -> EventData {
    let state = json!({
        "id": uuid(id), "version": 3, "status": "complete", "userId": uuid(buyer), "expiresAt": NOON,
        "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
        "ticket": { "id": uuid(1), "version": 1, "userId": uuid(2), "title": "Hamlet", "price": "120.00", "currency": "usd" },
    });
    EventData::OrderCompleted(serde_json::from_value(state).unwrap())
}

fn captured(order: u128) -> EventData {
    let state = json!({
        "id": uuid(50), "version": 3, "orderId": uuid(order), "status": "captured", "amount": "120.00", "currency": "usd",
    });
    EventData::PaymentCaptured(serde_json::from_value(state).unwrap())
}

fn ended(sid: u128) -> EventData {
    let state = json!({ "sid": uuid(sid), "until": NOON });
    EventData::SessionEnded(serde_json::from_value(state).unwrap())
}

/// What has come so far.
fn heard(listener: &mut Listener) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    while let Some(Change { name, data, .. }) = listener.now() {
        all.push((name, data));
    }
    all
}

/// As the events above have it.
fn change(name: &'static str, id: u128, status: &str) -> (&'static str, String) {
    let version = if name == "ticket" { 2 } else { 3 };
    let data = json!({ "id": uuid(id), "version": version, "status": status });
    (name, data.to_string())
}

#[tokio::test]
async fn a_page_hears_of_its_tickets_and_of_no_others() {
    let stage = Stage::new();
    let mut page = stage.listen(&[Topic::Ticket(ticket(1)), Topic::Ticket(ticket(2))]);
    for (id, status) in [
        (1, "reserved"),
        (3, "reserved"),
        (2, "sold"),
        (1, "available"),
    ] {
        stage.publish(updated(id, 9, status)).await;
    }
    stage.all_told().await;
    let expected = [
        change("ticket", 1, "reserved"),
        change("ticket", 2, "sold"),
        change("ticket", 1, "available"),
    ];
    assert_eq!(heard(&mut page), expected);
}

#[tokio::test]
async fn orders_and_payments_are_told_to_those_alone_whom_they_concern() {
    let stage = Stage::new();
    let mut of_order = stage.listen(&[Topic::Order(order(5))]);
    let mut of_buyer = stage.listen(&[Topic::Person(person(4))]);
    let mut of_seller = stage.listen(&[Topic::Person(person(9)), Topic::Ticket(ticket(1))]);
    let mut another = stage.listen(&[Topic::Order(order(6)), Topic::Person(person(8))]);
    stage.publish(completed(5, 4)).await;
    stage.publish(captured(5)).await;
    stage.publish(updated(1, 9, "sold")).await;
    stage.all_told().await;
    let completed = change("order", 5, "complete");
    assert_eq!(
        heard(&mut of_order),
        [completed.clone(), change("payment", 5, "captured")]
    );
    assert_eq!(heard(&mut of_buyer), [completed]);
    // By two of its topics, and once.
    assert_eq!(heard(&mut of_seller), [change("ticket", 1, "sold")]);
    assert_eq!(heard(&mut another), []);
}

#[tokio::test]
async fn what_passed_between_the_reading_and_the_listening_is_told() {
    let stage = Stage::new();
    stage.hub.expect();
    stage.publish(updated(1, 9, "reserved")).await;
    stage.all_told().await;
    stage.hand.advance(SignedDuration::from_secs(2));
    let since: Timestamp = "2030-01-01T12:00:02Z".parse().unwrap();
    stage.publish(updated(1, 9, "sold")).await;
    stage.all_told().await;
    let topics = vec![Topic::Ticket(ticket(1))];
    let mut page = stage.hub.listen(HERE, topics.clone(), Some(since)).unwrap();
    assert_eq!(heard(&mut page), [change("ticket", 1, "sold")]);
    let mut other = stage
        .hub
        .listen(HERE, vec![Topic::Ticket(ticket(2))], Some(since))
        .unwrap();
    assert_eq!(heard(&mut other), []);
    let mut late = stage.hub.listen(HERE, topics, None).unwrap();
    assert_eq!(heard(&mut late), []);
}

#[tokio::test]
async fn a_page_that_does_not_read_is_cut_off_and_the_others_are_not() {
    let stage = Stage::new();
    let mut slow = stage.listen(&[Topic::Ticket(ticket(1))]);
    let mut other = stage.listen(&[Topic::Ticket(ticket(2))]);
    for _ in 0..40 {
        stage.publish(updated(1, 9, "reserved")).await;
    }
    stage.publish(updated(2, 9, "reserved")).await;
    stage.all_told().await;
    assert_eq!(heard(&mut slow).len(), 32);
    assert_eq!(slow.next().await, None);
    assert_eq!(heard(&mut other).len(), 1);
}

#[tokio::test]
async fn the_pages_of_a_session_end_with_it() {
    let stage = Stage::new();
    let sid = |number| Topic::Session(SessionId::from(uuid(number)));
    let mut one = stage.listen(&[Topic::Person(person(4)), sid(1)]);
    let mut other = stage.listen(&[Topic::Person(person(4)), sid(2)]);
    stage.publish(ended(1)).await;
    stage.publish(completed(5, 4)).await;
    stage.all_told().await;
    assert_eq!(one.next().await.unwrap().name, "session");
    assert_eq!(one.next().await, None);
    assert_eq!(heard(&mut other), [change("order", 5, "complete")]);
}

#[tokio::test]
async fn everybody_is_cut_off_when_the_process_stops_and_nobody_is_let_in_then() {
    let stage = Stage::new();
    let mut page = stage.listen(&[Topic::Ticket(ticket(1))]);
    stage.stopper.stop();
    assert_eq!(page.next().await, None);
    stage.follows.await.unwrap();
    assert!(
        stage
            .hub
            .listen(HERE, vec![Topic::Ticket(ticket(1))], None)
            .is_none()
    );
}

#[tokio::test]
async fn the_bus_is_looked_at_only_while_somebody_looks_at_pages() {
    let stage = Stage::new();
    assert!(!stage.hub.looks());
    let page = stage.listen(&[Topic::Ticket(ticket(1))]);
    stage.all_told().await;
    assert!(stage.hub.looks());
    stage.hand.advance(SignedDuration::from_secs(60));
    stage.all_told().await;
    assert!(stage.hub.looks());
    drop(page);
    // Time passes twice: it may just have looked.
    for _ in 0..200 {
        stage.hand.advance(SignedDuration::from_secs(20));
        tokio::task::yield_now().await;
        if !stage.hub.looks() {
            break;
        }
    }
    assert!(!stage.hub.looks());
    let mut again = stage.listen(&[Topic::Ticket(ticket(1))]);
    stage.publish(updated(1, 9, "sold")).await;
    assert_eq!(again.next().await.unwrap().name, "ticket");
}

#[tokio::test]
async fn who_may_have_missed_something_is_told_so() {
    let stage = Stage::new();
    let topics = || vec![Topic::Ticket(ticket(1))];
    let gap = |since: Option<&str>| {
        let since = since.map(|since| since.parse().unwrap());
        stage.hub.listen(HERE, topics(), since).unwrap().has_gap()
    };
    // Nobody had looked before.
    assert!(gap(Some("2030-01-01T11:59:59Z")));
    assert!(!gap(Some(NOON)));
    assert!(!gap(None));
    // More has passed than a page takes at once.
    for _ in 0..40 {
        stage.publish(updated(1, 9, "reserved")).await;
    }
    stage.all_told().await;
    assert!(gap(Some(NOON)));
    // It is no longer remembered.
    stage.hand.advance(SignedDuration::from_secs(11));
    stage.publish(updated(2, 9, "reserved")).await;
    stage.all_told().await;
    assert!(gap(Some("2030-01-01T11:59:59Z")));
    assert!(gap(Some("2029-12-31T00:00:00Z")));
    assert!(!gap(Some("2030-01-01T12:00:11Z")));
}

#[tokio::test]
async fn one_address_does_not_take_all_places() {
    let stage = Stage::new();
    let listen = |address: [u8; 4]| {
        let topics = vec![Topic::Ticket(ticket(1))];
        stage.hub.listen(IpAddr::from(address), topics, None)
    };
    let mut all: Vec<_> = (0..256).map(|_| listen([192, 0, 2, 1]).unwrap()).collect();
    assert!(listen([192, 0, 2, 1]).is_none());
    assert!(listen([192, 0, 2, 2]).is_some());
    all.pop();
    assert!(listen([192, 0, 2, 1]).is_some());
}
