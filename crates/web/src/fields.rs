//! Fields of a form as a page shows them again: what was written, and what is wrong with it.

/// One thing that is wrong.
pub(crate) struct FieldError {
    /// The field, where it is one's fault.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

/// What is wrong with a field.
pub(crate) fn error_of<'e>(errors: &'e [FieldError], name: &str) -> Option<&'e str> {
    let found = errors
        .iter()
        .find(|error| error.field.as_deref() == Some(name));
    found.map(|error| error.message.as_str())
}

/// A few fields by their names.
#[derive(Default)]
pub(crate) struct FieldsShown {
    values: Vec<(&'static str, String)>,
    errors: Vec<FieldError>,
}

impl FieldsShown {
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> FieldsShown {
        self.values.push((name, value.to_owned()));
        self
    }

    pub(crate) fn refuse(&mut self, field: &str, message: &str) {
        self.errors.push(FieldError {
            field: Some(field.to_owned()),
            message: message.to_owned(),
        });
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn error(&self, name: &str) -> Option<&str> {
        error_of(&self.errors, name)
    }
}
