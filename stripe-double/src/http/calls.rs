//! Which call a request is.

use serde::{Deserialize, Serialize};

/// A call of Stripe's API that the double answers. Those without a noun concern a PaymentIntent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "their names say it: each is one endpoint of Stripe's API"
)]
pub enum Call {
    Create,
    Retrieve,
    List,
    Update,
    Confirm,
    Capture,
    Cancel,
    RetrieveCharge,
    ListCharges,
    Refund,
    RetrieveRefund,
    ListRefunds,
    RetrieveEvent,
    ListEvents,
    RetrieveDispute,
    ListDisputes,
    RetrieveBalanceTransaction,
    CreatePaymentMethod,
    RetrievePaymentMethod,
    CreateToken,
    RetrieveToken,
    CreateConfirmationToken,
    RetrieveConfirmationToken,
    CreateWebhookEndpoint,
    RetrieveWebhookEndpoint,
    ListWebhookEndpoints,
    DeleteWebhookEndpoint,
    /// In a plan of faults: whichever call comes.
    Any,
}

/// The call of a request, and the id in its path: empty where there is none.
pub(super) fn route<'a>(method: &str, path: &'a str) -> Option<(Call, &'a str)> {
    let parts: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
    let routed = match (method, parts.as_slice()) {
        ("POST", ["payment_intents"]) => (Call::Create, ""),
        ("GET", ["payment_intents"]) => (Call::List, ""),
        ("GET", ["payment_intents", id]) => (Call::Retrieve, *id),
        ("POST", ["payment_intents", id]) => (Call::Update, *id),
        ("POST", ["payment_intents", id, "confirm"]) => (Call::Confirm, *id),
        ("POST", ["payment_intents", id, "capture"]) => (Call::Capture, *id),
        ("POST", ["payment_intents", id, "cancel"]) => (Call::Cancel, *id),
        ("GET", ["charges"]) => (Call::ListCharges, ""),
        ("GET", ["charges", id]) => (Call::RetrieveCharge, *id),
        ("POST", ["refunds"]) => (Call::Refund, ""),
        ("GET", ["refunds"]) => (Call::ListRefunds, ""),
        ("GET", ["refunds", id]) => (Call::RetrieveRefund, *id),
        ("GET", ["events"]) => (Call::ListEvents, ""),
        ("GET", ["events", id]) => (Call::RetrieveEvent, *id),
        ("GET", ["disputes"]) => (Call::ListDisputes, ""),
        ("GET", ["disputes", id]) => (Call::RetrieveDispute, *id),
        ("GET", ["balance_transactions", id]) => (Call::RetrieveBalanceTransaction, *id),
        ("POST", ["payment_methods"]) => (Call::CreatePaymentMethod, ""),
        ("GET", ["payment_methods", id]) => (Call::RetrievePaymentMethod, *id),
        ("POST", ["tokens"]) => (Call::CreateToken, ""),
        ("GET", ["tokens", id]) => (Call::RetrieveToken, *id),
        ("POST", ["confirmation_tokens"]) => (Call::CreateConfirmationToken, ""),
        ("POST", ["test_helpers", "confirmation_tokens"]) => (Call::CreateConfirmationToken, ""),
        ("GET", ["confirmation_tokens", id]) => (Call::RetrieveConfirmationToken, *id),
        ("POST", ["webhook_endpoints"]) => (Call::CreateWebhookEndpoint, ""),
        ("GET", ["webhook_endpoints"]) => (Call::ListWebhookEndpoints, ""),
        ("GET", ["webhook_endpoints", id]) => (Call::RetrieveWebhookEndpoint, *id),
        ("DELETE", ["webhook_endpoints", id]) => (Call::DeleteWebhookEndpoint, *id),
        _ => return None,
    };
    Some(routed)
}
