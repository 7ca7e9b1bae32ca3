//! All words that people read, one folder per language. A language that lacks a text does not compile.
//!
//! A `{}` in a text is where a value goes: see [`fill`]. What a service says in English is not shown: its stable code, or
//! the field that it concerns, leads to a text here.

mod english;
mod german;

use crate::locale::Language;

/// The words of a language.
pub(crate) fn of(language: Language) -> &'static Catalogue {
    match language {
        Language::English => &english::WORDS,
        Language::German => &german::WORDS,
    }
}

/// A text with its values in the places of `{}`, in their order.
pub(crate) fn fill(text: &str, values: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut values = values.iter();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{}") {
        filled.push_str(before);
        filled.push_str(values.next().unwrap_or(&""));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

pub(crate) type Text = &'static str;

pub(crate) struct Catalogue {
    pub(crate) site: Site,
    pub(crate) refusals: Refusals,
    pub(crate) card: Card,
    pub(crate) home: Home,
    /// Kinds of events that are suggested; any other may be written.
    pub(crate) categories: &'static [Text],
    pub(crate) ticket: Ticket,
    pub(crate) ticket_form: TicketForm,
    pub(crate) sell: Sell,
    pub(crate) edit: Edit,
    pub(crate) withdraw: Withdraw,
    pub(crate) listings: Listings,
    pub(crate) orders: Orders,
    pub(crate) order: Order,
    pub(crate) account: Account,
}

/// What is around every page.
pub(crate) struct Site {
    pub(crate) description: Text,
    pub(crate) skip: Text,
    pub(crate) menu: Text,
    pub(crate) sell: Text,
    pub(crate) orders: Text,
    pub(crate) listings: Text,
    pub(crate) account: Text,
    pub(crate) sign_in: Text,
    pub(crate) sign_up: Text,
    pub(crate) sign_out: Text,
    pub(crate) test_gateway: Text,
    pub(crate) language: Text,
    pub(crate) api: Text,
}

/// What went wrong, and what to do about it.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) title: Text,
    pub(crate) text: Text,
}

pub(crate) struct Refusals {
    pub(crate) browse: Text,
    pub(crate) broken: Refusal,
    pub(crate) forbidden: Refusal,
    pub(crate) not_found: Refusal,
    pub(crate) not_now: Refusal,
    pub(crate) not_understood: Refusal,
    pub(crate) too_many: Refusal,
    pub(crate) unavailable: Refusal,
    /// Of what a form asked for, where nothing more is known.
    pub(crate) try_again: Text,
}

pub(crate) struct Card {
    pub(crate) reserved: Text,
    pub(crate) no_date: Text,
    /// What its seller gets.
    pub(crate) earns: Text,
}

pub(crate) struct Home {
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) search: Text,
    pub(crate) search_hint: Text,
    pub(crate) filters: Text,
    pub(crate) category: Text,
    pub(crate) city: Text,
    pub(crate) from: Text,
    pub(crate) to: Text,
    pub(crate) min_price: Text,
    pub(crate) max_price: Text,
    pub(crate) sort: Text,
    /// The values that the API takes, and what they are called.
    pub(crate) sorts: &'static [(&'static str, Text)],
    pub(crate) apply: Text,
    pub(crate) clear: Text,
    pub(crate) for_sale: Text,
    pub(crate) found: Text,
    /// The number of the page.
    pub(crate) page: Text,
    pub(crate) nothing_found: Text,
    pub(crate) nothing_yet: Text,
    pub(crate) pages: Text,
    pub(crate) first_page: Text,
    pub(crate) next_page: Text,
    pub(crate) wrong_words: Text,
    pub(crate) wrong_price: Text,
    pub(crate) wrong_day: Text,
    pub(crate) wrong_page: Text,
}

/// A state that leaves nothing to do, and what may come of it.
pub(crate) struct Standing {
    pub(crate) text: Text,
    pub(crate) hint: Text,
}

pub(crate) struct Ticket {
    pub(crate) when: Text,
    pub(crate) local_time: Text,
    pub(crate) place: Text,
    pub(crate) seat: Text,
    pub(crate) listed: Text,
    pub(crate) buy_box: Text,
    pub(crate) all_in: Text,
    /// The fee.
    pub(crate) includes_fee: Text,
    /// The same, for its seller.
    pub(crate) buyers_pay: Text,
    pub(crate) buyers_pay_fee: Text,
    pub(crate) reserve: Text,
    /// For how long.
    pub(crate) lock_hint: Text,
    pub(crate) minutes: Text,
    pub(crate) seconds: Text,
    pub(crate) sign_in_to_buy: Text,
    pub(crate) new_here: Text,
    pub(crate) own: Text,
    pub(crate) edit: Text,
    pub(crate) withdraw: Text,
    pub(crate) reserved_by_you: Text,
    pub(crate) continue_to_payment: Text,
    pub(crate) bought: Text,
    pub(crate) see_receipt: Text,
    pub(crate) see_others: Text,
    pub(crate) reserved: Standing,
    pub(crate) sold: Standing,
    pub(crate) withdrawn: Standing,
    pub(crate) over: Standing,
    pub(crate) own_reserved: Standing,
    /// When.
    pub(crate) own_sold: Standing,
    pub(crate) own_withdrawn: Standing,
    pub(crate) is_listed: Text,
    pub(crate) is_saved: Text,
    /// By the code of the refusal.
    pub(crate) refused: &'static [(&'static str, Text)],
}

pub(crate) struct TicketForm {
    pub(crate) mend: Text,
    pub(crate) what: Text,
    pub(crate) title: Text,
    pub(crate) title_hint: Text,
    pub(crate) category: Text,
    pub(crate) category_hint: Text,
    pub(crate) price: Text,
    pub(crate) price_hint: Text,
    pub(crate) currency: Text,
    pub(crate) currency_hint: Text,
    pub(crate) where_and_when: Text,
    pub(crate) venue: Text,
    pub(crate) venue_hint: Text,
    pub(crate) city: Text,
    pub(crate) city_hint: Text,
    pub(crate) country: Text,
    pub(crate) country_hint: Text,
    pub(crate) no_country: Text,
    pub(crate) starts: Text,
    pub(crate) starts_hint: Text,
    pub(crate) zone: Text,
    pub(crate) zone_hint: Text,
    pub(crate) no_zone: Text,
    pub(crate) which_seat: Text,
    pub(crate) section: Text,
    pub(crate) section_hint: Text,
    pub(crate) row: Text,
    pub(crate) row_hint: Text,
    pub(crate) seat: Text,
    pub(crate) seat_hint: Text,
    /// What each field may be, by its name: said where it is not.
    pub(crate) rules: &'static [(&'static str, Text)],
}

pub(crate) struct Sell {
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) list: Text,
    pub(crate) preview: Text,
    pub(crate) preview_heading: Text,
    pub(crate) preview_hint: Text,
}

pub(crate) struct Edit {
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) save: Text,
    pub(crate) back: Text,
    pub(crate) changed_meanwhile: Text,
}

pub(crate) struct Withdraw {
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) confirm: Text,
    pub(crate) back: Text,
}

pub(crate) struct Listings {
    pub(crate) heading: Text,
    pub(crate) none: Text,
    pub(crate) available: Text,
    pub(crate) reserved: Text,
    pub(crate) sold: Text,
    pub(crate) withdrawn: Text,
    pub(crate) over: Text,
    pub(crate) why_reserved: Text,
    /// When.
    pub(crate) why_sold: Text,
    pub(crate) why_withdrawn: Text,
    pub(crate) money: Money,
}

/// What a seller has of their sales.
pub(crate) struct Money {
    pub(crate) heading: Text,
    pub(crate) payable: Text,
    pub(crate) owed: Text,
    pub(crate) frozen: Text,
    pub(crate) paid_out: Text,
    pub(crate) to_statement: Text,
    pub(crate) statement: Text,
    pub(crate) statement_lead: Text,
    pub(crate) no_lines: Text,
    pub(crate) what: Text,
    pub(crate) amount: Text,
    /// By what a line is for.
    pub(crate) kinds: &'static [(&'static str, Text)],
}

pub(crate) struct Orders {
    pub(crate) heading: Text,
    pub(crate) none: Text,
    pub(crate) created: Text,
    pub(crate) awaiting: Text,
    pub(crate) complete: Text,
    pub(crate) cancelled: Text,
    pub(crate) expired: Text,
    /// Until when.
    pub(crate) pay_until: Text,
    /// When.
    pub(crate) on: Text,
}

pub(crate) struct Order {
    pub(crate) created: Refusal,
    pub(crate) awaiting: Refusal,
    pub(crate) bank: Refusal,
    pub(crate) processing: Refusal,
    pub(crate) authorized: Refusal,
    pub(crate) over: Refusal,
    pub(crate) complete: Refusal,
    /// Complete, and wholly given back.
    pub(crate) refunded: Refusal,
    /// How much.
    pub(crate) partly_refunded: Text,
    pub(crate) cancelled: Refusal,
    /// Ended, charged and given back.
    pub(crate) came_too_late: Text,
    /// By the reason of the cancellation.
    pub(crate) reasons: &'static [(&'static str, Text)],
    /// By the gateway's code, and one for all others.
    pub(crate) declines: &'static [(&'static str, Text)],
    pub(crate) declined: Text,
    pub(crate) one_try_left: Text,
    /// How many.
    pub(crate) tries_left: Text,
    pub(crate) please_wait: Text,
    pub(crate) time_left: Text,
    pub(crate) test_card: Text,
    pub(crate) no_money: Text,
    /// The token of each test card, its name, and what comes of it.
    pub(crate) test_cards: &'static [(&'static str, Text, Text)],
    pub(crate) wrong_card: Text,
    pub(crate) form: CardForm,
    /// What Stripe did not give for a card.
    pub(crate) wrong_token: Text,
    pub(crate) to_bank: Text,
    pub(crate) bank_needs_scripts: Text,
    /// A payment that was not begun on a page.
    pub(crate) bank_elsewhere: Text,
    pub(crate) another_card: Text,
    /// The amount.
    pub(crate) pay: Text,
    pub(crate) print: Text,
    pub(crate) back_to_ticket: Text,
    pub(crate) cancel: Text,
    pub(crate) cannot_cancel: Text,
    pub(crate) price: Text,
    pub(crate) fee: Text,
    pub(crate) total: Text,
    pub(crate) number: Text,
    pub(crate) reserved_on: Text,
    pub(crate) payment: Text,
    pub(crate) paid_back: Text,
    pub(crate) bank_state: Text,
    pub(crate) authorized_state: Text,
    /// When.
    pub(crate) captured_state: Text,
    pub(crate) releasing_state: Text,
    pub(crate) voided_state: Text,
    pub(crate) refunded_state: Text,
}

/// Around Stripe's own form for a card.
pub(crate) struct CardForm {
    pub(crate) heading: Text,
    pub(crate) hint: Text,
    pub(crate) loading: Text,
    pub(crate) needs_scripts: Text,
    pub(crate) unavailable: Text,
    pub(crate) failed: Text,
    /// Where there is no form.
    pub(crate) none: Text,
}

/// Signing in or up.
pub(crate) struct Door {
    pub(crate) heading: Text,
    pub(crate) submit: Text,
    pub(crate) password_hint: Text,
    pub(crate) autocomplete: Text,
    pub(crate) other: Text,
    pub(crate) other_link: Text,
}

pub(crate) struct Account {
    pub(crate) heading: Text,
    pub(crate) signed_in_as: Text,
    pub(crate) email: Text,
    pub(crate) password: Text,
    pub(crate) password_hint: Text,
    pub(crate) current_password: Text,
    pub(crate) new_password: Text,
    pub(crate) change_password: Text,
    pub(crate) change_password_text: Text,
    pub(crate) password_changed: Text,
    pub(crate) everywhere: Text,
    pub(crate) everywhere_text: Text,
    pub(crate) data: Text,
    pub(crate) data_text: Text,
    pub(crate) delete: Text,
    pub(crate) delete_text: Text,
    pub(crate) delete_hint: Text,
    pub(crate) deleted: Text,
    pub(crate) sign_in: Door,
    pub(crate) sign_up: Door,
    pub(crate) sign_out_heading: Text,
    pub(crate) session_ended: Text,
    pub(crate) not_done: Text,
    pub(crate) signed_out: Text,
    pub(crate) wrong_email: Text,
    pub(crate) wrong_password_form: Text,
    pub(crate) wrong_password: Text,
    pub(crate) wrong_credentials: Text,
    pub(crate) email_in_use: Text,
    pub(crate) too_often: Text,
}

/// The text of a word in one of the tables above.
pub(crate) fn find(table: &[(&'static str, Text)], word: &str) -> Option<Text> {
    let found = table.iter().find(|(known, _)| *known == word);
    found.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_the_braces_are() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("none", &["1"]), "none");
        assert_eq!(fill("{} and {}", &["<b>{}"]), "<b>{} and ");
    }

    #[test]
    fn the_tables_of_all_languages_know_the_same_words() {
        let words = |table: &[(&'static str, Text)]| -> Vec<&str> {
            table.iter().map(|(word, _)| *word).collect()
        };
        let english = of(Language::English);
        for language in Language::ALL {
            let other = of(language);
            assert_eq!(words(english.home.sorts), words(other.home.sorts));
            assert_eq!(words(english.ticket.refused), words(other.ticket.refused));
            assert_eq!(
                words(english.ticket_form.rules),
                words(other.ticket_form.rules)
            );
            assert_eq!(words(english.order.reasons), words(other.order.reasons));
            assert_eq!(words(english.order.declines), words(other.order.declines));
            assert_eq!(
                words(english.listings.money.kinds),
                words(other.listings.money.kinds)
            );
            assert_eq!(english.categories.len(), other.categories.len());
        }
    }

    #[test]
    fn every_reason_to_cancel_and_every_line_of_a_statement_has_its_text() {
        for language in Language::ALL {
            for kind in tessera_contracts::StatementKind::ALL {
                let text = find(of(language).listings.money.kinds, kind.as_str());
                assert!(text.is_some(), "{language:?}: {kind}");
            }
            for reason in tessera_contracts::CancelReason::ALL {
                let text = find(of(language).order.reasons, reason.as_str());
                assert!(text.is_some(), "{language:?}: {reason}");
            }
        }
    }
}
