"""Checks the deployment: `cargo xtask test --only manifests` runs it, with a kubectl as its argument.

What is judged: every rendering of deploy/kubernetes, compose.yaml, skaffold.yaml, the workflows. It changes nothing.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

import around
import facts
import manifests
import monitoring
import source
import wiring


def main(kubectl):
    with tempfile.TemporaryDirectory() as scratch:
        renderings = source.render_all(kubectl, scratch)
        found = []
        for name, documents in renderings.items():
            for judge in (manifests, wiring, monitoring):
                found += [f"{name}: {problem}" for problem in judge.problems(documents)]
            print(f"{name}: {len(documents)} resources")
        found += around.problems(source.ROOT, renderings["overlays/dev"])
        found += alerts_fire(renderings["overlays/prod"], Path(scratch))
    ahead = sorted(name for name in facts.METRICS_AHEAD if name in code_of_metrics())
    if ahead:
        print(f"note: the code has {', '.join(ahead)} by now; facts.py need not name them")
    for problem in dict.fromkeys(found):
        print(f"  wrong: {problem}")
    return 1 if found else 0


def code_of_metrics():
    return (source.ROOT / "crates/platform/src/instruments.rs").read_text()


def alerts_fire(documents, scratch):
    """Lets Prometheus' own tool run the alerts over made-up numbers, where it is installed."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("promtool is not here (Debian: prometheus): whether the alerts fire is not tried")
        return
    (rules,) = [each["spec"] for each in documents if each["kind"] == "PrometheusRule"]
    (scratch / "rules.yaml").write_text(yaml.safe_dump(rules))
    shutil.copy(Path(__file__).with_name("alerts_test.yaml"), scratch)
    done = subprocess.run(
        [promtool, "test", "rules", str(scratch / "alerts_test.yaml")], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        yield f"alerts_test.yaml: {done.stdout}{done.stderr}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
