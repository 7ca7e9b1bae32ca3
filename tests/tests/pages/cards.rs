//! Cards through Stripe, as a browser without scripts meets them: what the page's own server does, and what each page may
//! load. The form itself is tried in a browser.

use serde_json::Value;
use stripe_double::{Options, Outcome, StripeDouble};
use tessera_tests::process;
use tessera_tests::visitor::{Shown, Visitor};

use crate::stage::{Stage, list, pay, press_reserve, reserve, until};

const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Stripe's names for cards that a bank asks about.
const ASKED: &str = "pm_card_threeDSecure2Required";
const ASKED_AND_EMPTY: &str = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds";

const TO_PAY: &str = "It is yours while you pay";
const BANK: &str = "Your bank wants to hear from you";

/// A marketplace that takes cards through a double of Stripe; `with_form`: also on its pages.
async fn open(with_form: bool) -> (StripeDouble, Stage) {
    let double = StripeDouble::start(Options::default()).await.unwrap();
    let (base, script) = (
        double.base_url(),
        format!("{}/double/stripe.js", double.base_url()),
    );
    let mut settings = vec![
        ("STRIPE_KEY", double.secret_key()),
        ("STRIPE_API_BASE", &*base),
        ("SELLER_FEE_BPS", "1000"),
    ];
    if with_form {
        settings.push(("STRIPE_PUBLISHABLE_KEY", double.publishable_key()));
        settings.push(("STRIPE_JS", &script));
    }
    let stage = Stage::open_with(&settings).await;
    (double, stage)
}

/// A seller, a buyer, and the path of an order that can be paid.
async fn ready(stage: &Stage) -> (Visitor, Visitor, String) {
    let (seller, buyer) = (stage.person("ada").await, stage.person("grace").await);
    let ticket = list(&seller, "Hamlet").await;
    let order = reserve(&buyer, &ticket).await;
    (seller, buyer, order)
}

/// The payment that waits for the bank, as the page says it that leads there. Once the bank has decided, the server may
/// hear of it by itself, and then no page speaks of it any more.
async fn at_the_bank(buyer: &Visitor, order: &str) -> String {
    buyer.get(order).await.field("payment")
}

/// Says that one was with the bank; answers what came.
async fn come_back(buyer: &Visitor, order: &str, payment: &str) -> Shown {
    let fields = [("do", "confirmed"), ("payment", payment)];
    buyer.post(order, &fields).await
}

fn policy(shown: &Shown) -> String {
    shown.header("content-security-policy").to_owned()
}

fn intent(double: &StripeDouble) -> String {
    let intents = double.intents();
    let last: &Value = intents.last().unwrap();
    last["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_the_page_where_a_card_may_be_entered_may_load_more_than_others() {
    let (double, stage) = open(true).await;
    let (seller, buyer, order) = ready(&stage).await;
    let page = buyer.get(&order).await;
    page.says(200, "data-stripe-key=\"pk_test_double\"");
    page.says(200, "data-amount=\"125050\" data-currency=\"usd\"");
    page.says(200, "Paying by card needs JavaScript");
    let (base, wider) = (double.base_url(), policy(&page));
    assert_eq!(
        wider,
        format!(
            "{}; frame-src {base}",
            STRICT
                .replace("script-src 'self'", &format!("script-src 'self' {base}"))
                .replace("connect-src 'self'", &format!("connect-src 'self' {base}"))
        )
    );
    // Nobody is told of a test gateway, or offered its cards.
    assert!(!page.html.contains("test gateway"), "{}", page.html);
    assert!(!page.html.contains("tok_"), "{}", page.html);

    for path in ["/", "/orders", "/account", "/tickets/new"] {
        assert_eq!(policy(&buyer.get(path).await), STRICT, "{path}");
    }
    assert_eq!(policy(&seller.get(&order).await), STRICT, "another's order");
    pay(&buyer, &order, "pm_card_visa").await;
    let receipt = until(&buyer, &order, "Paid on").await;
    assert_eq!(policy(&receipt), STRICT, "a receipt");
    assert!(!receipt.html.contains("stripe"), "{}", receipt.html);
    for path in ["/listings", "/listings/statement"] {
        assert_eq!(policy(&seller.get(path).await), STRICT, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_card_is_refused_on_the_page_and_what_is_declined_leaves_another_try() {
    let (double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    for token in ["", "tok_", "4242424242424242"] {
        let refused = pay(&buyer, &order, token).await;
        refused.says(400, "That could not be used as a card");
        refused.says(400, TO_PAY);
        assert!(!refused.html.contains("4242"), "{}", refused.html);
        assert_ne!(policy(&refused), STRICT, "it can be entered once more");
    }
    let declined = pay(&buyer, &order, "tok_chargeDeclinedIncorrectCvc").await;
    assert_eq!((declined.status, &*declined.location), (303, &*order));
    let told = "The security code was not that of your card. You can try 2 more times.";
    buyer.get(&order).await.says(200, told);
    // Of a stolen card its holder is told no more than of any other.
    pay(&buyer, &order, "pm_card_visa_chargeDeclinedStolenCard").await;
    let page = buyer.get(&order).await;
    page.says(200, "Your card was declined. You can try once more.");
    pay(&buyer, &order, "pm_card_visa").await;
    until(&buyer, &order, "Paid on").await;
    assert_eq!(double.movements().len(), 2, "held and charged once");
}

#[tokio::test]
async fn a_bank_that_asks_is_answered_before_anything_is_charged() {
    let (double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    let paid = pay(&buyer, &order, ASKED).await;
    assert_eq!((paid.status, paid.location), (303, format!("{order}#bank")));
    let page = buyer.get(&order).await;
    page.says(200, BANK);
    page.says(200, "Your bank can ask you only with JavaScript.");
    page.says(200, "Use another card instead");
    page.says(200, "<meta http-equiv=\"refresh\" content=\"15\">");
    page.says(200, "data-bank=\"pi_");
    assert_ne!(policy(&page), STRICT);

    // Too early: it waits on.
    let payment = page.field("payment");
    assert_eq!(come_back(&buyer, &order, &payment).await.location, order);
    buyer.get(&order).await.says(200, BANK);
    assert!(double.movements().is_empty());

    double
        .complete_action(&intent(&double), Outcome::Succeed)
        .unwrap();
    let back = come_back(&buyer, &order, &payment).await;
    assert_eq!((back.status, &*back.location), (303, &*order));
    until(&buyer, &order, "Paid on").await;
}

#[tokio::test]
async fn a_bank_that_does_not_recognise_its_customer_leaves_another_try_and_one_that_declines_too()
{
    let (double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    pay(&buyer, &order, ASKED).await;
    let payment = at_the_bank(&buyer, &order).await;
    double
        .complete_action(&intent(&double), Outcome::Fail)
        .unwrap();
    assert_eq!(come_back(&buyer, &order, &payment).await.location, order);
    let page = buyer.get(&order).await;
    page.says(200, "You did not confirm this payment with your bank, or it did not recognise you. You can try 2 more times.");
    pay(&buyer, &order, ASKED_AND_EMPTY).await;
    let payment = at_the_bank(&buyer, &order).await;
    double
        .complete_action(&intent(&double), Outcome::Succeed)
        .unwrap();
    come_back(&buyer, &order, &payment).await;
    let page = buyer.get(&order).await;
    page.says(
        200,
        "Your card has too little money on it. You can try once more.",
    );
    assert!(double.movements().is_empty());
}

#[tokio::test]
async fn another_card_takes_the_place_of_one_that_waits_but_not_of_the_last_try() {
    let (double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    pay(&buyer, &order, ASKED).await;
    let first = intent(&double);
    pay(&buyer, &order, "tok_chargeDeclined").await;
    let page = buyer.get(&order).await;
    page.says(200, "Your card was declined. You can try once more.");
    // What waited can lead to nothing any more.
    tessera_tests::within(30, "the first one to be closed", async || {
        let intents = double.intents();
        let canceled = |one: &&Value| one["id"] == *first && one["status"] == "canceled";
        intents.iter().find(canceled).map(|_| ())
    })
    .await;
    pay(&buyer, &order, ASKED).await;
    let page = buyer.get(&order).await;
    page.says(200, BANK);
    assert!(!page.html.contains("Use another card"), "{}", page.html);
    let cancelled = buyer.post(&order, &[("do", "cancel")]).await;
    assert_eq!(cancelled.status, 303);
    let page = until(&buyer, &order, "Released: your card is not charged").await;
    page.says(200, "You cancelled it. You are not charged.");
    assert!(double.movements().is_empty());
}

#[tokio::test]
async fn nobody_comes_back_for_another_or_from_nowhere() {
    let (_double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    pay(&buyer, &order, ASKED).await;
    let payment = buyer.get(&order).await.field("payment");
    let other = stage.person("alan").await;
    let fields = [("do", "confirmed"), ("payment", &*payment)];
    let refused = other.post(&order, &fields).await;
    refused.says(403, "That is not yours");
    for payment in ["", "../orders", "pi_1"] {
        let fields = [("do", "confirmed"), ("payment", payment)];
        assert_eq!(buyer.post(&order, &fields).await.status, 400, "{payment}");
    }
}

#[tokio::test]
async fn without_a_publishable_key_the_page_says_that_it_takes_no_cards() {
    let (_double, stage) = open(false).await;
    let seller = stage.person("ada").await;
    let buyer = stage.person("grace").await;
    let ticket = list(&seller, "Hamlet").await;
    let order = press_reserve(&buyer, &ticket).await.location;
    let page = until(&buyer, &order, TO_PAY).await;
    page.says(200, "Cards cannot be taken on this page.");
    for word in ["tok_", "test gateway", "data-stripe", "No money moves"] {
        assert!(!page.html.contains(word), "{word} in {}", page.html);
    }
    assert_eq!(policy(&page), STRICT);
    // A program may pay all the same, and its buyer is told what it waits for.
    pay_by_program(&stage, &buyer, &order, ASKED).await;
    let page = buyer.get(&order).await;
    page.says(
        200,
        "This payment was begun elsewhere, and has to be confirmed there.",
    );
    pay_by_program(&stage, &buyer, &order, "tok_visa").await;
    until(&buyer, &order, "Paid on").await;
}

async fn pay_by_program(stage: &Stage, buyer: &Visitor, order: &str, token: &str) {
    let order = order.rsplit('/').next().unwrap();
    let body = serde_json::json!({ "orderId": order, "token": token });
    let url = format!("{}/api/payments", stage.server.url);
    let request = reqwest::Client::new().post(url).json(&body);
    let answer = request.bearer_auth(buyer.token().unwrap()).send().await;
    assert!(answer.unwrap().status().is_success());
}

#[tokio::test]
async fn a_buyer_whose_payment_came_too_late_is_told_that_it_goes_back() {
    let (double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    pay(&buyer, &order, ASKED).await;
    // The bank answers, somebody charges it by hand, and the order ends, all before anybody hears of it here.
    let intent = intent(&double);
    double.complete_action(&intent, Outcome::Succeed).unwrap();
    double.capture_outside(&intent).unwrap();
    buyer.post(&order, &[("do", "cancel")]).await;
    let page = until(&buyer, &order, "Your payment came too late").await;
    assert!(!page.html.contains("not charged"), "{}", page.html);
    page.says(200, "<dd>Paid back<br>");
    page.says(200, "-$1,250.50");
}

#[tokio::test]
async fn a_buyer_is_told_what_was_paid_back() {
    let (_double, stage) = open(true).await;
    let (_, buyer, order) = ready(&stage).await;
    pay(&buyer, &order, "pm_card_visa").await;
    until(&buyer, &order, "Paid on").await;
    operate(
        &stage,
        &[
            "refund",
            id(&order),
            "--amount",
            "250.50",
            "--reason",
            "A late start",
        ],
    );
    let part = buyer.get(&order).await;
    part.says(200, "The ticket is yours");
    part.says(200, "$250.50 of what you paid goes back to your card.");
    part.says(200, "-$250.50");
    operate(
        &stage,
        &["refund", id(&order), "--reason", "It was called off"],
    );
    let all = buyer.get(&order).await;
    all.says(200, "You were paid back");
    all.says(200, "-$1,250.50");
    until(&buyer, &order, "<dd>Paid back<br>").await;
}

#[tokio::test]
async fn a_seller_sees_what_was_sold_and_turns_the_pages_of_the_statement() {
    let (_double, stage) = open(true).await;
    let (seller, buyer, order) = ready(&stage).await;
    let before = seller.get("/listings").await;
    assert!(!before.html.contains("Your money"), "{}", before.html);
    seller
        .get("/listings/statement")
        .await
        .says(200, "Nothing has been sold yet.");
    pay(&buyer, &order, "pm_card_visa").await;
    let listings = until(&seller, "/listings", "Your money").await;
    listings.says(200, "<dt>To be paid out to you</dt><dd>$1,125.45</dd>");
    listings.says(200, "You get $1,125.45 of it.");
    let me = seller_id(&stage, &seller).await;
    for number in 0..50 {
        let reference = format!("Transfer {number:02}");
        operate(
            &stage,
            &["payout", &me, "--amount", "0.50", "--reference", &reference],
        );
    }
    seller
        .get("/listings")
        .await
        .says(200, "<dt>Paid out so far</dt><dd>$25.00</dd>");

    let first = seller.get("/listings/statement").await;
    first.says(200, "Transfer 49");
    first.says(200, "-$0.50");
    assert_eq!(first.html.matches("Paid out to you").count(), 50);
    assert!(!first.html.contains("Sold"), "{}", first.html);
    let next = first.html.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap();
    let second = seller.get(next).await;
    second.says(200, "<strong>Sold</strong></p>\n<p>Hamlet</p>");
    second.says(200, "+$1,125.45");
    second.says(200, "First page");
    let buyers = buyer.get("/listings/statement").await;
    buyers.says(200, "Nothing has been sold yet.");
    let nobody = stage.anyone().get("/listings/statement").await;
    assert_eq!(nobody.status, 303, "{}", nobody.html);
}

/// Runs a command of the program on the data of the marketplace.
fn operate(stage: &Stage, arguments: &[&str]) {
    let output = process::run(stage.folder.path(), arguments);
    assert!(output.status.success(), "{}", process::said(&output));
}

fn id(order: &str) -> &str {
    order.rsplit('/').next().unwrap()
}

async fn seller_id(stage: &Stage, seller: &Visitor) -> String {
    let url = format!("{}/api/users/currentuser", stage.server.url);
    let request = reqwest::Client::new().get(url);
    let answer = request.bearer_auth(seller.token().unwrap()).send().await;
    let user: Value = answer.unwrap().json().await.unwrap();
    user["currentUser"]["id"].as_str().unwrap().to_owned()
}
