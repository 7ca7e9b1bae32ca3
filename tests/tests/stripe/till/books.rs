//! What an operator sees and does: the books, refunds, payouts, and what Stripe has.

use tessera_contracts::{Currency, Money};
use tessera_payments::operator::{self, GiveBackError, PayoutError, Refund};
use tessera_platform::testing::TestUser;

use super::Till;

impl Till {
    /// What is in each account, by its name: `fees 1500 usd`.
    pub async fn ledger(&self) -> Vec<String> {
        let totals = operator::totals(self.db()).await.unwrap();
        let shown = totals.iter().filter(|total| total.amount.minor() != 0);
        let line = |total: &operator::Total| {
            let (account, amount) = (total.account.as_str(), total.amount);
            format!("{account} {} {}", amount.minor(), amount.currency())
        };
        shown.map(line).collect()
    }

    /// An operator gives something of an order back, or all that is left.
    pub async fn give_back(
        &self,
        order: &str,
        amount: Option<&str>,
    ) -> Result<Refund, GiveBackError> {
        self.decide(order, amount, None).await
    }

    /// The same, under a reference.
    pub async fn give_back_as(
        &self,
        reference: &str,
        order: &str,
        amount: Option<&str>,
    ) -> Result<Refund, GiveBackError> {
        self.decide(order, amount, Some(reference)).await
    }

    async fn decide(
        &self,
        order: &str,
        amount: Option<&str>,
        reference: Option<&str>,
    ) -> Result<Refund, GiveBackError> {
        let wish = operator::Wish {
            order: order.parse().unwrap(),
            amount: amount.map(str::to_owned),
            reason: "by a test".to_owned(),
            reference: reference.map(str::to_owned),
        };
        operator::refund(self.db(), &self.market.app.ids, wish).await
    }

    /// Where a refund stands: `Done`.
    pub async fn refund_status(&self, refund: &Refund) -> String {
        let shown = operator::show_refund(self.db(), refund).await.unwrap();
        format!("{:?}", shown.unwrap().status)
    }

    /// An operator paid a seller.
    pub async fn pay_out(
        &self,
        seller: &TestUser,
        amount: Option<&str>,
        reference: &str,
    ) -> Result<Money, PayoutError> {
        let (seller, amount) = (seller.id, amount.map(str::to_owned));
        let reference = reference.to_owned();
        operator::pay_out(self.db(), seller, amount, Currency::USD, reference).await
    }

    /// What a comparison of everything with Stripe finds, one word or sentence for each intent, the newest first. What is
    /// safe is mended by it.
    pub async fn verdicts(&self) -> Vec<String> {
        let stripe = self.settings.stripe.as_ref().unwrap();
        tessera_payments::testing::verdicts(self.db(), stripe, &self.market.app.clock).await
    }

    /// How many the service finds to agree, to be mended, and to differ.
    pub async fn compared(&self) -> [u64; 3] {
        let stripe = self.settings.stripe.as_ref().unwrap();
        tessera_payments::testing::compared(self.db(), stripe, &self.market.app.clock).await
    }

    /// A number that the database of payments answers.
    pub async fn count(&self, sql: &str) -> i64 {
        let (count,): (i64,) = self.db().opt(sql, &[]).await.unwrap().unwrap();
        count
    }

    /// Changes what payments has, as nothing in it would.
    pub async fn damage(&self, sql: String) {
        let damaged = self.db().write(sql, |tx, sql| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        });
        assert_eq!(damaged.await.unwrap(), 1);
    }

    /// A complete order, its payment, and Stripe's intent.
    pub async fn sold(&self) -> (String, String, String) {
        let (order, _) = self.order().await;
        let paid = self.pay(&order, "pm_card_visa").await;
        assert_eq!(paid.status, 201, "{}", paid.body);
        self.settle().await;
        assert_eq!(self.standing(&order).await, "complete");
        let intent = self.intents(&order).pop().unwrap();
        (order, paid.text("id"), intent)
    }
}
