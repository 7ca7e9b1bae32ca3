//! Cards through Stripe: PaymentIntents with manual capture (<https://docs.stripe.com/api/payment_intents>).
//!
//! Owns how what payments asks is said to Stripe, and what its answers mean. Every write has an `Idempotency-Key` of the
//! payment and its round, so that it is done once however often it is sent. An answer may be an old one, repeated under its
//! key: then, and wherever something was refused, how the intent stands is asked for, and that counts. A try is made once
//! here; when the next one is due, the workers say.

mod client;
mod objects;
mod requests;
mod signature;
mod standing;

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::Money;
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::config::{Secret, SettingError, StripeSettings};
use uuid::Uuid;

use super::{
    Authorization, Authorize, Decline, Dispute, Gateway, GatewayError, GatewayId, Listed, News,
    NotAuthentic, Refund, Released, Seen, Settle, Token, TokenError,
};
use client::{Client, Fault};
use objects::{Event, Expandable, Intent, Refunds};
use standing::Status;

pub use client::API_VERSION;

/// Stripe forgets a key after a day. From then on the same request could be done again, so none is sent.
const KEYS_LAST: SignedDuration = SignedDuration::from_hours(20);

/// How far Stripe's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// The gateway.
pub struct Stripe {
    client: Client,
    webhook_secrets: Vec<Secret>,
    clock: Clock,
}

impl Stripe {
    /// The account of these settings.
    pub fn new(settings: &StripeSettings, clock: Clock) -> Result<Stripe, SettingError> {
        Ok(Stripe {
            client: Client::new(settings)?,
            webhook_secrets: settings.webhook_secrets.clone(),
            clock,
        })
    }

    async fn authorize(&self, wish: &Authorize) -> Result<Authorization, GatewayError> {
        let amount = counted(wish.amount)?;
        let key = requests::key("authorize", wish.key.uuid(), wish.round);
        let form = requests::authorize(wish, amount);
        match self
            .client
            .post::<Intent>("/v1/payment_intents", &form, &key)
            .await
        {
            Ok(answer) if answer.is_repeated => {
                let now = self.intent(&answer.body.id).await?;
                standing::authorization(&now)
            }
            Ok(answer) => standing::authorization(&answer.body),
            Err(fault) => self.not_authorized(fault).await,
        }
    }

    /// What a refusal means. One that names an intent is looked up: it may be repeated, and out of date.
    async fn not_authorized(&self, fault: Fault) -> Result<Authorization, GatewayError> {
        let Some(decline) = fault.decline() else {
            return Err(fault.into());
        };
        let Some(id) = fault.intent().map(|intent| intent.id.clone()) else {
            return Ok(Authorization::Declined(decline));
        };
        let now = self.intent(&id).await?;
        match now.status() {
            Status::RequiresPaymentMethod => {
                Ok(Authorization::DeclinedOpen(GatewayId::new(id), decline))
            }
            Status::Canceled => Ok(Authorization::Declined(decline)),
            _ => standing::authorization(&now),
        }
    }

    /// How an authorization stands of which no answer came.
    async fn find(&self, wish: &Authorize) -> Result<Option<Authorization>, GatewayError> {
        if let Some(id) = &wish.known {
            let now = self.own(id).await?;
            return standing::authorization(&now).map(Some);
        }
        let is_old = self.clock.now().duration_since(wish.since) > KEYS_LAST;
        if wish.round == 0 && !is_old {
            // The same key gets the same answer.
            return Ok(None);
        }
        match self.made_for(wish).await? {
            Some(intent) => standing::authorization(&intent).map(Some),
            None if is_old => Ok(Some(Authorization::Declined(Decline::not_processed()))),
            None => Ok(None),
        }
    }

    /// The intent that says to be of this payment. Of several, one that holds money comes first; the others are put in
    /// order by the reconciliation.
    async fn made_for(&self, wish: &Authorize) -> Result<Option<Intent>, GatewayError> {
        let since = wish.since.saturating_sub(SKEW).unwrap_or(wish.since);
        let until = wish
            .since
            .saturating_add(KEYS_LAST + SKEW)
            .unwrap_or(Timestamp::MAX);
        let mut found: Option<Intent> = None;
        let mut after = None;
        loop {
            let query = requests::list_plain(since, until, after.as_deref());
            let page = self
                .client
                .get::<objects::Intents>("/v1/payment_intents", &query)
                .await?;
            let more = page.data.last().map(|last| last.id.clone());
            let ours = page
                .data
                .into_iter()
                .filter(|one| one.payment() == Some(wish.key));
            for one in ours {
                if one.status() >= Status::RequiresCapture {
                    return Ok(Some(one));
                }
                if found
                    .as_ref()
                    .is_none_or(|best| best.status() < one.status())
                {
                    found = Some(one);
                }
            }
            after = more.filter(|_| page.has_more);
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn intent(&self, id: &str) -> Result<Intent, GatewayError> {
        let path = format!("/v1/payment_intents/{}", requests::segment(id));
        let found = self
            .client
            .get::<Intent>(&path, &requests::with_fee())
            .await;
        found.map_err(GatewayError::from)
    }

    /// An intent whose id is recorded. That it is missing says nothing of it: the key is that of another account, as long
    /// as an operator does not put it right.
    async fn own(&self, id: &GatewayId) -> Result<Intent, GatewayError> {
        let path = format!("/v1/payment_intents/{}", requests::segment(id.as_str()));
        let query = requests::with_fee();
        match self.client.get::<Intent>(&path, &query).await {
            Err(fault) if fault.is_missing() => {
                tracing::error!(
                    intent = id.as_str(),
                    "Stripe does not know an intent that is recorded: is STRIPE_KEY that of another account?"
                );
                Err(GatewayError::Unavailable(
                    "the intent is missing".to_owned(),
                ))
            }
            answer => answer.map_err(GatewayError::from),
        }
    }

    async fn capture(&self, wish: &Settle) -> Result<Option<Money>, GatewayError> {
        // Whether the failed round before this one acted is to be seen.
        if wish.round > 0
            && let Some(fee) = self.captured(wish).await?
        {
            return Ok(fee);
        }
        let amount = counted(wish.amount)?;
        let path = format!(
            "/v1/payment_intents/{}/capture",
            requests::segment(wish.id.as_str())
        );
        let key = requests::key("capture", wish.key.uuid(), wish.round);
        match self
            .client
            .post::<Intent>(&path, &requests::capture(amount), &key)
            .await
        {
            Ok(answer) if answer.body.status() == Status::Succeeded => standing::fee(&answer.body),
            Ok(answer) => Err(GatewayError::Unknown(format!(
                "after its capture the intent is {}",
                answer.body.status
            ))),
            Err(fault) if fault.is_refusal() => match self.captured(wish).await? {
                Some(fee) => Ok(fee),
                // It is there, as was seen just now.
                None if fault.is_missing() => {
                    Err(GatewayError::Unknown("it was missing".to_owned()))
                }
                None => Err(fault.into()),
            },
            Err(fault) => Err(fault.into()),
        }
    }

    /// Whether it is charged, and if so what Stripe kept; an error when it never can be.
    async fn captured(&self, wish: &Settle) -> Result<Option<Option<Money>>, GatewayError> {
        let now = self.own(&wish.id).await?;
        match now.status() {
            Status::Succeeded => standing::fee(&now).map(Some),
            Status::RequiresCapture => Ok(None),
            Status::Processing | Status::Unknown => Err(unclear(&now)),
            Status::Canceled
            | Status::RequiresPaymentMethod
            | Status::RequiresConfirmation
            | Status::RequiresAction => Err(GatewayError::Refused(format!(
                "the intent is {}, for the reason {}",
                now.status,
                now.cancellation_reason.as_deref().unwrap_or("unknown")
            ))),
        }
    }

    async fn void(&self, wish: &Settle) -> Result<Released, GatewayError> {
        if wish.round > 0
            && let Some(released) = self.released(wish).await?
        {
            return Ok(released);
        }
        let path = format!(
            "/v1/payment_intents/{}/cancel",
            requests::segment(wish.id.as_str())
        );
        // A payment may have more than one intent, if an answer was lost.
        let call = format!("void-{}", wish.id.as_str());
        let key = requests::key(&call, wish.key.uuid(), wish.round);
        match self.client.post::<Intent>(&path, &[], &key).await {
            Ok(_) => Ok(Released::Voided),
            Err(fault) if fault.is_refusal() => match self.released(wish).await? {
                Some(released) => Ok(released),
                None => Err(fault.into()),
            },
            Err(fault) => Err(fault.into()),
        }
    }

    /// Whether nothing is held any more.
    async fn released(&self, wish: &Settle) -> Result<Option<Released>, GatewayError> {
        let now = self.own(&wish.id).await?;
        match now.status() {
            Status::Canceled => Ok(Some(Released::Voided)),
            Status::Succeeded
                if now
                    .amount_received
                    .is_some_and(|charged| charged < now.amount) =>
            {
                self.return_part(wish, &now).await.map(Some)
            }
            Status::Succeeded => Ok(Some(Released::ChargedElsewhere)),
            Status::Processing | Status::Unknown => Err(unclear(&now)),
            Status::RequiresPaymentMethod
            | Status::RequiresConfirmation
            | Status::RequiresAction
            | Status::RequiresCapture => Ok(None),
        }
    }

    /// Somebody charged a part of what was held, which let go of the rest. It goes back at once: the books know whole charges
    /// only, and then nothing was charged.
    async fn return_part(&self, wish: &Settle, now: &Intent) -> Result<Released, GatewayError> {
        let seen = standing::seen(now)?.ok_or_else(|| unclear(now))?;
        if seen.refunded != seen.amount {
            let call = format!("return-{}", now.id);
            let key = requests::key(&call, wish.key.uuid(), wish.round);
            let form = requests::refund_rest(&now.id, wish.key.uuid());
            let answer = self
                .client
                .post::<objects::Refund>("/v1/refunds", &form, &key);
            if answer.await?.body.did_fail() {
                return Err(GatewayError::Refused("the part cannot go back".to_owned()));
            }
        }
        tracing::warn!(intent = now.id, "a part that somebody charged went back");
        Ok(Released::Voided)
    }

    async fn refund(&self, wish: &Refund) -> Result<(), GatewayError> {
        // Stripe may have forgotten the key of a request whose answer was lost.
        let Some(left) = self.left_of(wish).await? else {
            return Ok(());
        };
        let key = requests::key("refund", wish.key, wish.round);
        let form = requests::refund(wish, counted(left)?);
        match self
            .client
            .post::<objects::Refund>("/v1/refunds", &form, &key)
            .await
        {
            Ok(answer) if answer.body.did_fail() => Err(GatewayError::Refused(format!(
                "the refund is {}",
                answer.body.status
            ))),
            Ok(_) => Ok(()),
            Err(fault) if fault.is_refusal() && self.left_of(wish).await?.is_none() => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// What is to be asked for of this very refund: nothing when it was made, or somebody else gave back all that there was, and
    /// of the whole what others left of it. An error when it was made and failed: it is not made twice.
    async fn left_of(&self, wish: &Refund) -> Result<Option<Money>, GatewayError> {
        let query = requests::refunds_of(wish.id.as_str());
        let refunds: Refunds = self.client.get("/v1/refunds", &query).await?;
        let is_it = |refund: &&objects::Refund| refund.key() == Some(wish.key);
        let mut ours = refunds.data.iter().filter(is_it).peekable();
        if ours.peek().is_some() {
            return if ours.all(objects::Refund::did_fail) {
                Err(GatewayError::Refused("the refund failed".to_owned()))
            } else {
                Ok(None)
            };
        }
        let Some(seen) = standing::seen(&self.own(&wish.id).await?)? else {
            return Ok(Some(wish.amount));
        };
        if wish.amount != seen.amount {
            return Ok(Some(wish.amount));
        }
        let left = seen.amount.minor() - seen.refunded.minor();
        Ok((left > 0).then(|| Money::new(left, seen.amount.currency())))
    }
}

/// Nothing may be concluded from how it stands.
fn unclear(intent: &Intent) -> GatewayError {
    GatewayError::Unknown(format!("the intent is {}", intent.status))
}

/// The amount as Stripe counts it.
fn counted(amount: Money) -> Result<i64, GatewayError> {
    amount.counted_by_stripe().ok_or_else(|| {
        let (text, currency) = (amount.amount(), amount.currency());
        GatewayError::Refused(format!("Stripe does not charge {text} {currency}"))
    })
}

impl Gateway for Stripe {
    fn check_token(&self, text: String) -> Result<Token, TokenError> {
        requests::check_token(text)
    }

    fn authorize<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(self.authorize(wish))
    }

    fn find<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Option<Authorization>, GatewayError>> {
        Box::pin(self.find(wish))
    }

    fn capture<'a>(
        &'a self,
        wish: &'a Settle,
    ) -> BoxFuture<'a, Result<Option<Money>, GatewayError>> {
        Box::pin(self.capture(wish))
    }

    fn void<'a>(&'a self, wish: &'a Settle) -> BoxFuture<'a, Result<Released, GatewayError>> {
        Box::pin(self.void(wish))
    }

    fn refund<'a>(&'a self, wish: &'a Refund) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(self.refund(wish))
    }

    fn look<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Seen>, GatewayError>> {
        Box::pin(async {
            match self.intent(id).await {
                Ok(intent) => standing::seen(&intent),
                Err(GatewayError::Refused(_)) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn list<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a GatewayId>,
    ) -> BoxFuture<'a, Result<Listed, GatewayError>> {
        Box::pin(async move {
            let query = requests::list(since, after.map(GatewayId::as_str));
            let page: objects::Intents = self.client.get("/v1/payment_intents", &query).await?;
            let last = page.data.last().filter(|_| page.has_more);
            let next = last.map(|last| GatewayId::new(last.id.clone()));
            let seen = page.data.iter().map(standing::seen);
            let seen = seen.collect::<Result<Vec<_>, _>>()?;
            Ok(Listed {
                seen: seen.into_iter().flatten().collect(),
                next,
            })
        })
    }

    fn news<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<News>, GatewayError>> {
        Box::pin(async move {
            let query = requests::events(since, after);
            let page: objects::Events = self.client.get("/v1/events", &query).await?;
            Ok(page.data.into_iter().map(Event::into_news).collect())
        })
    }

    fn dispute<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Dispute>, GatewayError>> {
        Box::pin(async move {
            let path = format!("/v1/disputes/{}", requests::segment(id));
            let mut found = match self.client.get::<objects::Dispute>(&path, &[]).await {
                Ok(dispute) => dispute,
                Err(fault) if fault.is_refusal() => return Ok(None),
                Err(fault) => return Err(fault.into()),
            };
            let intent = match found.payment_intent.take() {
                Some(Expandable::Id(id)) => self.intent(&id).await?,
                Some(Expandable::Object(intent)) => *intent,
                None => return Ok(None),
            };
            standing::dispute(found, &intent)
        })
    }

    fn bounced<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Uuid>, GatewayError>> {
        Box::pin(async move {
            let path = format!("/v1/refunds/{}", requests::segment(id));
            match self.client.get::<objects::Refund>(&path, &[]).await {
                Ok(refund) if refund.did_fail() => Ok(refund.key()),
                Ok(_) => Ok(None),
                Err(fault) if fault.is_refusal() => Ok(None),
                Err(fault) => Err(fault.into()),
            }
        })
    }

    fn hear(&self, header: Option<&str>, body: &[u8]) -> Result<News, NotAuthentic> {
        let header = header.ok_or(NotAuthentic)?;
        signature::check(header, body, &self.webhook_secrets, self.clock.now())?;
        // Signed by Stripe, so what cannot be read is of a kind that is not known here.
        let event: Event = serde_json::from_slice(body).map_err(|error| {
            tracing::warn!(%error, "an event of Stripe cannot be read");
            NotAuthentic
        })?;
        Ok(event.into_news())
    }
}
