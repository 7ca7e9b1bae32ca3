//! What an operator and the banks do with money afterwards: refunds, payouts, chargebacks.

mod disputes;
mod payouts;
mod refunds;

use serde_json::Value;

use crate::till::Till;

/// What the seller is told that they have: payable, frozen, paid out.
async fn balance(till: &Till) -> [String; 3] {
    let seller = till.market.seller.clone();
    let shown = till.get("/api/payments/balance", &seller).await;
    let usd = shown.as_array().unwrap().iter();
    let usd = usd.clone().find(|one| one["currency"] == "usd");
    ["payable", "frozen", "paidOut"].map(|member| {
        let text = usd.and_then(|one| one[member].as_str());
        text.unwrap_or("none").to_owned()
    })
}

/// What made it so, the oldest first: `sale 108.00`.
async fn statement(till: &Till) -> Vec<String> {
    let seller = till.market.seller.clone();
    let lines = till.get("/api/payments/statement", &seller).await;
    let lines = lines.as_array().unwrap().iter().rev();
    let word = |line: &Value| {
        let (kind, amount) = (line["kind"].as_str(), line["amount"].as_str());
        format!("{} {}", kind.unwrap(), amount.unwrap())
    };
    lines.map(word).collect()
}
