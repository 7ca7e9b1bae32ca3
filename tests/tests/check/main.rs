//! `tessera check`: it finds a sound marketplace sound, each kind of damage broken, and what is under
//! way neither.
#![cfg(test)]

mod beside_a_server;
mod damage;
mod on_bus;
mod on_postgres;
mod program;
mod scene;
mod under_way;

use scene::Scene;
use tessera::check::Invariant;

#[tokio::test]
async fn a_marketplace_with_orders_in_every_state_is_sound() {
    let scene = Scene::play().await;
    let report = scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
    let under_way = Invariant::ALL.map(|invariant| report.under_way(invariant));
    assert_eq!(under_way, [0; 9], "{report}");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let scene = Scene::play().await;
    let copy = scene.copy();
    let before = copy.contents();
    copy.check().await;
    assert_eq!(before, copy.contents());
}
