"""The people who send the requests: accounts with a session each, and guests, whose accounts are there to be ended.

It remembers what everybody listed, ordered and paid, so that some requests are about what is theirs, and so that an answer
that shows or changes somebody else's is noticed.
"""

import collections
import json
import os
import threading
import urllib.request

PASSWORD = "correct horse"
# Of those who go on all the time: their addresses are learned from answers, but nobody who signs in as one of them ends
# their oldest session by it.
NEVER_SENT = "only said when signing up"
# Those who sell, and those who buy. Chance lets each of them do the other now and then.
SELLERS = ("ada", "bruno")
BUYERS = ("chiara", "dagny")
# Whose address and password requests to sign in carry. It is nobody of the others: of many sessions the oldest ends.
VISITOR = "visitor"
# What makes something that others of the requests are about.
MAKES = ("POST /api/tickets", "POST /api/orders", "POST /api/payments")

# What ends a session or an account is for guests alone: everybody else goes on with theirs.
ENDS_A_SESSION = ("POST /api/users/signout", "POST /api/users/password", "DELETE /api/users/me")


def sign_up(url, name, password=PASSWORD):
    """A new account, and its session."""
    body = json.dumps({"email": f"{name}@example.com", "password": password}).encode()
    request = urllib.request.Request(f"{url}/api/users/signup", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        token = answer.headers["Authorization"].removeprefix("Bearer ")
        return {"id": json.load(answer)["id"], "name": name, "token": token}


def sign_all_up(url):
    return [*(sign_up(url, name, NEVER_SENT) for name in (*SELLERS, *BUYERS)), sign_up(url, VISITOR)]


def is_visitor(email, password):
    return str(email).strip().lower() == f"{VISITOR}@example.com" and password == PASSWORD


class People:
    def __init__(self, url, everybody):
        self._url = url
        self._lock = threading.Lock()
        self._sellers = [person for person in everybody if person["name"] in SELLERS]
        self._buyers = [person for person in everybody if person["name"] in BUYERS]
        self._by_token = {person["token"]: person for person in everybody}
        # By what makes them, and by whom: the ids of what there is.
        self._made = {operation: collections.defaultdict(list) for operation in MAKES}
        self._owners = {}
        self._guest, self._guests = None, 0

    def who_sends(self, operation, chance):
        """Whose request this is to be."""
        if operation in ENDS_A_SESSION:
            return self._a_guest()
        usual = self._sellers if "/api/tickets" in operation else self._buyers
        return chance.choice(usual if chance.random() < 0.85 else self._sellers + self._buyers)

    def who_sent(self, headers):
        """Whose session these headers carry, if it is somebody's of ours."""
        token = str(headers.get("Authorization", "")).removeprefix("Bearer ")
        return self._by_token.get(token)

    def is_signed_in(self, person):
        """Whether their session is one that nobody ended."""
        return person is not None and (person in self._sellers + self._buyers or person is self._guest)

    def made_by(self, person, operation):
        return self._made[operation][person["id"]]

    def is_known(self, identifier):
        """Whether this is the id of anything that was made, as far as this round has heard."""
        return str(identifier).lower() in self._owners

    def owner_of(self, identifier):
        """The id of the person whose it is, if that is known."""
        return self._owners.get(str(identifier).lower())

    def heed(self, operation, person, response):
        """Remembers what came of a request."""
        if person is None or not 200 <= response.status_code < 300:
            return
        with self._lock:
            if operation in ENDS_A_SESSION and person is self._guest:
                self._guest = None
            if operation in MAKES:
                self._learn(operation, person, response.json()["id"])
            # Also of what was listed and ordered in an earlier round.
            if operation in ("GET /api/orders", "GET /api/tickets"):
                for one in response.json():
                    if one["userId"] == person["id"]:
                        self._learn(operation.replace("GET", "POST"), person, one["id"])

    def _learn(self, operation, person, identifier):
        if identifier not in self._owners:
            self._made[operation][person["id"]].append(identifier)
            self._owners[identifier] = person["id"]

    def newcomer(self, name):
        """Somebody whom no request before knew."""
        person = sign_up(self._url, name)
        self._by_token[person["token"]] = person
        return person

    def _a_guest(self):
        with self._lock:
            if self._guest is None:
                self._guests += 1
                # The process id, since each round of a run begins to count anew.
                self._guest = self.newcomer(f"guest-{os.getpid()}-{self._guests}")
            return self._guest


def journey(send, newcomer):
    """Every operation that can succeed, once, as it is meant: chance alone may leave one out. `send` sees to the answers."""
    seller, buyer = newcomer("last-seller"), newcomer("last-buyer")
    bought, given_up, withdrawn = [listed(send, seller) for _ in range(3)]
    send(None, "GET /api/tickets")
    send(None, "GET /api/tickets/{id}", path_parameters={"id": bought})
    send(seller, "DELETE /api/tickets/{id}", path_parameters={"id": withdrawn})
    send(buyer, "DELETE /api/orders/{id}", path_parameters={"id": ordered(send, buyer, given_up)})
    pay(send, buyer, ordered(send, buyer, bought))
    send(seller, "GET /api/payments/balance")
    send(seller, "GET /api/payments/statement")
    account(send, newcomer)


def listed(send, seller):
    """A ticket that was listed and edited."""
    ticket = send(seller, "POST /api/tickets", body={"title": "Fidelio", "price": "12.00"})
    send(seller, "PUT /api/tickets/{id}", path_parameters={"id": ticket["id"]}, body={"price": "10.00"})
    return ticket["id"]


def ordered(send, buyer, ticket):
    return send(buyer, "POST /api/orders", body={"ticketId": ticket})["id"]


def pay(send, buyer, order):
    payment = send(buyer, "POST /api/payments", body={"orderId": order, "token": "tok_visa"})["id"]
    send(buyer, "POST /api/payments/{id}/confirmation", path_parameters={"id": payment})
    send(buyer, "GET /api/payments/{id}", path_parameters={"id": payment})
    send(buyer, "GET /api/payments", query={"orderId": order})
    send(buyer, "GET /api/orders/{id}", path_parameters={"id": order})
    send(buyer, "GET /api/orders")


def account(send, newcomer):
    """All that one does with an account, up to its end."""
    credentials = {"email": "last-guest@example.com", "password": PASSWORD}
    send(None, "POST /api/users/signup", body=credentials)
    send(None, "POST /api/users/signin", body=credentials)
    send(None, "GET /.well-known/jwks.json")
    changes, leaves = newcomer("last-to-change"), newcomer("last-to-leave")
    send(changes, "GET /api/users/currentuser")
    send(changes, "GET /api/users/export")
    send(changes, "POST /api/users/password", body={"current": PASSWORD, "new": "battery staple"})
    send(changes, "POST /api/users/signout", body={})
    send(leaves, "DELETE /api/users/me", body={"password": PASSWORD})
