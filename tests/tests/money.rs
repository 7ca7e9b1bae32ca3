//! What an operator does about money, from the command line, beside a running server and without one.
#![cfg(test)]

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tessera_tests::client::Client;
use tessera_tests::eventually;
use tessera_tests::process::{Server, run, said};

const FEES: [(&str, &str); 2] = [("BUYER_FEE_BPS", "250"), ("SELLER_FEE_BPS", "1000")];

/// A marketplace in which one ticket was bought for 123.00.
struct Sale {
    seller: Client,
    buyer: Client,
    seller_id: String,
    order: String,
    payment: String,
}

impl Sale {
    async fn at(server: &Server) -> Sale {
        let anyone = Client::new(&server.url);
        let seller = anyone.sign_up("seller@example.com").await;
        let buyer = anyone.sign_up("buyer@example.com").await;
        let me = seller.get("/api/users/currentuser").await;
        let listing = json!({ "title": "Hamlet", "price": "120.00" });
        let listed = seller.post("/api/tickets", listing).await;
        let wish = json!({ "ticketId": listed.text("id"), "total": listed.text("total") });
        let reserved = buyer.post("/api/orders", wish).await;
        let wish = json!({ "orderId": reserved.text("id"), "token": "tok_visa" });
        let paid = buyer.post("/api/payments", wish).await;
        let sale = Sale {
            seller,
            buyer,
            seller_id: me.body["currentUser"]["id"].as_str().unwrap().to_owned(),
            order: reserved.text("id"),
            payment: paid.text("id"),
        };
        sale.until_payment("it to be captured", |payment| {
            payment["status"] == "captured"
        })
        .await;
        sale
    }

    async fn until_payment(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        let path = format!("/api/payments/{}", self.payment);
        eventually(what, async || {
            let payment = self.buyer.get(&path).await.body;
            is_so(&payment).then_some(())
        })
        .await;
    }

    /// What the seller has, in one line: payable, frozen, paid out.
    async fn balance(&self) -> String {
        let balances = self.seller.get("/api/payments/balance").await.body;
        let one = &balances[0];
        let amounts = ["payable", "frozen", "paidOut"].map(|name| one[name].as_str().unwrap());
        amounts.join(" ")
    }

    /// What made that so, the newest first, a line each: what for, how much, and what was said of it.
    async fn statement(&self) -> Vec<String> {
        let lines = self.seller.list("/api/payments/statement?limit=2").await;
        let shown = |line: &Value| format!("{} {} {}", line["kind"], line["amount"], line["note"]);
        lines
            .iter()
            .map(|line| shown(line).replace('"', ""))
            .collect()
    }
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", said(output));
    let text = String::from_utf8_lossy(&output.stdout);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect()
}

/// How a command was refused: its exit code, and what it said.
fn refused(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = run(data, arguments);
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn an_operator_looks_at_the_books() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &FEES).await;
    let ledger = || lines(&run(data.path(), &["ledger"]));
    assert_eq!(ledger(), ["The books are empty."]);
    let sale = Sale::at(&server).await;
    assert_eq!(
        ledger(),
        [
            "In each account:".to_owned(),
            "buyer -123.00 USD".to_owned(),
            "escrow 0.00 USD".to_owned(),
            "fees 15.00 USD".to_owned(),
            "payable 108.00 USD".to_owned(),
            "Owed to sellers, the most first:".to_owned(),
            format!("{} 108.00 USD", sale.seller_id),
        ]
    );
}

#[tokio::test]
async fn an_operator_gives_back_and_pays_out_and_the_seller_reads_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &FEES).await;
    let sale = Sale::at(&server).await;
    let (seller, order) = (sale.seller_id.as_str(), sale.order.as_str());
    let command = |arguments: &[&str]| lines(&run(data.path(), arguments));

    let told = command(&[
        "refund",
        order,
        "--amount",
        "41.00",
        "--reason",
        "Worse seat",
    ]);
    let begins = format!("41.00 USD of order {order} will be given back");
    assert!(told[0].starts_with(&begins), "{told:?}");
    sale.until_payment("a part to be given back", |payment| {
        payment["refunded"] == "41.00"
    })
    .await;
    assert_eq!(sale.balance().await, "72.00 0.00 0.00");

    let told = command(&["payout", seller, "--amount", "50", "--reference", "SEPA 1"]);
    let expected = format!("Recorded that seller {seller} was paid 50.00 USD, as SEPA 1.");
    assert_eq!(told, [expected]);
    assert_eq!(sale.balance().await, "22.00 0.00 50.00");

    command(&["refund", order, "--reason", "Event was called off"]);
    sale.until_payment("all to be given back", |payment| {
        payment["status"] == "refunded"
    })
    .await;
    assert_eq!(
        sale.balance().await,
        "-50.00 0.00 50.00",
        "it was paid out already"
    );
    let shown = sale.buyer.get(&format!("/api/orders/{order}")).await;
    assert_eq!(shown.text("status"), "complete");
    assert_eq!(
        sale.statement().await,
        [
            "refund -72.00 Event was called off",
            "payout -50.00 SEPA 1",
            "refund -36.00 Worse seat",
            "sale 108.00 null",
        ]
    );
    assert!(server.terminate().await.success());
    let report = run(data.path(), &["check"]);
    assert!(report.status.success(), "{}", said(&report));
}

#[tokio::test]
async fn what_cannot_be_given_back_or_paid_out_is_refused_with_a_reason_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &FEES).await;
    let sale = Sale::at(&server).await;
    let (seller, order) = (sale.seller_id.as_str(), sale.order.as_str());
    let nobody = "0198c0de-7a11-7000-8000-000000000001";
    let before = lines(&run(data.path(), &["ledger"]));
    let reason = ["--reason", "No reason"];
    let refund = |more: &[&'static str]| {
        let arguments = [&["refund", order], &reason[..], more].concat();
        refused(data.path(), &arguments)
    };
    let only = |text: &str| (1, format!("tessera: {text}"));
    assert_eq!(
        refund(&["--amount", "123.01"]),
        only("only 123.00 usd of what was charged are left")
    );
    assert_eq!(
        refund(&["--amount", "0"]),
        only("the amount must be greater than 0")
    );
    assert_eq!(refund(&["--amount", "1.001"]).0, 1);
    let unknown = ["refund", nobody, "--reason", "No reason"];
    assert_eq!(
        refused(data.path(), &unknown),
        only("there is no such order")
    );
    let empty = ["refund", order, "--reason", " "];
    assert_eq!(refused(data.path(), &empty).0, 2);

    let pay = |more: &[&'static str]| {
        let arguments = [&["payout", seller, "--reference", "SEPA 7"], more].concat();
        refused(data.path(), &arguments)
    };
    let too_much = only("this seller has 108.00 usd to be paid out");
    assert_eq!(pay(&["--amount", "108.01"]), too_much);
    assert_eq!(
        pay(&["--currency", "eur"]),
        only("this seller has 0.00 eur to be paid out")
    );
    assert_eq!(pay(&["--currency", "dollars"]).0, 2);
    assert_eq!(lines(&run(data.path(), &["ledger"])), before);
    lines(&run(
        data.path(),
        &["payout", seller, "--amount", "1", "--reference", "SEPA 7"],
    ));
    let again = only("a payout with the reference \"SEPA 7\" is recorded already");
    assert_eq!(pay(&["--amount", "1"]), again);
}

#[tokio::test]
async fn without_a_server_a_refund_is_noted_and_the_next_one_sees_to_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &FEES).await;
    let sale = Sale::at(&server).await;
    assert!(server.terminate().await.success());
    lines(&run(
        data.path(),
        &["refund", &sale.order, "--reason", "Called off"],
    ));
    let ledger = lines(&run(data.path(), &["ledger"]));
    assert!(
        ledger.contains(&"refunds 123.00 USD".to_owned()),
        "{ledger:?}"
    );
    let report = run(data.path(), &["check"]);
    assert!(report.status.success(), "{}", said(&report));
    let server = Server::start(data.path(), &FEES).await;
    let again = Sale {
        buyer: sale.buyer.at(&server.url),
        seller: sale.seller.at(&server.url),
        ..sale
    };
    again
        .until_payment("all to be given back", |payment| {
            payment["status"] == "refunded"
        })
        .await;
}
