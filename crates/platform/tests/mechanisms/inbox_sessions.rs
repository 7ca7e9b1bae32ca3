//! Every service that takes requests follows the end of sessions, without a word of its own.

use axum::Json;
use axum::http::StatusCode;
use jiff::SignedDuration;
use tessera_contracts::events::{EventData, SessionEnded};
use tessera_contracts::ids::UserId;
use tessera_platform::http::SignedIn;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use tessera_platform::testing::{TestApp, TestUser, forbid, permit};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Tells who asks.
pub const GREETER: Definition = Definition {
    name: "greeter",
    migrations: &[],
    signs_sessions: false,
    beside: &[],
    build: |_ctx: Ctx| {
        Box::pin(async {
            Ok::<_, StartError>(Service {
                routes: OpenApiRouter::new().routes(routes!(who_am_i)),
                consumer: None,
                workers: Vec::new(),
            })
        })
    },
};

#[utoipa::path(get, path = "/api/who-am-i", responses((status = 200, body = UserId)))]
async fn who_am_i(SignedIn(user): SignedIn) -> Json<UserId> {
    Json(user.id)
}

async fn status(app: &TestApp, user: &TestUser) -> StatusCode {
    app.get("/api/who-am-i").by(user).send().await.status
}

fn ended(app: &TestApp, user: &TestUser) -> EventData {
    EventData::SessionEnded(SessionEnded {
        sid: user.user.sid,
        until: app.clock.now() + SignedDuration::from_hours(24),
    })
}

async fn remembered(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM ended_sessions";
    let (count,) = app.db("greeter").opt(sql, &[]).await.unwrap().unwrap();
    count
}

#[tokio::test]
async fn the_tokens_of_an_ended_session_are_refused_and_those_of_others_are_not() {
    let app = TestApp::start(&[GREETER]).await;
    let user = app.sign_in();
    let elsewhere = app.sign_in_as(user.id);
    assert_eq!(status(&app, &user).await, 200);
    let event = app.publish(ended(&app, &user)).await;
    app.deliver(&[&event]).await;
    assert_eq!(status(&app, &user).await, 401);
    assert_eq!(status(&app, &elsewhere).await, 200);
    assert_eq!(remembered(&app).await, 1);
}

#[tokio::test]
async fn the_end_of_a_session_that_cannot_be_recorded_is_tried_again() {
    let app = TestApp::start(&[GREETER]).await;
    let user = app.sign_in();
    forbid(app.db("greeter"), "ended_sessions", "INSERT").await;
    app.publish(ended(&app, &user)).await;
    permit(app.db("greeter"), "ended_sessions", "INSERT").await;
    app.pass(SignedDuration::from_secs(1)).await;
    assert_eq!(status(&app, &user).await, 401);
    assert_eq!(remembered(&app).await, 1);
}

#[tokio::test]
async fn an_ended_session_is_remembered_until_its_last_token_has_run_out() {
    let app = TestApp::start(&[GREETER]).await;
    let user = app.sign_in();
    app.publish(ended(&app, &user)).await;
    app.pass(SignedDuration::from_hours(24) - SignedDuration::from_millis(1))
        .await;
    assert_eq!(remembered(&app).await, 1);
    app.pass(SignedDuration::from_millis(1)).await;
    assert_eq!(remembered(&app).await, 0);
    assert_eq!(status(&app, &user).await, 401);
}
