//! How a schedule ends: nothing goes wrong any more, and the time passes until all is final.

use rand::Rng;
use rand::rngs::StdRng;
use stripe_double::{Call, Mode, Order, Verdict};

use super::Tally;
use super::living::Life;

impl Life {
    /// Lets all come to its end, and looks whether it is sound. Answers what came of it.
    pub async fn end(mut self, chance: &mut StdRng) -> Tally {
        self.till.stripe.clear_plan();
        let webhooks = self.till.stripe.webhooks();
        if chance.random_bool(0.7) {
            let order = [Order::AsItWas, Order::Reversed];
            webhooks.release(&order[chance.random_range(0..2)]);
            webhooks.mode(Mode::Deliver);
            self.note("the end, with webhooks");
        } else {
            webhooks.mode(Mode::Drop);
            self.note("the end, without webhooks");
        }
        if chance.random_bool(0.2) {
            self.till = self.till.restart().await;
        }
        if chance.random_bool(0.5) {
            for which in 0..self.till.stripe.disputes().len() {
                self.decide(which, Verdict::Lost);
            }
        }
        self.till.recover().await;
        // Every order that was not paid is over then.
        self.till.pass(905).await;
        // Stripe is compared with, at least twice: once more for what came of the first time.
        for _ in 0..2 {
            self.till.reconcile().await;
        }
        assert!(self.requests(Call::List) >= 2);
        for order in &self.orders {
            let standing = self.till.standing(order).await;
            let over = standing == "complete" || standing.starts_with("cancelled");
            assert!(over, "{order} is {standing}");
        }
        self.till.assert_sound().await;
        self.till.assert_nothing_is_under_way().await;
        let verdicts = self.till.verdicts().await;
        assert!(verdicts.iter().all(|one| one == "agree"), "{verdicts:?}");
        self.tally().await
    }

    async fn tally(&self) -> Tally {
        let kinds = [
            "SELECT status, count(*) FROM payments GROUP BY status",
            "SELECT 'refund ' || status, count(*) FROM refunds GROUP BY status",
            "SELECT 'chargeback ' || status, count(*) FROM disputes GROUP BY status",
        ];
        let mut tally = Tally::from([("orders".to_owned(), self.orders.len() as i64)]);
        for sql in kinds {
            let rows: Vec<(String, i64)> = self.till.db().list(sql, &[]).await.unwrap();
            tally.extend(rows);
        }
        tally
    }
}
