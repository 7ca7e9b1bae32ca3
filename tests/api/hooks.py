"""What schemathesis cannot know of Tessera: who asks, what a refusal may rest on, and what nobody may ever be shown.

It finds where the server is, who is signed up, the round's seed, and where the figures go, in the environment. Started by
itself, it sends each operation once as it is meant (`people.journey`) in place of a round.
"""

import atexit
import calendar
import collections
import datetime
import json
import math
import os
import random
import re
import sys
import time
import unicodedata
import urllib.parse
import uuid
import zoneinfo

import people
import schemathesis
import schemathesis.generation

# Cases are told apart by ids that schemathesis draws from here, without a seed of its own; and by those, what is drawn below.
schemathesis.generation.RANDOM.seed(os.environ["API_SEED"])

with open(os.environ["API_PEOPLE"], encoding="utf-8") as file:
    PEOPLE = people.People(os.environ["API_URL"], json.load(file))

# Where a request names something that somebody made, and what makes such things.
NAMED = {
    "GET /api/tickets/{id}": ("path_parameters", "id", "POST /api/tickets"),
    "PUT /api/tickets/{id}": ("path_parameters", "id", "POST /api/tickets"),
    "DELETE /api/tickets/{id}": ("path_parameters", "id", "POST /api/tickets"),
    "POST /api/orders": ("body", "ticketId", "POST /api/tickets"),
    "GET /api/orders/{id}": ("path_parameters", "id", "POST /api/orders"),
    "DELETE /api/orders/{id}": ("path_parameters", "id", "POST /api/orders"),
    "POST /api/payments": ("body", "orderId", "POST /api/orders"),
    "GET /api/payments": ("query", "orderId", "POST /api/orders"),
    "GET /api/payments/{id}": ("path_parameters", "id", "POST /api/payments"),
    "POST /api/payments/{id}/confirmation": ("path_parameters", "id", "POST /api/payments"),
}
# Names what is another's: one's own ticket is refused.
RESERVES = "POST /api/orders"

# Whether what an answer shows is this person's.
OWNERS = {
    "GET /api/orders": lambda order, person: order["userId"] == person["id"],
    "POST /api/orders": lambda order, person: order["userId"] == person["id"],
    "GET /api/orders/{id}": lambda order, person: order["userId"] == person["id"],
    "GET /api/tickets": lambda ticket, person: ticket["userId"] == person["id"],
    "POST /api/tickets": lambda ticket, person: ticket["userId"] == person["id"],
    "PUT /api/tickets/{id}": lambda ticket, person: ticket["userId"] == person["id"],
    "GET /api/payments": lambda payment, person: payment["orderId"] in PEOPLE.made_by(person, "POST /api/orders"),
    "POST /api/payments": lambda payment, person: payment["orderId"] in PEOPLE.made_by(person, "POST /api/orders"),
    "GET /api/payments/{id}": lambda payment, person: payment["orderId"] in PEOPLE.made_by(person, "POST /api/orders"),
    "POST /api/payments/{id}/confirmation": lambda payment, person: payment["orderId"] in PEOPLE.made_by(person, "POST /api/orders"),
    "GET /api/users/export": lambda export, person: export["id"] == person["id"],
}
# What is answered without a body: whose it is, its id alone tells.
TAKES_AWAY = {"DELETE /api/tickets/{id}", "DELETE /api/orders/{id}"}

# Which field must hold the sender's password, beside their session.
CONFIRMED_BY = {"POST /api/users/password": "current", "DELETE /api/users/me": "password"}

# How many of the newest are chosen from: older ones have mostly ended.
RECENT = 8
KEY = re.compile("[!-~]{1,255}")

answers = collections.Counter()
failed = collections.Counter()
forgiven = collections.Counter()
# Those that each list gave.
cursors = collections.defaultdict(set)


@schemathesis.auth(refresh_interval=None)
class Session:
    """Signs each request as somebody: mostly a seller where tickets are sold, and a buyer where they are bought."""

    def get(self, case, context):
        return PEOPLE.who_sends(case.operation.label, random.Random(case.id))

    def set(self, case, person, context):
        case.headers["Authorization"] = f"Bearer {person['token']}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes most requests mean something: they name what is the sender's own, and carry a key that nobody used yet."""
    chance = random.Random(case.id)
    person = PEOPLE.who_sent(case.headers)
    named = named_in(case)
    # What was made wrong on purpose stays as it is, and so does what an earlier answer gave.
    is_nobody_s = is_id(named) and not PEOPLE.is_known(named)
    if person and is_nobody_s and case.operation.label != RESERVES:
        name_own(case, person, chance)
    if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))) and chance.random() < 0.8:
        case.headers["Idempotency-Key"] = str(uuid.UUID(int=chance.getrandbits(128)))


def name_own(case, person, chance):
    place, field, makes = NAMED[case.operation.label]
    own = PEOPLE.made_by(person, makes)
    if own and chance.random() < 0.7:
        getattr(case, place)[field] = chance.choice(own[-RECENT:])


def named_in(case):
    """The id of what this is about."""
    place, field, _ = NAMED.get(case.operation.label, (None, None, None))
    values = getattr(case, place) if place else None
    return values.get(field) if isinstance(values, dict) else None


def is_id(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


@schemathesis.hook
def after_call(context, case, response):
    answers[f"{case.operation.label} {response.status_code}"] += 1
    PEOPLE.heed(case.operation.label, PEOPLE.who_sent(case.headers), response)
    for link in response.headers.get("link", []):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(link.split(">")[0]).query)
        cursors[case.operation.label].update(query.get("cursor", []))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Counts failures, and those that what was sent explains apart from the others."""
    kind = type(failure).__name__
    reason = REASONS.get(kind)
    names = reason(case, response) if reason else ()
    if not names:
        failed[kind] += 1
    forgiven.update(f"{case.operation.label} {name}" for name in names)
    return not names


def left_out(case, response):
    """A parameter that is sent empty counts as left out, as forms send those that nobody filled in."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(response.request.url).query, keep_blank_values=True)
    is_alone = query.get("limit") == [""] and made_wrong(case.meta) == {"limit"}
    return ("empty-limit",) if is_alone else ()


def made_wrong(meta):
    """The parameters that are wrong on purpose; a header is not any more once the sender's session is in it."""
    data = meta.phase.data
    if not data.mutations:
        return {data.parameter}
    return {mutation.parameter for mutation in data.mutations if meta.is_negative_at(mutation.parameter_location)}


def ended(case, response):
    """What was cancelled or withdrawn is still told of, as what it is then."""
    return ("ended",) if response.json().get("status") in ("cancelled", "withdrawn") else ()


def refused(case, response):
    """What the document allows may be refused for what it has no words for."""
    reasons = {400: refused_fields, 401: signed_out, 403: another_s, 404: unknown}
    reason = reasons.get(response.status_code)
    return reason(case, response) if reason else ()


# By the kind of a failure: what forgives it, in words without blanks, or nothing.
REASONS = {"RejectedPositiveData": refused, "AcceptedNegativeData": left_out, "UseAfterFree": ended}


def signed_out(case, response):
    """401 is for who has no session that lives, and for a password that is not the right one."""
    label, sent = case.operation.label, sent_in(response.request)
    if label == "POST /api/users/signin":
        return () if people.is_visitor(sent.get("email"), sent.get("password")) else ("password",)
    if not PEOPLE.is_signed_in(PEOPLE.who_sent(response.request.headers)):
        return ("session",)
    field = CONFIRMED_BY.get(label)
    return (field,) if field and sent.get(field) != people.PASSWORD else ()


def another_s(case, response):
    """403 is for what may be another's, and for an order of what may be one's own."""
    named, person = named_in(case), PEOPLE.who_sent(response.request.headers)
    if person is None or not is_id(named):
        return ()
    owner = PEOPLE.owner_of(named)
    if case.operation.label == RESERVES:
        return ("own",) if owner in (None, person["id"]) else ()
    return ("another's",) if owner != person["id"] else ()


def unknown(case, response):
    """404 is for what nobody made in this round, and for the `None` that stands for the null of an earlier answer."""
    named = named_in(case)
    if named in (None, "None"):
        return ("null",)
    return ("unknown",) if is_id(named) and not PEOPLE.is_known(named) else ()


def refused_fields(case, response):
    """400 is for fields that hold what the document allows and nobody can take: those that it names, if all of them do."""
    label, problem = case.operation.label, response.json()
    # A signature is over bytes and a secret, which no document says.
    if label == "POST /api/payments/webhooks/stripe" and problem["code"] == "bad_signature":
        return ("Stripe-Signature",)
    sent, rules = sent_in(response.request), BEYOND_THE_DOCUMENT.get(label, {})
    for error in problem["errors"]:
        rule = rules.get(error.get("field"))
        if rule is None or not rule(sent.get(error["field"]), sent, error["message"]):
            return ()
    return tuple(error["field"] for error in problem["errors"])


class Number(str):
    """A number of JSON, by its digits as they were sent."""


def sent_in(request):
    """The fields of a request's body, its parameters, and its `If-Match`, by their names."""
    # Parameters that are empty count as left out, and of those that are given twice the last counts.
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))
    tags = request.headers.get("If-Match")
    if tags is not None:
        sent["if-match"] = tags.decode("latin-1") if isinstance(tags, bytes) else tags
    try:
        body = json.loads(request.body or "null", parse_int=Number, parse_float=Number)
    except ValueError:
        body = None
    return {**sent, **body} if isinstance(body, dict) else sent


# What follows says the server's own rules once more, in the words of this side, but for those that the document has.

# What Unicode calls white space; Python adds some that it calls control characters.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
LONGEST_WORD = 100
MOST_WORDS = 10

AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")
LARGEST_AMOUNT = 2**63 - 1
# In minor units of any currency.
LARGEST_PRICE = 99_999_999
# How many digits after the point a currency has, if not two.
DIGITS = {
    **dict.fromkeys("bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf".split(), 0),
    **dict.fromkeys("bhd iqd jod kwd lyd omr tnd".split(), 3),
}
CURRENCIES = {
    *DIGITS,
    *"aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop crc cup cve czk".split(),
    *"dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr kpw kyd".split(),
    *"kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php".split(),
    *"pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah".split(),
    *"usd uyu uzs ved wst xcd xcg yer zar zmw zwg".split(),
}

TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
# The last moment that the server can reckon with in every time zone.
LAST_MOMENT = calendar.timegm((9999, 12, 30, 22, 0, 0))
ZONES = {name.lower() for name in zoneinfo.available_timezones()}

CARDS = {"tok_visa", "tok_chargeDeclined", "tok_chargeDeclinedInsufficientFunds", "tok_chargeDeclinedExpiredCard"}
TAG = re.compile('(W/)?"[^"]*"')


def is_no_line(text):
    """Nothing but blanks, or with control characters, or a number with more digits than a word may have characters."""
    line = text.strip(BLANKS)
    has_control = any(unicodedata.category(character) == "Cc" for character in line)
    return not line or has_control or isinstance(text, Number) and len(text) > LONGEST_WORD


def is_no_amount(text, digits=3, largest=LARGEST_AMOUNT):
    """With more digits after the point than it may have, or too large, or a number with an exponent or a sign."""
    if not AMOUNT.fullmatch(text):
        return isinstance(text, Number)
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return len(fraction) > digits or int(whole + fraction.ljust(digits, "0")) > largest


def is_no_price(text, currency):
    return is_no_amount(text, DIGITS.get(currency, 2), LARGEST_PRICE) or set(text) <= set("0.")


def is_no_new_price(price, sent, message):
    return isinstance(price, str) and is_no_price(price, sent.get("currency") or "usd")


def is_no_changed_price(price, sent, message):
    currency = sent.get("currency")
    # Whether the price that a listing has fits another currency is not known here.
    if "price" not in sent:
        return currency in CURRENCIES
    # Nor is the currency that it has, but the refusal names it.
    code = re.search(r"\b[A-Z]{3}\b", message)
    if currency not in CURRENCIES and code:
        currency = code[0].lower()
    return isinstance(price, str) and is_no_price(price, currency)


def seconds(text):
    """The seconds since 1970 of a time as RFC 3339 writes it."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    if year == 0:
        return -math.inf
    try:
        # A leap second counts as the one before it.
        at = datetime.datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return None
    zone = found[7].upper().replace("Z", "+00:00")
    ahead = (int(zone[1:3]) * 60 + int(zone[4:])) * 60
    return calendar.timegm(at.timetuple()) - (ahead if zone[0] == "+" else -ahead)


def is_no_start(text):
    """No time, which the document's `format` only hints at, or one that is not ahead, or too far ahead."""
    at = seconds(text)
    return at is None or not time.time() < at <= LAST_MOMENT


def is_no_moment(text):
    """Neither a time nor a day, or too late."""
    at = seconds(f"{text}T23:59:59Z" if len(text) == 10 else text)
    return at is None or at > LAST_MOMENT


def is_too_wordy(text):
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] != "M")
    words = "".join(c if c.isalnum() else " " for c in bare.lower()).split()
    return len(words) > MOST_WORDS


def is_no_address(text):
    """Not `local@domain.tld` without quotes and comments, or longer than mail carries it."""
    given = text.strip(BLANKS)
    local, _, domain = given.partition("@")
    words, labels = local.split("."), domain.split(".")
    are_words = all(word and all(c.isalnum() or c in "!#$%&'*+-/=?^_`{|}~" for c in word) for word in words)
    are_labels = len(labels) > 1 and all(is_label(label) for label in labels)
    return len(given) > 254 or len(local) > 64 or not are_words or not are_labels


def is_label(text):
    are_letters = all(c.isalnum() or c == "-" for c in text)
    return 0 < len(text) <= 63 and are_letters and text[0] != "-" and text[-1] != "-"


def are_no_tags(text):
    """With a comma within a tag, or with what is not ASCII."""
    are_tags = text == "*" or all(TAG.fullmatch(tag.strip()) for tag in text.split(","))
    return not are_tags or not all(" " <= c <= "~" or c == "\t" for c in text)


def of(rule):
    """The rule of a field that asks for its own value alone, and for a text or a number."""
    return lambda value, sent, message: isinstance(value, str) and rule(value)


LINES = dict.fromkeys(("title", "category", "venue", "city", "section", "row", "seat"), of(is_no_line))
OF_A_TICKET = {
    **LINES,
    "startsAt": of(is_no_start),
    "timeZone": of(lambda name: name.lower() not in ZONES),
    "currency": of(lambda code: code not in CURRENCIES),
}

# What the document has no words for, by the field that a refusal (400) names: whether this value of it may be refused.
BEYOND_THE_DOCUMENT = {
    "POST /api/tickets": {**OF_A_TICKET, "price": is_no_new_price},
    "PUT /api/tickets/{id}": {**OF_A_TICKET, "price": is_no_changed_price, "if-match": of(are_no_tags)},
    "DELETE /api/tickets/{id}": {"if-match": of(are_no_tags)},
    "GET /api/tickets": {
        "minPrice": of(is_no_amount),
        "maxPrice": of(is_no_amount),
        "from": of(is_no_moment),
        "to": of(is_no_moment),
        "q": of(is_too_wordy),
    },
    # What an earlier answer gave may be null (a ticket that nobody ordered), and then it was not sent at all.
    "GET /api/payments": {"orderId": lambda order, sent, message: order is None},
    "POST /api/orders": {"price": of(is_no_amount), "total": of(is_no_amount)},
    "POST /api/payments": {"token": of(lambda card: card not in CARDS)},
    "POST /api/users/signup": {"email": of(is_no_address), "password": of(lambda password: not 8 <= len(password) <= 128)},
    "POST /api/users/signin": {"email": of(is_no_address)},
}
for a_list in ("GET /api/tickets", "GET /api/orders", "GET /api/payments", "GET /api/payments/statement"):
    is_none_of_its_own = of(lambda cursor, given=cursors[a_list]: cursor not in given)
    BEYOND_THE_DOCUMENT.setdefault(a_list, {})["cursor"] = is_none_of_its_own


@schemathesis.check
def ownership(context, response, case):
    """Nobody is shown or changes what is somebody else's, and nobody without a session is shown what is anybody's."""
    label = case.operation.label
    owner = OWNERS.get(label)
    is_for_all = label == "GET /api/tickets" and "seller=me" not in response.request.url
    if owner is None and label not in TAKES_AWAY or is_for_all or response.status_code >= 300:
        return None
    person = PEOPLE.who_sent(response.request.headers)
    assert person is not None, "somebody without a session was let in"
    named = named_in(case)
    if label != RESERVES:
        assert PEOPLE.owner_of(named) in (None, person["id"]), f"{named} is not {person['name']}'s"
    if label in TAKES_AWAY:
        return None
    body = response.json()
    for one in body if isinstance(body, list) else [body]:
        assert owner(one, person), f"it is not {person['name']}'s: {one}"
    return None


@atexit.register
def tell():
    figures = {"answers": answers, "failed": failed, "forgiven": forgiven}
    with open(os.environ["API_FIGURES"], "w", encoding="utf-8") as file:
        json.dump(figures, file)


def walk(document):
    """Sends the journey, and holds its answers against all that a round's are held against and that needs no round."""
    schema = schemathesis.openapi.from_path(document)

    def send(person, label, **parts):
        method, path = label.split(" ")
        headers = {"Authorization": f"Bearer {person['token']}"} if person else {}
        if "body" in parts:
            parts["media_type"] = "application/json"
        case = schema[path][method].Case(headers=headers, **parts)
        response = case.call_and_validate(base_url=os.environ["API_URL"])
        assert 200 <= response.status_code < 300, f"{label} was answered with {response.status_code}: {response.text}"
        return response.json() if response.content else None

    people.journey(send, PEOPLE.newcomer)


if __name__ == "__main__":
    walk(sys.argv[1])
