"""Checks the deployment: `cargo xtask test --only manifests` runs it.

What is judged: every rendering of deploy/kubernetes, compose.yaml, skaffold.yaml, the workflows. It changes nothing.
"""

import shutil
import sys
import tempfile

import around
import facts
import manifests
import monitoring
import programs
import source
import wiring


def main():
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        renderings = source.render_all(scratch)
    for name, documents in renderings.items():
        for judge in (manifests, wiring, monitoring, programs):
            found += [f"{name}: {problem}" for problem in judge.problems(documents)]
        print(f"{name}: {len(documents)} resources")
    found += around.problems(source.ROOT, renderings["overlays/dev"])
    if shutil.which("promtool") is None:
        print("skipped: whether the alerts fire; promtool is not here (Debian: prometheus)")
    if not (source.ROOT / "docs/operations.md").exists():
        print("skipped: whether the runbooks are there; docs/operations.md is not")
    for name in sorted(facts.no_longer_ahead()):
        print(f"note: the code has {name} by now, so facts.py need not name it")
    for problem in dict.fromkeys(found):
        print(f"  wrong: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
