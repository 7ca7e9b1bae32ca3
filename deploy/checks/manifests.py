"""Judges rendered manifests: Kubernetes' own schemas, and rules of ours. Each check yields what is wrong, in words."""

import functools
import json
import re
from pathlib import Path

import jsonschema
import kubernetes_validate

import facts
import source
from cluster import Cluster

CRDS = source.document(Path(__file__).with_name("crds.yaml"))


def problems(documents):
    """All that is wrong with one rendering, but for what leads to what."""
    cluster = Cluster(documents)
    for check in (schema, restricted, probes, services, configuration, connections, bus):
        yield from check(cluster)


def schema(cluster):
    """Every field is one that there is, and of its type."""
    for each in cluster.documents:
        yield from schema_of(json.dumps(each))


@functools.cache
def schema_of(text):
    """Kept by content: most resources are the same in several renderings, and this takes its time."""
    document = json.loads(text)
    what = f"{document['kind']} {document['metadata']['name']}"
    try:
        kubernetes_validate.validate(document, "1.37", strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{what}: {'.'.join(map(str, error.path))}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError:
        return list(own_schema(document, what))
    return []


def own_schema(document, what):
    known = CRDS["kinds"].get(f"{document['apiVersion']}/{document['kind']}")
    if known is None:
        yield f"{what}: no schema is known for {document['apiVersion']}"
        return
    whole = {
        "definitions": CRDS["definitions"],
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {},
            "kind": {},
            "metadata": {"$ref": "#/definitions/metadata"},
            "spec": known,
        },
    }
    for error in jsonschema.Draft7Validator(whole).iter_errors(document):
        yield f"{what}: {'.'.join(map(str, error.path))}: {error.message}"


def restricted(cluster):
    """No pod asks for more than it needs: the `restricted` standard, and some more."""
    for namespace in cluster.of("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"Namespace {namespace['metadata']['name']}: does not enforce `restricted`"
    accounts = {each["metadata"]["name"]: each for each in cluster.of("ServiceAccount")}
    for name, account in accounts.items():
        if account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {name}: gives its token away"
    for pod in cluster.pods:
        if pod.kind == "Cluster":
            continue
        security = pod.spec.get("securityContext", {})
        wanted = {
            "runAsNonRoot": security.get("runAsNonRoot") is True,
            "seccompProfile RuntimeDefault": security.get("seccompProfile") == {"type": "RuntimeDefault"},
            "automountServiceAccountToken false": pod.spec.get("automountServiceAccountToken") is False,
            "enableServiceLinks false": pod.spec.get("enableServiceLinks") is False,
            "an account of its own": pod.spec.get("serviceAccountName") in accounts,
            "no share of the host": not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys(),
            "no folder of the host": not any("hostPath" in each for each in pod.spec.get("volumes", [])),
        }
        yield from (f"{pod}: lacks {what}" for what, there in wanted.items() if not there)
        for container in pod.containers:
            yield from restricted_container(pod, container)


def restricted_container(pod, container):
    security, resources = container.get("securityContext", {}), container.get("resources", {})
    image, _, tag = container.get("image", "").rpartition(":")
    wanted = {
        "allowPrivilegeEscalation false": security.get("allowPrivilegeEscalation") is False,
        "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
        "capabilities drop ALL": security.get("capabilities") == {"drop": ["ALL"]},
        "requests and a limit of memory": {"cpu", "memory"} <= resources.get("requests", {}).keys()
        and "memory" in resources.get("limits", {}),
        "an image with a tag other than latest": bool(image) and "/" not in tag and tag != "latest",
    }
    yield from (f"{pod}, {container['name']}: lacks {what}" for what, there in wanted.items() if not there)


def probes(cluster):
    """What runs for long is asked whether it started, lives and is ready; living depends on nothing else."""
    for pod in cluster.pods:
        if pod.kind not in ("Deployment", "StatefulSet"):
            continue
        for container in pod.containers:
            for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                probe = container.get(kind)
                if not probe:
                    yield f"{pod}, {container['name']}: has no {kind}"
                elif "httpGet" in probe:
                    path, port = probe["httpGet"]["path"].partition("?")[0], probe["httpGet"]["port"]
                    ready = kind == "readinessProbe" and pod.name in facts.SERVICES
                    if path != ("/readyz" if ready else "/healthz"):
                        yield f"{pod}: {kind} asks {path}"
                    if port not in pod.ports:
                        yield f"{pod}: {kind} asks port {port}, which it has not"


def services(cluster):
    """Every service has all that belongs to one, and can be replaced without failing a request."""
    for name in facts.SERVICES:
        for kind in (
            *("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "HorizontalPodAutoscaler"),
            "NetworkPolicy",
        ):
            if cluster.named(kind, name) is None:
                yield f"{name}: has no {kind}"
        pod = cluster.pod(name)
        if pod is None:
            continue
        if pod.spec["containers"][0].get("args") != ["serve", name]:
            yield f"{pod}: does not run `serve {name}`"
        rolling = pod.document["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            yield f"{pod}: takes pods away before new ones are ready"
        sleep = pod.spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        # Tessera promises to drain within 10 seconds.
        if sleep < 3 or pod.spec.get("terminationGracePeriodSeconds", 0) < sleep + 10:
            yield f"{pod}: has no time to say goodbye"
        if not pod.spec.get("topologySpreadConstraints"):
            yield f"{pod}: may run all its pods on one node"


def configuration(cluster):
    """Every setting is one that there is and is explained; every secret is one that people are told to make."""
    told = facts.readme()
    for pod in cluster.pods:
        is_tessera = pod.name in (*facts.SERVICES, "migrate")
        for container in pod.containers:
            for each in container.get("envFrom", []):
                if cluster.named("ConfigMap", each["configMapRef"]["name"]) is None:
                    yield f"{pod}: there is no ConfigMap {each['configMapRef']['name']}"
            for each in container.get("env", []):
                origin = each.get("valueFrom", {})
                if ref := origin.get("configMapKeyRef"):
                    if cluster.config("ConfigMap", ref["name"], ref["key"]) is None:
                        yield f"{pod}: {ref['name']} has no {ref['key']}"
                if ref := origin.get("secretKeyRef"):
                    if not any(f"`{ref['name']}`" in line and f"`{ref['key']}`" in line for line in told.splitlines()):
                        yield f"{pod}: nobody is told of the secret {ref['name']} with {ref['key']}"
        for volume in pod.spec.get("volumes", []):
            if "configMap" in volume and cluster.named("ConfigMap", volume["configMap"]["name"]) is None:
                yield f"{pod}: there is no ConfigMap {volume['configMap']['name']}"
        if is_tessera:
            names = cluster.environment(pod).keys()
            yield from (f"{pod}: {name} is no setting" for name in names - facts.settings())
            yield from (f"{pod}: {name} is not explained" for name in names if f"`{name}`" not in told)
            yield from own_secrets(pod)


def own_secrets(pod):
    """No service has another's secrets."""
    owners = {"jwt-secret": "auth", "stripe-secret": "payments"}
    for each in (each for container in pod.containers for each in container.get("env", [])):
        secret = each.get("valueFrom", {}).get("secretKeyRef", {}).get("name", "")
        owner = owners.get(secret) or secret.removesuffix("-database")
        if secret and owner != pod.name:
            yield f"{pod}: has the secret {secret}, which is not its own"


def setting(cluster, name):
    """A setting that all services share, as a number."""
    found = (each["data"] for each in cluster.of("ConfigMap") if each["metadata"]["name"].startswith("settings"))
    return int(next(found, {}).get(name, 0))


def connections(cluster):
    """The database has room for every pod that there may be."""
    limits = (re.search(r"max_connections(?:=|': ')(\d+)", str(pod.document["spec"])) for pod in cluster.pods)
    most = next((int(limit[1]) for limit in limits if limit), None)
    scalers = [each["spec"] for each in cluster.of("HorizontalPodAutoscaler")]
    owners = list(facts.databases().values())
    # One more while a new version comes; a pool for each database.
    pools = sum((each["maxReplicas"] + 1) * owners.count(each["scaleTargetRef"]["name"]) for each in scalers)
    wanted = pools * setting(cluster, "DATABASE_CONNECTIONS")
    # Some for the migration, and for a person.
    if most and wanted + 10 > most:
        yield f"the pods may want {wanted} connections, and the database has {most}"


def bus(cluster):
    """The bus keeps what it acknowledges, and has as many servers as it names, and as copies are asked for."""
    nats = cluster.named("StatefulSet", "nats")
    if nats is None:
        return
    replicas = nats["spec"]["replicas"]
    if setting(cluster, "NATS_REPLICAS") > replicas:
        yield f"NATS_REPLICAS asks for more copies than there are servers ({replicas})"
    (config,) = (each["data"]["nats.conf"] for each in cluster.of("ConfigMap") if "nats.conf" in each["data"])
    if not re.search(r"^\s*sync_interval: always$", config, re.MULTILINE):
        yield "nats.conf: acknowledges what is not on the disk (sync_interval)"
    servers = re.findall(r"nats://nats-\d\.nats-peers:6222", config)
    if len(servers) != (replicas if replicas > 1 else 0):
        yield f"nats.conf: names {len(servers)} servers, and there are {replicas}"
