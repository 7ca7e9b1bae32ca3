"""Sends to the real program whatever its API document allows, and much that it forbids, and holds every answer against the
document: rounds of schemathesis (https://schemathesis.io), one after the other against one marketplace, and then each
operation once, as it is meant.

The same first seed sends the same, as far as the server answers the same: what is named again are ids that it gave, and locks
end by the clock. A later round depends on what the earlier ones left, so it is repeated with all that came before it.

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
        complaints += journey(chosen, served.url, everybody, figures)
        complaints += served.complaints()
    tell(figures, chosen.document)
    complaints += unreached(figures, chosen.document)
    if complaints:
        sys.exit("\n".join(complaints))
    print(f"no complaints; logs and reports: {chosen.output}")


def rounds(chosen, url, everybody):
    """Runs them, up to the first that finds something."""
    figures = collections.defaultdict(collections.Counter)
    seed, again = chosen.seed, command(chosen)
    print(f"the first seed is {seed}; once more: {again}", flush=True)
    while total(figures) < chosen.requests:
        before = total(figures)
        passed = one_round(chosen, url, everybody, seed, figures)
        print(f"round with seed {seed}: {total(figures)} requests so far", flush=True)
        if not passed:
            return figures, [f"the round with seed {seed} found something; once more: {again}"]
        # It would go on for ever.
        if total(figures) == before:
            return figures, [f"the round with seed {seed} had no answers; once more: {again}"]
        seed += 1
    return figures, []


def command(chosen):
    """What runs all of this again."""
    sizes = f"--requests {chosen.requests} --examples {chosen.examples} --seed {chosen.seed}"
    is_usual = chosen.document == DOCUMENT
    return f"cargo xtask api {sizes}" + ("" if is_usual else f" --document {chosen.document}")


def one_round(chosen, url, everybody, seed, figures):
    sends = ["-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    sends += ["run", str(chosen.document.resolve()), "--url", url, "--no-color", "--seed", str(seed)]
    sends += ["--max-examples", str(chosen.examples)]
    hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "PYTHONPATH": str(HERE)}
    return run(chosen, sends, {**hooks, **told(chosen, url, everybody, seed)}, f"round-{seed}.log", figures)


def journey(chosen, url, everybody, figures):
    """Sends each operation once, by the same client and under the same checks: a short round may leave one out by chance."""
    sends = [str(HERE / "hooks.py"), str(chosen.document.resolve())]
    passed = run(chosen, sends, told(chosen, url, everybody, chosen.seed), "journey.log", figures)
    return [] if passed else ["what is sent last, each operation once as it is meant, found something"]


def told(chosen, url, everybody, seed):
    """What hooks.py finds in its environment. What Python draws for its sets counts, too."""
    drawn = {"API_SEED": str(seed), "PYTHONHASHSEED": "0"}
    return {"API_URL": url, "API_PEOPLE": str(everybody), "API_FIGURES": str(counted(chosen)), **drawn}


def counted(chosen):
    return (chosen.output / "figures.json").resolve()


def run(chosen, sends, environment, name, figures):
    """Sends it all, adds up the figures, and answers whether nothing was found."""
    log, figured = chosen.output / name, counted(chosen)
    figured.unlink(missing_ok=True)
    with open(log, "w", encoding="utf-8") as written:
        # It writes what it remembers into the folder where it runs.
        with tempfile.TemporaryDirectory() as folder:
            whole = {**os.environ, **environment}
            ended = subprocess.run([sys.executable, *sends], cwd=folder, env=whole, stdout=written, stderr=subprocess.STDOUT)
    if figured.exists():
        for kind, counts in json.loads(figured.read_text()).items():
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


def is_of(name, operation):
    return name.rsplit(" ", 1)[0] == operation


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
    print("forgiven, and for what (fields that hold what the document has no words for, or who asked for what):")
    for operation in operations(document):
        fields = {name.removeprefix(f"{operation} "): count for name, count in figures["forgiven"].items() if is_of(name, operation)}
        if fields:
            print(f"  {operation}: {dict(sorted(fields.items()))}")
    violations = sum(figures["failed"][name] for name in VIOLATIONS)
    print(f"server errors: {errors}; violations of the document: {violations}; failed checks: {dict(figures['failed'])}")


def unreached(figures, document):
    """A run in which an operation never did what it is for has proved little."""
    done = {answer.rsplit(" ", 1)[0] for answer in figures["answers"] if answer.rsplit(" ", 1)[1].startswith("2")}
    missing = set(operations(document)) - done - ONLY_REFUSES
    return [f"never answered with success: {operation}" for operation in sorted(missing)]


if __name__ == "__main__":
    main()
