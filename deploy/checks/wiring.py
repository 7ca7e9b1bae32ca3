"""Judges what leads to what: names, ports, network policies, the Ingress. Each check yields what is wrong, in words."""

from urllib.parse import urlsplit

import facts
from cluster import Cluster, matches, selects


def problems(documents):
    """All that leads nowhere in one rendering, or to where it should not."""
    cluster = Cluster(documents)
    for check in (references, reachable, ingress):
        yield from check(cluster)


def references(cluster):
    """What names something else names something that is there."""
    for service in cluster.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        pod = next((pod for pod in cluster.pods if selects(spec["selector"], pod.labels)), None)
        if pod is None:
            yield f"Service {name}: selects nothing"
            continue
        for port in spec["ports"]:
            if port["targetPort"] not in pod.ports:
                yield f"Service {name}: {pod} has no port {port['targetPort']}"
    for budget in cluster.of("PodDisruptionBudget"):
        if not any(matches(budget["spec"]["selector"], pod.labels) for pod in cluster.pods):
            yield f"PodDisruptionBudget {budget['metadata']['name']}: selects nothing"
    for scaler in cluster.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        found = cluster.named(target["kind"], target["name"])
        if found is None:
            yield f"HorizontalPodAutoscaler {scaler['metadata']['name']}: there is no {target['name']}"
        elif "replicas" in found["spec"]:
            yield f"{target['kind']} {target['name']}: each apply would undo what its autoscaler did"
    for monitor in cluster.of("ServiceMonitor"):
        asked = [
            each for each in cluster.of("Service") if matches(monitor["spec"]["selector"], each["metadata"]["labels"])
        ]
        if {each["metadata"]["name"] for each in asked} != set(facts.SERVICES):
            yield f"ServiceMonitor {monitor['metadata']['name']}: does not ask every service, and only those"
    for policy in cluster.of("NetworkPolicy"):
        yield from policy_references(cluster, policy)


def policy_references(cluster, policy):
    what, spec = f"NetworkPolicy {policy['metadata']['name']}", policy["spec"]
    own = [pod for pod in cluster.pods if matches(spec["podSelector"], pod.labels)]
    if not own:
        yield f"{what}: selects nothing"
    for way, side in (("ingress", "from"), ("egress", "to")):
        if way in spec and way.title() not in spec["policyTypes"]:
            yield f"{what}: has rules for {way} and is not about it"
        for rule in spec.get(way, []):
            local = [peer["podSelector"] for peer in rule.get(side, []) if set(peer) == {"podSelector"}]
            if any(not any(matches(peer, pod.labels) for pod in cluster.pods) for peer in local):
                yield f"{what}: {way} with nobody"
            for expression in [
                each for peer in (spec["podSelector"], *local) for each in peer.get("matchExpressions", [])
            ]:
                gone = [value for value in expression["values"] if not cluster.pod(value)]
                yield from (f"{what}: there is no {value}" for value in gone)
            receivers = (
                own
                if way == "ingress"
                else [pod for peer in local for pod in cluster.pods if matches(peer, pod.labels)]
            )
            for port in rule.get("ports", []):
                if receivers and not all(port["port"] in {*pod.ports, *pod.ports.values()} for pod in receivers):
                    yield f"{what}: {way} to port {port['port']}, which is not there"


def allows(cluster, source_pod, target, port):
    """Whether the policies let one pod open a connection to another: the one's egress, and the other's ingress."""

    def one_side(own, other, way, side):
        for policy in (each["spec"] for each in cluster.of("NetworkPolicy")):
            if way.title() not in policy["policyTypes"] or not matches(policy["podSelector"], own.labels):
                continue
            for rule in policy.get(way, []):
                ports = [target.ports.get(each["port"], each["port"]) for each in rule.get("ports", [])]
                peers = rule.get(side, [])
                if (not ports or port in ports) and (
                    not peers
                    or any(
                        set(peer) == {"podSelector"} and matches(peer["podSelector"], other.labels) for peer in peers
                    )
                ):
                    return True
        return False

    return one_side(source_pod, target, "egress", "to") and one_side(target, source_pod, "ingress", "from")


def reachable(cluster):
    """Whatever a setting names can be reached, and what none names cannot."""
    denied = cluster.named("NetworkPolicy", "default-deny")
    if denied is None or denied["spec"] != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}:
        yield "NetworkPolicy default-deny: does not deny everything"
    needed = set()
    for pod in cluster.pods:
        if pod.name in (*facts.SERVICES, "migrate"):
            settings = cluster.environment(pod)
            urls = (
                settings.get(name) for name in ("NATS_URL", "NATS_MONITOR_URL", "JWKS_URL", "API_URL", "DATABASE_URL")
            )
            needed |= {(pod.name, urlsplit(url).hostname, urlsplit(url).port) for url in urls if url}
            # Where people make the secret, and the database is in the cluster.
            if "DATABASE_URL" in settings and cluster.pod("postgres"):
                needed.add((pod.name, "postgres", 5432))
    needed |= {("front", name, 3000) for name in facts.SERVICES if name != "expiration"}
    needed.add(("nats", "nats", 6222))
    targets = {(source_name, cluster.service_target(host), port) for source_name, host, port in needed}
    for source_name, target, port in sorted(targets, key=str):
        if target is None or not allows(cluster, cluster.pod(source_name), target, port):
            yield f"{source_name} cannot reach {target} at {port}"
    named = {(source_name, target.name, port) for source_name, target, port in targets if target}
    for pod in cluster.pods:
        for target in cluster.pods:
            for port in set(target.ports.values()):
                # What keeps data talks to its like as it wants.
                if pod.name == target.name or (pod.name, target.name, port) in named:
                    continue
                if allows(cluster, pod, target, port):
                    yield f"{pod.name} can reach {target.name} at {port}, and has no business there"


def ingress(cluster):
    """The paths are the contract's, and each leads to the service that answers it."""
    for each in cluster.of("Ingress"):
        found = {}
        for path in (path for rule in each["spec"]["rules"] for path in rule["http"]["paths"]):
            backend = path["backend"]["service"]
            found[path["path"]] = backend["name"]
            service = cluster.named("Service", backend["name"])
            if service is None or backend["port"]["name"] not in {port["name"] for port in service["spec"]["ports"]}:
                yield f"Ingress: {path['path']} leads nowhere ({backend['name']})"
            if path["pathType"] != "Prefix":
                yield f"Ingress: {path['path']} is no prefix"
        if found != facts.INGRESS:
            yield f"Ingress: its paths are {found}, and should be {facts.INGRESS}"
        for path, service in facts.routes().items():
            fits = [prefix for prefix in found if f"{path.rstrip('/')}/".startswith(f"{prefix.rstrip('/')}/")]
            if not fits or found[max(fits, key=len)] != service:
                yield f"Ingress: {path} does not lead to {service}"
