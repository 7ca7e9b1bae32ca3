//! Parameters as Stripe's libraries encode them: `metadata[order]=7`, `expand[]=latest_charge`, `expand[0]=…`.
//! Whoever reads them takes them out; what is left at the end is unknown.

use crate::book::{Refusal, Refused};

pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Params {
        Params(pairs)
    }

    /// The last one of this name.
    fn take(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.0.retain_mut(|(known, value)| {
            let it = known == name;
            if it {
                found = Some(std::mem::take(value));
            }
            !it
        });
        found
    }

    /// A text that is not empty, if it is there.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Refused> {
        match self.take(name) {
            Some(text) if text.is_empty() => {
                let message = format!("You passed an empty string for '{name}'.");
                Err(Refusal::parameter(
                    Some("parameter_invalid_empty"),
                    name,
                    message,
                ))
            }
            text => Ok(text),
        }
    }

    pub(crate) fn required(&mut self, name: &str) -> Result<String, Refused> {
        self.text(name)?.ok_or_else(|| Refusal::missing(name))
    }

    pub(crate) fn number<T: std::str::FromStr>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Refused> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let wrong = |_| {
            let message = format!("Invalid integer: {text}");
            Refusal::parameter(Some("parameter_invalid_integer"), name, message)
        };
        text.parse().map(Some).map_err(wrong)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refused> {
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let message = format!("Invalid boolean: {other}");
                Err(Refusal::parameter(None, name, message))
            }
        }
    }

    /// One of a few words.
    pub(crate) fn choice(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, Refused> {
        let Some(word) = self.text(name)? else {
            return Ok(None);
        };
        if words.contains(&word.as_str()) {
            return Ok(Some(word));
        }
        let message = format!("Invalid {name}: must be one of {}.", words.join(", "));
        Err(Refusal::parameter(None, name, message))
    }

    /// The elements of `name[]` or `name[0]`, in their order.
    pub(crate) fn list(&mut self, name: &str) -> Vec<String> {
        let is_index = |inside: &str| inside.bytes().all(|digit| digit.is_ascii_digit());
        let found = self.inside(name, is_index);
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The entries of `name[key]`; one with an empty key stands for `name=`, which takes all away.
    pub(crate) fn map(&mut self, name: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.take(name).is_some() {
            found.push((String::new(), String::new()));
        }
        found.extend(self.inside(name, |key| !key.is_empty()));
        found
    }

    /// Metadata within its limits (<https://docs.stripe.com/metadata>).
    pub(crate) fn metadata(&mut self) -> Result<Vec<(String, String)>, Refused> {
        let found = self.map("metadata");
        if found.len() > 50 {
            return Err(Refusal::parameter(
                None,
                "metadata",
                "Metadata has at most 50 keys.",
            ));
        }
        for (key, value) in &found {
            if key.chars().count() > 40 || value.chars().count() > 500 {
                let message =
                    "Metadata has keys of at most 40 and values of at most 500 characters.";
                return Err(Refusal::parameter(
                    None,
                    &format!("metadata[{key}]"),
                    message,
                ));
            }
        }
        Ok(found)
    }

    /// Takes all that is somewhere inside of `name`, and does not look at it.
    pub(crate) fn pass_over(&mut self, name: &str) {
        let inside = format!("{name}[");
        self.0.retain(|(known, _)| !known.starts_with(&inside));
    }

    /// Whether there is anything of this name, or inside of it.
    pub(crate) fn has(&self, name: &str) -> bool {
        let inside = format!("{name}[");
        let mut names = self.0.iter().map(|(known, _)| known);
        names.any(|known| known == name || known.starts_with(&inside))
    }

    /// Whatever is left is unknown.
    pub(crate) fn finish(self) -> Result<(), Refused> {
        match self.0.first() {
            Some((name, _)) => Err(Refusal::unknown(name)),
            None => Ok(()),
        }
    }

    fn inside(&mut self, name: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.0.retain_mut(|(known, value)| {
            let inside = known
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('['));
            let inside = inside.and_then(|rest| rest.strip_suffix(']'));
            let Some(inside) = inside.filter(|inside| !inside.contains('[') && wanted(inside))
            else {
                return true;
            };
            found.push((inside.to_owned(), std::mem::take(value)));
            false
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params::new(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    #[test]
    fn what_is_read_is_taken_and_the_rest_is_unknown() {
        let mut params =
            params("amount=7&expand[]=a&expand[1]=b&metadata[order]=x&metadata[]=&odd[er]=1");
        assert!(
            params
                .number::<u64>("amount")
                .is_ok_and(|amount| amount == Some(7))
        );
        assert_eq!(params.list("expand"), ["a", "b"]);
        assert_eq!(
            params.map("metadata"),
            [("order".to_owned(), "x".to_owned())]
        );
        assert!(params.has("odd"));
        assert!(
            params
                .finish()
                .is_err_and(|refusal| refusal.param.as_deref() == Some("metadata[]"))
        );
    }

    #[test]
    fn wrong_values_name_their_parameter() {
        let code = |refusal: Refused| (refusal.code, refusal.param);
        let amount = params("amount=7.5").number::<u64>("amount").map_err(code);
        let wrong = (Some("parameter_invalid_integer"), Some("amount".to_owned()));
        assert_eq!(amount, Err(wrong));
        assert!(params("confirm=yes").flag("confirm").is_err());
        assert!(params("amount=").text("amount").is_err());
        assert!(params("").required("amount").is_err());
    }
}
