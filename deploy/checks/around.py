"""Judges what is around the manifests: compose, the front's paths, skaffold, the workflows."""

import re

import facts
import source
from cluster import Cluster


def problems(root, dev):
    """All that is wrong; `dev` is the rendering that compose and skaffold belong to."""
    cluster = Cluster(dev)
    yield from compose(source.document(root / "compose.yaml"), cluster)
    yield from front((root / source.KUBERNETES / "base/front/nginx.conf").read_text())
    yield from databases((root / source.KUBERNETES / "overlays/dev/postgres/databases.sh").read_text())
    yield from skaffold(root, source.document(root / "skaffold.yaml"))
    for path in sorted((root / ".github/workflows").glob("*.yml")):
        yield from workflow(path.name, source.document(path))
    # kustomize is lenient with a key that is there twice.
    for path in (root / "deploy").rglob("*.yaml"):
        source.documents(path.read_text())


def compose(file, cluster):
    found = file["services"]
    expected = {*facts.SERVICES, "postgres", "nats", "front", "migrate"}
    if found.keys() != expected:
        yield f"compose: its services are {sorted(found)}"
    published = {name: each["ports"] for name, each in found.items() if each.get("ports")}
    if published != {"front": ["127.0.0.1:3000:3000"]}:
        yield f"compose: publishes {published}"
    for name, service in found.items():
        wanted = {
            "read_only": service.get("read_only") is True,
            "cap_drop ALL": service.get("cap_drop") == ["ALL"],
            "no-new-privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "an image with a tag other than latest": re.search(r":(?!latest$)[^/:]+$", service.get("image", "")),
        }
        yield from (f"compose, {name}: lacks {what}" for what, there in wanted.items() if not there)
        yield from (
            f"compose, {name}: there is no {other}" for other in service.get("depends_on", {}) if other not in found
        )
        for volume in (each for each in service.get("volumes", []) if each.startswith("./")):
            if not (source.ROOT / volume.split(":")[0]).is_file():
                yield f"compose, {name}: there is no {volume.split(':')[0]}"
    for name in ("postgres", "nats", "front"):
        if not found.get(name, {}).get("healthcheck", {}).get("test"):
            yield f"compose, {name}: has no healthcheck"
    for name in (*facts.SERVICES, "migrate"):
        pod, service = cluster.pod(name), found.get(name, {})
        if service.get("command") != pod.spec["containers"][0]["args"]:
            yield f"compose, {name}: runs {service.get('command')}"
        here, there = set(service.get("environment", {})), set(cluster.environment(pod))
        yield from (f"compose, {name}: {setting} is only here" for setting in sorted(here - there))
        yield from (f"compose, {name}: {setting} is only in Kubernetes" for setting in sorted(there - here))


def front(config):
    """The front routes as the Ingress does. Of its locations an exact one wins, then the first expression that fits."""
    locations = re.findall(r"location (=|~|) ?(\S+) \{[^}]*?(?:proxy_pass http://(\w+):3000|return (\d+))", config)
    exact = {path: to or code for kind, path, to, code in locations if kind == "="}
    patterns = [(path, to) for kind, path, to, _ in locations if kind == "~"]
    rest = next((to for kind, path, to, _ in locations if (kind, path) == ("", "/")), None)
    for path, service in {**facts.routes(), "/metrics": "404"}.items():
        found = exact.get(path) or next((to for pattern, to in patterns if re.match(pattern, path)), rest)
        if found != service:
            yield f"nginx.conf: {path} leads to {found}, not to {service}"


def databases(script):
    """Every database is made, for the service whose it is."""
    for database, owner in facts.databases().items():
        if not re.search(rf"\b{database}:{owner}\b", script):
            yield f"databases.sh: does not make {database} for {owner}"


def skaffold(root, file):
    expected = {"apiVersion", "kind", "metadata", "build", "manifests", "deploy", "portForward"}
    if file.keys() != expected or not re.fullmatch(r"skaffold/v\d+beta\d+", file["apiVersion"]):
        yield f"skaffold: is no configuration that is known here: {sorted(file)}"
        return
    for artifact in file["build"]["artifacts"]:
        if artifact["image"] != "tessera" or not (root / artifact["docker"]["dockerfile"]).is_file():
            yield f"skaffold: cannot build {artifact}"
    for path in file["manifests"]["kustomize"]["paths"]:
        if not (root / path / "kustomization.yaml").is_file():
            yield f"skaffold: there is no {path}"


def workflow(name, file):
    # YAML 1.1 reads the key `on` as true.
    for key, what in ((True, "on"), ("permissions", "permissions"), ("concurrency", "concurrency"), ("jobs", "jobs")):
        if key not in file:
            yield f"{name}: has no {what}"
    if file.get("permissions") not in ({}, {"contents": "read"}):
        yield f"{name}: what a job may do beyond reading belongs to that job"
    for job, content in file.get("jobs", {}).items():
        if "timeout-minutes" not in content:
            yield f"{name}, {job}: may run for ever"
        for step in content["steps"]:
            if "uses" in step and not re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})", step["uses"]):
                yield f"{name}, {job}: {step['uses']} is not pinned to a major version"
