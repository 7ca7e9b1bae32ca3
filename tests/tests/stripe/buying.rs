//! What a buyer does, and what is said to Stripe for it.

use stripe_double::Call;

use crate::till::{EARNED, TOTAL, Till};

#[tokio::test]
async fn a_ticket_is_paid_and_every_cent_is_somebody_s() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    let paid = till.pay(&order, "tok_visa").await;
    assert_eq!(paid.status, 201, "{}", paid.body);
    assert_eq!(paid.text("amount"), "123.00");
    till.settle().await;
    assert_eq!(till.standing(&order).await, "complete");
    assert_eq!(till.ticket_status(&ticket).await, "sold");
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    // 2.9 % and 0.30 are what Stripe keeps of 123.00: 3.87.
    assert_eq!(
        till.ledger().await,
        [
            "buyer -12300 usd".to_owned(),
            format!("fees {} usd", TOTAL - EARNED - 387),
            "gateway_fees 387 usd".to_owned(),
            format!("payable {EARNED} usd"),
        ]
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn each_write_has_a_key_of_what_is_recorded_and_the_version_is_pinned() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    let payment = till.pay(&order, "pm_card_visa").await.text("id");
    till.settle().await;
    let requests = till.stripe.requests();
    assert!(requests.iter().all(|request| request.version.as_deref()
        == Some(tessera_payments::gateway::stripe::API_VERSION)));
    let writes = requests.iter().filter(|request| request.method == "POST");
    let keys: Vec<&str> = writes
        .map(|request| request.idempotency_key.as_deref().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            format!("tessera-authorize-{payment}-0"),
            format!("tessera-capture-{payment}-0")
        ]
    );
    let mut captures = requests
        .iter()
        .filter(|one| one.call == Some(Call::Capture));
    let capture = captures.next().unwrap();
    assert_eq!(capture.param("amount_to_capture"), Some("12300"));
    till.assert_sound().await;
}

#[tokio::test]
async fn all_that_a_page_gets_for_a_card_is_taken() {
    let till = Till::open().await;
    let typed = [
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "34"),
        ("card[cvc]", "123"),
    ];
    let cards = [
        "tok_visa".to_owned(),
        "pm_card_mastercard".to_owned(),
        till.token("/v1/tokens", &typed).await,
        till.token(
            "/v1/confirmation_tokens",
            &[("payment_method", "pm_card_visa")],
        )
        .await,
    ];
    for card in cards {
        let (order, ticket) = till.order().await;
        let paid = till.pay(&order, &card).await;
        assert_eq!(paid.status, 201, "{card}: {}", paid.body);
        till.settle().await;
        assert_eq!(till.ticket_status(&ticket).await, "sold");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, capture {TOTAL}")
        );
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn amounts_are_in_the_units_that_stripe_counts_a_currency_in() {
    let till = Till::open().await;
    // Written, and as Stripe has it, with 2.5 % on top.
    let prices = [
        ("5000", "jpy", 5_125),
        ("50.00", "eur", 5_125),
        ("8.000", "kwd", 8_200),
        ("100", "isk", 10_300),
    ];
    for (price, currency, amount) in prices {
        let (order, ticket) = till.order_at(price, currency).await;
        let paid = till.pay(&order, "tok_visa").await;
        assert_eq!(paid.status, 201, "{currency}: {}", paid.body);
        let shown = till.stripe.intents().pop().unwrap();
        let asked = (shown["amount"].as_u64(), shown["currency"].as_str());
        assert_eq!(asked, (Some(amount), Some(currency)));
        till.settle().await;
        assert_eq!(till.ticket_status(&ticket).await, "sold");
        assert_eq!(
            till.moved(&order),
            format!("authorize {amount}, capture {amount}")
        );
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn nobody_pays_twice_for_an_order_and_nobody_pays_another_s() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    let again = till.pay(&order, "tok_visa").await;
    assert_eq!(again.text("code"), "order_complete");
    let (other, _) = till.order().await;
    let stranger = till.market.app.sign_in();
    let refused = till.market.pay(&stranger, &other, "tok_visa").await;
    assert_eq!(refused.status, 403);
    till.settle().await;
    assert_eq!(till.intents(&order).len(), 1);
    assert!(till.intents(&other).is_empty());
    till.assert_sound().await;
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_asks_stripe_once() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    let paid = till.pay_under("k1", &order, "tok_visa").await;
    till.settle().await;
    let again = till.pay_under("k1", &order, "tok_visa").await;
    assert_eq!((again.status, &again.body), (paid.status, &paid.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let creates = till.stripe.requests().into_iter();
    let creates = creates.filter(|one| one.call == Some(Call::Create));
    assert_eq!(creates.count(), 1);
    till.assert_sound().await;
}
