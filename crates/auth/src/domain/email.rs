//! E-mail addresses: how one looks, and when two are the same.

/// An e-mail address, as given but without blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    given: String,
    key: String,
}

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Email must be valid")]
pub struct EmailError;

/// The longest path that SMTP carries, without its brackets (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;
/// RFC 5321, section 4.5.3.1.1.
const LONGEST_LOCAL: usize = 64;
/// RFC 1035, section 2.3.4.
const LONGEST_LABEL: usize = 63;

impl Email {
    /// Reads an address as people have them: `local@domain.tld`, also beyond ASCII. Quoted local
    /// parts, comments and bare hosts are refused. Whether mail arrives is not known here.
    pub fn parse(text: &str) -> Result<Email, EmailError> {
        let given = text.trim();
        let (local, domain) = given.split_once('@').ok_or(EmailError)?;
        if given.chars().count() > LONGEST || !is_local(local) || !is_domain(domain) {
            return Err(EmailError);
        }
        Ok(Email {
            given: given.to_owned(),
            key: given.to_lowercase(),
        })
    }

    /// The address as it was given.
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// What two spellings of one address have in common.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Words separated by single dots.
fn is_local(local: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.chars().count() <= LONGEST_LOCAL
        && local
            .split('.')
            .all(|word| !word.is_empty() && word.chars().all(allowed))
}

/// At least two labels.
fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let hyphen_at_an_end = label.starts_with('-') || label.ends_with('-');
    !label.is_empty()
        && label.chars().count() <= LONGEST_LABEL
        && !hyphen_at_an_end
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_s_addresses_are_taken() {
        for text in [
            "ada@example.com",
            "ada.lovelace+tickets@mail.example.org",
            "o'hara_1@example.co.uk",
            "jürgen@bücher.example",
            "a@b.c",
        ] {
            assert_eq!(Email::parse(text).unwrap().as_given(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "bbbbbbb.".repeat(32));
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@localhost",
            "ada@@example.com",
            "ada@b@example.com",
            "ada lovelace@example.com",
            "ada@exam ple.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..b@example.com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@-example.com",
            "ada@example.com\r\nBcc: x@example.org",
            "\"ada\"@example.com",
            "<ada@example.com>",
            &long_local,
            &long_label,
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(EmailError), "{text:?}");
        }
    }

    #[test]
    fn the_longest_address_is_taken() {
        let domain = "b.".repeat(93) + "com";
        let text = format!("{}@{domain}", "a".repeat(64));
        assert_eq!(text.len(), 254);
        assert!(Email::parse(&text).is_ok());
        assert!(Email::parse(&format!("{text}m")).is_err());
    }

    #[test]
    fn case_and_blanks_around_do_not_make_another_address() {
        let one = Email::parse(" Ada@Example.COM\n").unwrap();
        assert_eq!(one.as_given(), "Ada@Example.COM");
        assert_eq!(one.key(), Email::parse("ada@example.com").unwrap().key());
    }
}
