"""One rendering as a whole, to be asked about: what runs, what names what, which settings a pod has."""

import base64


class Cluster:
    """One rendering, to be asked about."""

    def __init__(self, documents):
        self.documents = documents
        self.pods = [Pod(each) for each in documents if Pod.is_in(each)]

    def of(self, kind):
        return [each for each in self.documents if each["kind"] == kind]

    def named(self, kind, name):
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def pod(self, name):
        return next((pod for pod in self.pods if pod.name == name), None)

    def service_target(self, host):
        """The pods behind a host name: a Service's, or CloudNativePG's."""
        service = self.named("Service", host)
        if service:
            return next((pod for pod in self.pods if selects(service["spec"]["selector"], pod.labels)), None)
        return self.pod(host.removesuffix("-rw"))

    def config(self, kind, name, key):
        """A value of a ConfigMap or a Secret that is rendered, or None."""
        found = self.named(kind, name)
        value = (found or {}).get("data", {}).get(key)
        return base64.b64decode(value).decode() if value and kind == "Secret" else value

    def environment(self, pod):
        """The pod's settings: name to value, None where it is in a Secret that people make."""
        found = {}
        for container in pod.containers:
            for each in container.get("envFrom", []):
                found |= (self.named("ConfigMap", each["configMapRef"]["name"]) or {}).get("data", {})
            for each in container.get("env", []):
                origin = each.get("valueFrom", {})
                key = origin.get("secretKeyRef") or origin.get("configMapKeyRef")
                kind = "Secret" if "secretKeyRef" in origin else "ConfigMap"
                found[each["name"]] = self.config(kind, key["name"], key["key"]) if key else each.get("value")
        return found


class Pod:
    """What runs: a pod's template, or CloudNativePG's servers, whose pods their operator makes."""

    def __init__(self, document):
        self.kind, self.name = document["kind"], document["metadata"]["name"]
        self.document = document
        if self.kind == "Cluster":
            self.labels, self.spec = {"cnpg.io/cluster": self.name}, {}
            self.ports = {"postgres": 5432, "status": 8000}
        else:
            template = document["spec"]["template"]
            self.labels, self.spec = template["metadata"]["labels"], template["spec"]
            ports = [port for each in self.containers for port in each.get("ports", [])]
            self.ports = {port["name"]: port["containerPort"] for port in ports}

    @staticmethod
    def is_in(document):
        return document["kind"] in ("Deployment", "StatefulSet", "Job", "Cluster")

    @property
    def containers(self):
        return self.spec.get("initContainers", []) + self.spec.get("containers", [])

    def __str__(self):
        return f"{self.kind} {self.name}"


def selects(labels, of):
    return all(of.get(key) == value for key, value in labels.items())


def matches(selector, labels):
    """Whether a label selector matches; an empty one matches all."""
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions), "only In is understood here"
    return selects(selector.get("matchLabels", {}), labels) and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )
