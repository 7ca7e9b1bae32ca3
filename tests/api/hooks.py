"""What schemathesis cannot know of Tessera: who asks, what a refusal may rest on, and what nobody may ever be shown.

It finds where the server is, who is signed up, and where the figures go, in the environment.
"""

import atexit
import collections
import json
import os
import random
import re
import uuid

import people
import schemathesis

with open(os.environ["API_PEOPLE"], encoding="utf-8") as file:
    PEOPLE = people.People(os.environ["API_URL"], json.load(file))

# Where a request names a ticket, an order or a payment that does not exist, most of them name one of the sender's own.
OWN = {
    "GET /api/tickets/{id}": ("path_parameters", "id", PEOPLE.tickets_of),
    "PUT /api/tickets/{id}": ("path_parameters", "id", PEOPLE.tickets_of),
    "DELETE /api/tickets/{id}": ("path_parameters", "id", PEOPLE.tickets_of),
    "GET /api/orders/{id}": ("path_parameters", "id", PEOPLE.orders_of),
    "DELETE /api/orders/{id}": ("path_parameters", "id", PEOPLE.orders_of),
    "POST /api/payments": ("body", "orderId", PEOPLE.orders_of),
    "GET /api/payments": ("query", "orderId", PEOPLE.orders_of),
    "GET /api/payments/{id}": ("path_parameters", "id", PEOPLE.payments_of),
    "POST /api/payments/{id}/confirmation": ("path_parameters", "id", PEOPLE.payments_of),
}

# What the document has no words for: dates that lie ahead, zones and addresses that exist, cards that the gateway knows,
# amounts that fit their currency, lines without control characters, cursors that a list gave. A request that the document
# allows may be refused (400) for these, if the refusal names nothing else.
BEYOND_THE_DOCUMENT = {
    "POST /api/tickets": {"title", "category", "venue", "city", "section", "row", "seat", "startsAt", "timeZone", "price", "currency"},
    "PUT /api/tickets/{id}": {"if-match", "title", "category", "venue", "city", "section", "row", "seat", "startsAt", "timeZone", "price", "currency"},
    "DELETE /api/tickets/{id}": {"if-match"},
    "GET /api/tickets": {"minPrice", "maxPrice", "from", "to", "cursor", "q"},
    "GET /api/orders": {"cursor"},
    "GET /api/payments": {"cursor"},
    "GET /api/payments/statement": {"cursor"},
    "POST /api/orders": {"price", "total"},
    "POST /api/payments": {"token"},
    "POST /api/users/signup": {"email", "password"},
    "POST /api/users/signin": {"email"},
}

# Whether what an answer shows is this person's.
OWNERS = {
    "GET /api/orders": lambda order, person: order["userId"] == person["id"],
    "POST /api/orders": lambda order, person: order["userId"] == person["id"],
    "GET /api/orders/{id}": lambda order, person: order["userId"] == person["id"],
    "GET /api/tickets": lambda ticket, person: ticket["userId"] == person["id"],
    "POST /api/tickets": lambda ticket, person: ticket["userId"] == person["id"],
    "PUT /api/tickets/{id}": lambda ticket, person: ticket["userId"] == person["id"],
    "GET /api/payments": lambda payment, person: payment["orderId"] in PEOPLE.orders_of(person),
    "POST /api/payments": lambda payment, person: payment["orderId"] in PEOPLE.orders_of(person),
    "GET /api/payments/{id}": lambda payment, person: payment["orderId"] in PEOPLE.orders_of(person),
    "POST /api/payments/{id}/confirmation": lambda payment, person: payment["orderId"] in PEOPLE.orders_of(person),
    "GET /api/users/export": lambda export, person: export["id"] == person["id"],
}

# How many of the newest are chosen from: older ones have mostly ended.
RECENT = 8
KEY = re.compile("[!-~]{1,255}")

answers = collections.Counter()
failed = collections.Counter()


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
    place, field, known = OWN.get(case.operation.label, (None, None, None))
    values = getattr(case, place) if place else None
    named = values.get(field) if isinstance(values, dict) else None
    # What was made wrong on purpose stays as it is, and so does what an earlier answer gave.
    is_nobody_s = is_id(named) and not PEOPLE.is_known(named)
    if person and is_nobody_s and known(person) and chance.random() < 0.7:
        values[field] = chance.choice(known(person)[-RECENT:])
    if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))) and chance.random() < 0.8:
        case.headers["Idempotency-Key"] = str(uuid.UUID(int=chance.getrandbits(128)))


def is_id(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


@schemathesis.hook
def after_call(context, case, response):
    answers[f"{case.operation.label} {response.status_code}"] += 1
    PEOPLE.heed(case.operation.label, PEOPLE.who_sent(case.headers), response)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Counts failures, but for refusals that name what the document has no words for."""
    kind = type(failure).__name__
    is_expected = False
    if kind == "RejectedPositiveData" and response.status_code == 400:
        is_expected = is_beyond_the_document(case, response)
    if kind == "AcceptedNegativeData":
        # A parameter that is sent empty counts as left out, as forms send those that nobody filled in.
        is_expected = "limit=" in re.split("[?&]", response.request.url)
    if kind == "UseAfterFree":
        # What was cancelled or withdrawn is still told of, as what it is then.
        is_expected = response.json().get("status") in ("cancelled", "withdrawn")
    if not is_expected:
        failed[kind] += 1
    return not is_expected


def is_beyond_the_document(case, response):
    label, problem = case.operation.label, response.json()
    # A signature is over bytes and a secret, which no document says.
    if label == "POST /api/payments/webhooks/stripe" and problem["code"] == "bad_signature":
        return True
    # A body that may be left out is described as one that may be null, which is something else.
    if label == "POST /api/users/signout" and case.body is None:
        return True
    # What an earlier answer gave may be null (a ticket that nobody ordered), and then it was not sent at all.
    if label == "GET /api/payments" and "orderId=" not in response.request.url:
        return True
    allowed = BEYOND_THE_DOCUMENT.get(label, set())
    return all(error.get("field") in allowed for error in problem["errors"])


@schemathesis.check
def ownership(context, response, case):
    """Nobody is shown or changes what is somebody else's, and nobody without a session is shown what is anybody's."""
    owner = OWNERS.get(case.operation.label)
    is_for_all = case.operation.label == "GET /api/tickets" and "seller=me" not in response.request.url
    if owner is None or is_for_all or response.status_code >= 300:
        return None
    person, body = PEOPLE.who_sent(response.request.headers), response.json()
    assert person is not None, "somebody without a session was let in"
    for one in body if isinstance(body, list) else [body]:
        assert owner(one, person), f"it is not {person['name']}'s: {one}"
    return None


@atexit.register
def tell():
    figures = {"answers": answers, "failed": failed}
    with open(os.environ["API_FIGURES"], "w", encoding="utf-8") as file:
        json.dump(figures, file)
