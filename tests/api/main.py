"""Sends to the real program whatever its API document allows, and much that it forbids, and holds every answer against the
document: rounds of schemathesis (https://schemathesis.io), one after the other against one marketplace.

Afterwards the server must still be there, and have had no trouble worth a line of its log, and `tessera check` must find
all invariants kept in what is left.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import people
import server

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parent.parent / "docs/openapi.json"
# Has no card gateway that would sign anything: it can only refuse.
ONLY_REFUSES = {"POST /api/payments/webhooks/stripe"}
# What schemathesis calls an answer that is not as the document says.
VIOLATIONS = ("UndefinedStatusCode", "UndefinedContentType", "MissingContentType", "JsonSchemaError", "MissingHeaders")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the program that serves")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="the folder for logs and reports")
    parser.add_argument("--document", default=DOCUMENT, type=pathlib.Path, help="what the answers are held against")
    parser.add_argument("--examples", default=30, type=int, help="the most cases of an operation in each phase of a round")
    parser.add_argument("--requests", default=1, type=int, help="rounds are run until so many requests were answered")
    parser.add_argument("--seed", default=1, type=int, help="of the first round: the others count on from it")
    return parser.parse_args()


def main():
    chosen = arguments()
    chosen.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, server.running(chosen.program, folder, chosen.output) as served:
        everybody = pathlib.Path(folder) / "people.json"
        everybody.write_text(json.dumps(people.sign_all_up(served.url)))
        figures, complaints = rounds(chosen, served.url, everybody)
        complaints += served.complaints()
    tell(figures, chosen.document)
    complaints += unreached(figures, chosen.document)
    if complaints:
        sys.exit("\n".join(complaints))
    print(f"no complaints; logs and reports: {chosen.output}")


def rounds(chosen, url, everybody):
    """Runs them, up to the first that finds something."""
    figures = collections.defaultdict(collections.Counter)
    seed = chosen.seed
    while total(figures) < chosen.requests:
        passed = one_round(chosen, url, everybody, seed, figures)
        print(f"round with seed {seed}: {total(figures)} requests so far", flush=True)
        if not passed:
            again = f"cargo xtask api --examples {chosen.examples} --seed {seed}"
            return figures, [f"the round with seed {seed} found something; once more: {again}"]
        seed += 1
    return figures, []


def one_round(chosen, url, everybody, seed, figures):
    counted, log = chosen.output / "figures.json", chosen.output / f"round-{seed}.log"
    counted.unlink(missing_ok=True)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    command += ["run", str(chosen.document), "--url", url, "--no-color", "--seed", str(seed)]
    command += ["--max-examples", str(chosen.examples)]
    hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "PYTHONPATH": str(HERE)}
    told = {"API_URL": url, "API_PEOPLE": str(everybody), "API_FIGURES": str(counted)}
    with open(log, "w", encoding="utf-8") as written:
        # It writes what it remembers into the folder where it runs.
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run(command, cwd=folder, env={**os.environ, **hooks, **told}, stdout=written, stderr=subprocess.STDOUT)
    if counted.exists():
        for kind, counts in json.loads(counted.read_text()).items():
            figures[kind].update(counts)
    if ended.returncode != 0:
        print(log.read_text(), flush=True)
    return ended.returncode == 0


def total(figures):
    return figures["answers"].total()


def operations(document):
    """All that the document describes, as `GET /path`."""
    paths = json.loads(document.read_text())["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def tell(figures, document):
    classes, errors = collections.Counter(), 0
    for answer, count in figures["answers"].items():
        status = answer.rsplit(" ", 1)[1]
        classes[f"{status[0]}xx"] += count
        # 503 says when to come back.
        errors += count if status[0] == "5" and status != "503" else 0
    print(f"operations: {len(operations(document))}; requests: {total(figures)}; by class: {dict(sorted(classes.items()))}")
    for operation in operations(document):
        statuses = {status: figures["answers"].get(f"{operation} {status}") for status in range(200, 600)}
        print(f"  {operation}: {({status: count for status, count in statuses.items() if count})}")
    violations = sum(figures["failed"][name] for name in VIOLATIONS)
    print(f"server errors: {errors}; violations of the document: {violations}; failed checks: {dict(figures['failed'])}")


def unreached(figures, document):
    """A run in which an operation never did what it is for has proved little."""
    done = {answer.rsplit(" ", 1)[0] for answer in figures["answers"] if answer.rsplit(" ", 1)[1].startswith("2")}
    missing = set(operations(document)) - done - ONLY_REFUSES
    return [f"never answered with success: {operation}" for operation in sorted(missing)]


if __name__ == "__main__":
    main()
