"""Lets programs judge what they read themselves: the bus's server its configuration, Prometheus the alerts."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

# Installed beside this Python.
KUBECTL, NATS_SERVER = (Path(sys.executable).with_name(name) for name in ("kubectl", "nats-server"))


def problems(documents):
    """All that they have to say about one rendering."""
    for document in documents:
        if "nats.conf" in document.get("data", {}):
            yield from bus_reads(document["data"]["nats.conf"])
        if document["kind"] == "PrometheusRule":
            yield from alerts_fire(document["spec"])


def bus_reads(config):
    with tempfile.TemporaryDirectory() as folder:
        # Looked for also when it only reads.
        config = config.replace("store_dir: /data", f"store_dir: {folder}")
        (Path(folder) / "nats.conf").write_text(config)
        line = [NATS_SERVER, "-t", "--config", f"{folder}/nats.conf"]
        yield from heard("nats.conf", line, env={**os.environ, "POD_NAME": "nats-0"})


def alerts_fire(rules):
    """Runs the alerts over made-up numbers; only where Prometheus is installed, which no registry has alone."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules.yaml").write_text(yaml.safe_dump(rules))
        test = shutil.copy(Path(__file__).with_name("alerts_test.yaml"), folder)
        yield from heard("alerts_test.yaml", [promtool, "test", "rules", test])


def heard(what, line, env=None):
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        yield f"{what}: {done.stdout}{done.stderr}".strip()
