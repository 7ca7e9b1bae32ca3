//! Webhook endpoints (<https://docs.stripe.com/api/webhook_endpoints/object>), and the secrets that sign for them.

use serde_json::{Value, json};

use super::refusal::{Refusal, Refused};
use super::{Book, Kept};

pub(crate) struct Endpoint {
    id: String,
    created: i64,
    pub(crate) url: String,
    /// Types of events, or `*`.
    events: Vec<String>,
    /// `whsec_…`; the newest last. More than one while they are being rotated.
    pub(crate) secrets: Vec<String>,
}

impl Endpoint {
    pub(crate) fn wants(&self, kind: &str) -> bool {
        let wants = |event: &String| event == "*" || event == kind;
        self.events.iter().any(wants)
    }
}

impl Book {
    /// Adds one. Answers its id and its secret: the secret is told this once.
    pub(crate) fn create_endpoint(
        &mut self,
        url: String,
        events: Vec<String>,
    ) -> Result<(String, String), Refused> {
        let is_web =
            url::Url::parse(&url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if !is_web {
            let message = format!("Invalid URL: {url}");
            return Err(Refusal::parameter(Some("url_invalid"), "url", message));
        }
        if events.is_empty() {
            return Err(Refusal::missing("enabled_events"));
        }
        let (id, secret) = (self.ids.next("we"), self.ids.next("whsec"));
        let (created, secrets) = (self.now, vec![secret.clone()]);
        self.endpoints.put(Endpoint {
            id: id.clone(),
            created,
            url,
            events,
            secrets,
        });
        Ok((id, secret))
    }

    /// A further secret, which signs beside the earlier ones until those are retired.
    pub(crate) fn rotate_secret(&mut self, id: &str) -> Result<String, Refused> {
        let secret = self.ids.next("whsec");
        let endpoint = self.endpoints.find_mut(id, "webhook_endpoint")?;
        endpoint.secrets.push(secret.clone());
        Ok(secret)
    }

    /// From now on the newest secret signs alone.
    pub(crate) fn retire_secrets(&mut self, id: &str) -> Result<(), Refused> {
        let secrets = &mut self.endpoints.find_mut(id, "webhook_endpoint")?.secrets;
        secrets.drain(..secrets.len().saturating_sub(1));
        Ok(())
    }
}

impl Kept for Endpoint {
    const NAME: &'static str = "webhook endpoint";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": null,
            "application": null,
            "created": self.created,
            "description": null,
            "enabled_events": self.events,
            "livemode": false,
            "metadata": {},
            "status": "enabled",
            "url": self.url,
        })
    }
}
