"""Judges alerts and dashboards: they parse, they name metrics that exist, and each alert says what to do."""

import json
import re

import promql_parser

import facts
from source import ROOT

# Metrics that Prometheus makes itself.
FOREIGN = {"up": "gauge"}
LABELS = {"service", "method", "route", "status", "le", "namespace", "pod", "type", "outcome", "call", "verdict"}
ENDINGS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def problems(documents):
    """All that is wrong with the rules and dashboards of one rendering."""
    for document in documents:
        name = document["metadata"]["name"]
        if document["kind"] == "PrometheusRule":
            yield from rules(document["spec"])
        if document["metadata"].get("labels", {}).get("grafana_dashboard"):
            for file, text in document["data"].items():
                yield from dashboard(f"{name}/{file}", text)


def rules(spec):
    alerts = [rule for group in spec["groups"] for rule in group["rules"]]
    names = [alert["alert"] for alert in alerts]
    yield from (f"alert {name}: is there twice" for name in set(names) if names.count(name) > 1)
    for alert in alerts:
        yield from (f"alert {alert['alert']}: {problem}" for problem in expression(alert["expr"]))
        yield from (f"alert {alert['alert']}: {problem}" for problem in runbook(alert["annotations"]["runbook_url"]))


def runbook(url):
    """The page has the heading, once there is a page."""
    page = ROOT / "docs/operations.md"
    anchor = url.partition("#")[2]
    if page.exists() and anchor not in anchors(page.read_text()):
        yield f"docs/operations.md has no heading for #{anchor}"


def anchors(markdown):
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    named = re.findall(r'<a (?:id|name)="([^"]+)"', markdown)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(named)


def dashboard(what, text):
    try:
        panels = json.loads(text)["panels"]
    except (ValueError, KeyError) as error:
        yield f"dashboard {what}: {error!r}"
        return
    ids = [panel["id"] for panel in panels]
    if len(ids) != len(set(ids)):
        yield f"dashboard {what}: two panels have one id"
    for panel in (panel for panel in panels if panel["type"] != "row"):
        if not panel.get("title") or not panel.get("description"):
            yield f"dashboard {what}: panel {panel['id']} does not say what it shows"
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "5m").replace("$service", ".*")
            yield from (f"dashboard {what}: {panel.get('title')}: {problem}" for problem in expression(query))


def expression(text):
    """It parses, and asks for metrics and labels that exist."""
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        yield f"{text!r}: {error}"
        return
    found = []

    def visit(node):
        selector = getattr(node, "vector_selector", node)
        if isinstance(selector, promql_parser.VectorSelector):
            found.append((selector.name, {matcher.name for matcher in selector.matchers.matchers}))
        modifier = getattr(node, "modifier", None)
        if isinstance(modifier, promql_parser.AggModifier):
            found.append((None, set(modifier.labels)))

    promql_parser.walk(tree, visit)
    known = {name + ending for name, kind in {**facts.metrics(), **FOREIGN}.items() for ending in ENDINGS[kind]}
    for name, labels in found:
        if name is not None and name not in known:
            yield f"there is no metric {name}"
        yield from (f"no metric has the label {label}" for label in sorted(labels - LABELS))
