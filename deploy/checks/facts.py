"""What the manifests are held against, read from the code and the documents where it is told there."""

import functools
import json
import re

from source import ROOT

SERVICES = ("auth", "tickets", "orders", "expiration", "payments", "web")

# The contract's paths. /api/openapi.json and /docs are web's.
INGRESS = {
    "/api/users": "auth",
    "/.well-known": "auth",
    "/api/tickets": "tickets",
    "/api/orders": "orders",
    "/api/payments": "payments",
    "/": "web",
}

# Settings and metrics with which the deployment is ahead of the code. What the code has by now can go from here.
SETTINGS_AHEAD = set()
METRICS_AHEAD = {}


def settings_of_the_code():
    code = (ROOT / "crates/tessera/src/settings.rs").read_text()
    return set(re.findall(r'env = "([A-Z_]+)"', code))


@functools.cache
def metrics_of_the_code():
    """Those that the code describes, with their kind."""
    found = {}
    for file in (ROOT / "crates").glob("*/src/**/*.rs"):
        code = file.read_text()
        names = dict(re.findall(r'const ([A-Z_]+): &str = "(tessera_[a-z_]+)";', code))
        for kind, constant in re.findall(r"describe_(counter|gauge|histogram)!\(\s*(?:names::)?([A-Z_]+)", code):
            if constant in names:
                found[names[constant]] = kind
    return found


def databases():
    """Every database, with the service whose it is: one for each that keeps data, and those kept beside it."""
    found = {name: name for name in SERVICES if name != "web"}
    for file in (ROOT / "crates").glob("*/src/**/*.rs"):
        for name in re.findall(r'Beside = Beside \{\s*name: "(\w+)"', file.read_text()):
            found[name] = file.relative_to(ROOT).parts[1]
    return found


def settings():
    """Every setting that there is, or will be."""
    return settings_of_the_code() | SETTINGS_AHEAD


def metrics():
    """Every metric that there is, or will be, with its kind."""
    return METRICS_AHEAD | metrics_of_the_code()


def no_longer_ahead():
    return (SETTINGS_AHEAD & settings_of_the_code()) | (METRICS_AHEAD.keys() & metrics_of_the_code().keys())


def routes():
    """Which service answers a path: each of the API's, and some that look like one."""
    openapi = json.loads((ROOT / "docs/openapi.json").read_text())
    api = {
        path.replace("{id}", "0198"): operation["tags"][0]
        for path, operations in openapi["paths"].items()
        for operation in operations.values()
        if isinstance(operation, dict)
    }
    pages = dict.fromkeys(("/", "/docs/", "/api/openapi.json", "/api/userships", "/orders/1"), "web")
    return api | pages


def readme():
    """What people are told about secrets and settings."""
    return (ROOT / "deploy/README.md").read_text()
