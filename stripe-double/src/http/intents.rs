//! The calls that change a PaymentIntent: their parameters, all of which are read before anything is done.

use serde_json::Value;

use super::objects::method_input;
use super::params::Params;
use crate::book::{
    Book, CaptureMethod, How, KINDS, Kept, Kinds, NewIntent, Price, Refusal, Refused,
};

/// Since version 2026-09-30.endive; older ones take it.
const GONE: &str = "payment_method_types";
const ONLY_CONFIRMING: [&str; 4] = [
    "confirmation_token",
    "error_on_requires_action",
    "off_session",
    "return_url",
];

pub(super) fn create(book: &mut Book, mut params: Params) -> Result<Value, Refused> {
    let amount = params
        .number("amount")?
        .ok_or_else(|| Refusal::missing("amount"))?;
    let price = Price::parse(amount, &params.required("currency")?)?;
    let confirms = params.flag("confirm")?.unwrap_or(false);
    let early = ONLY_CONFIRMING
        .iter()
        .find(|name| !confirms && params.has(name));
    if let Some(early) = early {
        let message = format!("{early} can be used with confirm=true alone.");
        return Err(Refusal::parameter(None, early, message));
    }
    let kinds = kinds(&mut params)?;
    let capture = params.choice(
        "capture_method",
        &["automatic", "automatic_async", "manual"],
    )?;
    let terms = NewIntent {
        price,
        capture: match capture.as_deref() {
            Some("automatic") => CaptureMethod::Automatic,
            Some("manual") => CaptureMethod::Manual,
            _ => CaptureMethod::AutomaticAsync,
        },
        kinds,
        description: params.text("description")?,
        statement_descriptor_suffix: params.text("statement_descriptor_suffix")?,
        transfer_group: params.text("transfer_group")?,
    };
    let metadata = params.metadata()?;
    let metadata = metadata
        .into_iter()
        .filter(|(key, _)| !key.is_empty())
        .collect();
    let how = how(&mut params)?;
    let input = method_input(&mut params)?;
    params.finish()?;
    let method = input.into_method(book)?;
    let id = book.create(terms, metadata, method, confirms.then_some(how))?;
    shown(book, &id)
}

/// Which kinds of payment methods are taken: those of the account's settings, unless it is said otherwise.
fn kinds(params: &mut Params) -> Result<Kinds, Refused> {
    refuse_what_is_gone(params)?;
    let allowed = params.list("allowed_payment_method_types");
    let excluded = params.list("excluded_payment_method_types");
    let enabled = params.flag("automatic_payment_methods[enabled]")?;
    let redirects = params.choice(
        "automatic_payment_methods[allow_redirects]",
        &["always", "never"],
    )?;
    if !allowed.is_empty() {
        if enabled.is_some() || !excluded.is_empty() {
            let message = "allowed_payment_method_types stands for itself: neither excluded ones nor \
                automatic_payment_methods go with it.";
            let (code, param) = (Some("parameters_exclusive"), "allowed_payment_method_types");
            return Err(Refusal::parameter(code, param, message));
        }
        return Ok(Kinds::Allowed(allowed));
    }
    if enabled == Some(false) {
        let message = "The double's account has no other payment methods than the dynamic ones.";
        return Err(Refusal::parameter(
            None,
            "automatic_payment_methods[enabled]",
            message,
        ));
    }
    if let Some(odd) = excluded.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        let message = format!("The double has no payment methods of the kind {odd}.");
        return Err(Refusal::parameter(
            None,
            "excluded_payment_method_types",
            message,
        ));
    }
    let allow_redirects = redirects.unwrap_or_else(|| "always".to_owned());
    Ok(Kinds::Dynamic {
        allow_redirects,
        excluded,
    })
}

fn refuse_what_is_gone(params: &Params) -> Result<(), Refused> {
    if params.has(GONE) {
        let message =
            "payment_method_types is no longer supported: use allowed_payment_method_types.";
        let code = Some("payment_method_types_no_longer_supported");
        return Err(Refusal::parameter(code, GONE, message));
    }
    Ok(())
}

fn how(params: &mut Params) -> Result<How, Refused> {
    let off_session = params.flag("off_session")?.unwrap_or(false);
    let no_action = params.flag("error_on_requires_action")?.unwrap_or(false);
    Ok(How {
        confirmation_token: params.text("confirmation_token")?,
        return_url: params.text("return_url")?,
        use_sdk: params.flag("use_stripe_sdk")?.unwrap_or(false),
        nobody_there: off_session || no_action,
    })
}

pub(super) fn confirm(book: &mut Book, id: &str, mut params: Params) -> Result<Value, Refused> {
    refuse_what_is_gone(&params)?;
    let how = how(&mut params)?;
    let input = method_input(&mut params)?;
    params.finish()?;
    book.intents.find(id, "intent")?;
    let method = input.into_method(book)?;
    book.confirm(id, method, how)?;
    shown(book, id)
}

pub(super) fn capture(book: &mut Book, id: &str, mut params: Params) -> Result<Value, Refused> {
    let amount = params.number("amount_to_capture")?;
    let is_final = params.flag("final_capture")?.unwrap_or(true);
    params.finish()?;
    if !is_final {
        let message = "The double captures once.";
        return Err(Refusal::parameter(None, "final_capture", message));
    }
    book.capture(id, amount)?;
    shown(book, id)
}

pub(super) fn cancel(book: &mut Book, id: &str, mut params: Params) -> Result<Value, Refused> {
    let reason = params.text("cancellation_reason")?;
    params.finish()?;
    book.cancel(id, reason)?;
    shown(book, id)
}

pub(super) fn update(book: &mut Book, id: &str, mut params: Params) -> Result<Value, Refused> {
    refuse_what_is_gone(&params)?;
    let (metadata, description) = (params.metadata()?, params.text("description")?);
    params.finish()?;
    book.update(id, &metadata, description)?;
    shown(book, id)
}

fn shown(book: &Book, id: &str) -> Result<Value, Refused> {
    Ok(book.intents.find(id, "intent")?.json())
}
