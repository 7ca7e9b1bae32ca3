//! `GET /api/payments`: the payments of an order.

use axum::extract::State;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::Payment as Answer;
use tessera_contracts::{OrderId, PaymentId};
use tessera_platform::arrival;
use tessera_platform::db::DbError;
use tessera_platform::http::{Failure, Listing, Page, PageParams, Query, SignedIn};
use tessera_platform::service::Ctx;
use uuid::Uuid;

use crate::App;
use crate::domain::{Order, Unpayable};
use crate::operations::BeginError;
use crate::store::{orders, payments};

/// Lists the payments of an order of one's own, the newest first
#[utoipa::path(
    get, path = "/api/payments", tag = "payments",
    params(("orderId" = OrderId, Query, description = "The order"), PageParams),
    responses(
        (status = 200, description = "A page of payments; the `Link` header leads to the next", body = [Answer]),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's order", body = Problem),
        (status = 404, description = "No such order", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn list_payments(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    page: Page,
    query: Query,
) -> Result<Listing<Answer>, Failure> {
    let (id, db) = (order_id(query)?, &app.ctx.db);
    let order = known(&app.ctx, id).await?.ok_or(BeginError::NoOrder)?;
    if order.user_id != user.id {
        return Err(Unpayable::NotYours.into());
    }
    let before = page.after()?.unwrap_or(PaymentId::from(Uuid::max()));
    let rows = payments::list(db, id, before, page.fetch()).await?;
    Ok(page.answer(rows, |payment| payment.id, |row| super::body(&row)))
}

/// The order; one that was made just now may still be on its way here.
async fn known(ctx: &Ctx, id: OrderId) -> Result<Option<Order>, DbError> {
    let is_coming = || async {
        let is_unknown = orders::show(&ctx.db, id).await?.is_none();
        Ok::<_, DbError>(is_unknown && arrival::is_young(id.uuid(), ctx.clock.now()))
    };
    ctx.arrivals.wait_while(id.uuid(), is_coming).await?;
    orders::show(&ctx.db, id).await
}

fn order_id(mut query: Query) -> Result<OrderId, Failure> {
    let id = query.required("orderId", |text| {
        text.parse()
            .map_err(|_| "orderId must be the id of an order")
    });
    query.finish_with(|| id)
}
