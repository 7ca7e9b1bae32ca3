"""The people who send the requests: accounts with a session each, and guests, whose accounts are there to be ended.

It remembers what everybody ordered and paid, so that some requests are about what is theirs, and so that an answer that
shows somebody else's is noticed.
"""

import collections
import json
import os
import threading
import urllib.request

PASSWORD = "correct horse"
# Those who sell, and those who buy. Chance lets each of them do the other now and then.
SELLERS = ("ada", "bruno")
BUYERS = ("chiara", "dagny")
# What makes something that others of the requests are about.
MAKES = ("POST /api/tickets", "POST /api/orders", "POST /api/payments")

# What ends a session or an account is for guests alone: everybody else goes on with theirs.
ENDS_A_SESSION = ("POST /api/users/signout", "POST /api/users/password", "DELETE /api/users/me")


def sign_up(url, name):
    """A new account, and its session."""
    body = json.dumps({"email": f"{name}@example.com", "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/api/users/signup", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        token = answer.headers["Authorization"].removeprefix("Bearer ")
        return {"id": json.load(answer)["id"], "name": name, "token": token}


def sign_all_up(url):
    return [sign_up(url, name) for name in SELLERS + BUYERS]


class People:
    def __init__(self, url, everybody):
        self._url = url
        self._lock = threading.Lock()
        self._sellers = [person for person in everybody if person["name"] in SELLERS]
        self._buyers = [person for person in everybody if person["name"] in BUYERS]
        self._by_token = {person["token"]: person for person in everybody}
        # By what makes them, and by whom: the ids of what there is.
        self._made = {operation: collections.defaultdict(list) for operation in MAKES}
        self._known = set()
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

    def tickets_of(self, person):
        return self._made["POST /api/tickets"][person["id"]]

    def orders_of(self, person):
        return self._made["POST /api/orders"][person["id"]]

    def payments_of(self, person):
        return self._made["POST /api/payments"][person["id"]]

    def is_known(self, identifier):
        """Whether this is the id of anything that was made."""
        return identifier in self._known

    def heed(self, operation, person, response):
        """Remembers what came of a request."""
        if person is None or not 200 <= response.status_code < 300:
            return
        with self._lock:
            if operation in ENDS_A_SESSION and person is self._guest:
                self._guest = None
            if operation in MAKES:
                self._learn(operation, person, response.json()["id"])
            # Also of what was ordered in an earlier round.
            if operation == "GET /api/orders":
                for order in response.json():
                    if order["userId"] == person["id"]:
                        self._learn("POST /api/orders", person, order["id"])

    def _learn(self, operation, person, identifier):
        if identifier not in self._known:
            self._made[operation][person["id"]].append(identifier)
            self._known.add(identifier)

    def _a_guest(self):
        with self._lock:
            if self._guest is None:
                self._guests += 1
                # The process id, since each round of a run begins to count anew.
                self._guest = sign_up(self._url, f"guest-{os.getpid()}-{self._guests}")
                self._by_token[self._guest["token"]] = self._guest
            return self._guest
