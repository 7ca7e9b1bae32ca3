"""The checks can fail: each fault that is planted here is found, and named."""

import copy
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import around
import manifests
import monitoring
import programs
import source
import wiring
from cluster import Cluster


def everything_wrong(documents):
    return [problem for judge in (manifests, wiring, monitoring) for problem in judge.problems(documents)]


class PlantedFaults(unittest.TestCase):
    """A fault in what was rendered; what is found is compared with a part of the message."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as scratch:
            cls.rendered = source.render_all(scratch)

    def setUp(self):
        self.documents = copy.deepcopy(self.rendered["overlays/prod"])

    def named(self, kind, name):
        return Cluster(self.documents).named(kind, name)

    def container(self, name, kind="Deployment"):
        return self.named(kind, name)["spec"]["template"]["spec"]["containers"][0]

    def assert_found(self, *parts):
        found = everything_wrong(self.documents)
        for part in parts:
            self.assertTrue(any(part in problem for problem in found), f"{part!r} is not among {found}")

    def test_nothing_is_wrong_as_it_is(self):
        for name, documents in self.rendered.items():
            self.assertEqual(everything_wrong(documents), [], name)

    def test_a_misspelt_field(self):
        self.container("orders")["readinesProbe"] = self.container("orders").pop("readinessProbe")
        self.assert_found(
            "Deployment orders: spec.template.spec.containers.0: Additional properties", "has no readinessProbe"
        )

    def test_a_misspelt_field_of_a_kind_that_kubernetes_does_not_know(self):
        self.named("ServiceMonitor", "tessera")["spec"]["endpoints"][0]["honourLabels"] = True
        self.assert_found("'honourLabels' was unexpected")

    def test_liveness_that_depends_on_a_database(self):
        self.container("tickets")["livenessProbe"]["httpGet"]["path"] = "/readyz"
        self.assert_found("Deployment tickets: livenessProbe asks /readyz")

    def test_a_container_that_may_write_everywhere(self):
        self.container("nats", "StatefulSet")["securityContext"]["readOnlyRootFilesystem"] = False
        self.assert_found("StatefulSet nats, nats: lacks readOnlyRootFilesystem")

    def test_an_image_without_a_version(self):
        for image in ("tessera", "tessera:latest", "registry.example.com:5000/tessera"):
            self.container("web")["image"] = image
            self.assert_found("Deployment web, tessera: lacks an image with a tag")

    def test_a_wrong_path(self):
        paths = self.named("Ingress", "tessera")["spec"]["rules"][0]["http"]["paths"]
        paths[0]["path"] = "/api/user"
        self.assert_found("Ingress: its paths are", "Ingress: /api/users/signin does not lead to auth")

    def test_a_path_to_a_service_that_is_not_there(self):
        self.named("Ingress", "tessera")["spec"]["rules"][0]["http"]["paths"][2]["backend"]["service"]["name"] = (
            "ticket"
        )
        self.assert_found("Ingress: /api/tickets leads nowhere")

    def test_a_service_that_selects_nothing(self):
        self.named("Service", "payments")["spec"]["selector"] = {"app.kubernetes.io/name": "payment"}
        self.assert_found("Service payments: selects nothing")

    def test_a_pod_that_cannot_reach_the_bus(self):
        self.named("NetworkPolicy", "to-bus")["spec"]["egress"][0]["ports"].pop(0)
        self.assert_found("orders cannot reach StatefulSet nats at 4222")

    def test_a_policy_that_lets_too_many_in(self):
        self.named("NetworkPolicy", "payments")["spec"]["ingress"].append({})
        self.named("NetworkPolicy", "web")["spec"]["egress"].append({})
        self.assert_found("web can reach payments at 3000, and has no business there")

    def test_a_secret_that_nobody_was_told_to_make(self):
        self.container("auth")["env"][0]["valueFrom"]["secretKeyRef"]["key"] = "JWT"
        self.assert_found("nobody is told of the secret jwt-secret with JWT")

    def test_a_secret_of_another_service(self):
        self.container("web")["env"] += self.container("orders")["env"][1:]
        self.assert_found("Deployment web: has the secret orders-database, which is not its own")

    def test_a_setting_that_does_not_exist(self):
        self.container("orders")["env"].append({"name": "LOCK_SECOND", "value": "900"})
        self.assert_found("Deployment orders: LOCK_SECOND is no setting")

    def test_more_connections_than_the_database_has(self):
        self.documents = copy.deepcopy(self.rendered["overlays/prod + cloudnative-pg"])
        self.named("HorizontalPodAutoscaler", "orders")["spec"]["maxReplicas"] = 60
        self.assert_found("connections, and the database has 500")

    def test_a_bus_that_acknowledges_too_early(self):
        (config,) = [each for each in self.documents if "nats.conf" in each.get("data", {})]
        config["data"]["nats.conf"] = config["data"]["nats.conf"].replace("sync_interval: always", "")
        self.assert_found("nats.conf: acknowledges what is not on the disk")

    def test_a_configuration_that_the_bus_does_not_read(self):
        (config,) = [each for each in self.documents if "nats.conf" in each.get("data", {})]
        config["data"]["nats.conf"] = config["data"]["nats.conf"].replace("30s", "20s")
        found = list(programs.problems([config]))
        self.assertIn("invalid lame_duck_duration of 20s", " ".join(found))

    def test_a_metric_that_does_not_exist(self):
        rules = self.named("PrometheusRule", "tessera")["spec"]["groups"][0]["rules"]
        rules[0]["expr"] = "tessera_outbox_age_second > 30"
        # A gauge has no buckets.
        rules[1]["expr"] = "rate(tessera_outbox_age_seconds_bucket[5m]) > 5"
        rules[2]["expr"] = 'tessera_inbox_dead_letters{servise="orders"} > 0'
        self.assert_found(
            "there is no metric tessera_outbox_age_second",
            "there is no metric tessera_outbox_age_seconds_bucket",
            "no metric has the label servise",
        )

    def test_a_metric_on_the_dashboard_that_does_not_exist(self):
        (board,) = [each for each in self.documents if "tessera.json" in each.get("data", {})]
        board["data"]["tessera.json"] = board["data"]["tessera.json"].replace("dead_letters", "dead_letter")
        self.assert_found("dashboard tessera-dashboard/tessera.json: Dead letters: there is no metric")

    def test_an_alert_that_does_not_say_what_to_do(self):
        del self.named("PrometheusRule", "tessera")["spec"]["groups"][0]["rules"][0]["annotations"]["runbook_url"]
        self.assertIn("'runbook_url' is a required property", " ".join(manifests.problems(self.documents)))


class PlantedInFiles(unittest.TestCase):
    """A fault in a copy of the files themselves."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in ("deploy", ".github"):
            shutil.copytree(source.ROOT / name, self.root / name)
        for name in ("compose.yaml", "skaffold.yaml"):
            shutil.copy(source.ROOT / name, self.root)

    def plant(self, file, before, after):
        path = self.root / file
        text, times = re.subn(before, after, path.read_text(), count=1, flags=re.MULTILINE)
        self.assertEqual(times, 1, f"{before} is not in {file} any more")
        path.write_text(text)

    def assert_found(self, part):
        dev = source.render(self.root / source.KUBERNETES / "overlays/dev")
        found = [*everything_wrong(dev), *around.problems(self.root, dev)]
        self.assertTrue(any(part in problem for problem in found), f"{part!r} is not among {found}")

    def test_a_misspelt_field_in_what_all_services_share(self):
        self.plant("deploy/kubernetes/base/service.yaml", "livenessProbe:", "livelinessProbe:")
        self.assert_found("Deployment auth, tessera: has no livenessProbe")

    def test_a_setting_that_only_compose_has(self):
        self.plant("compose.yaml", "LOCK_SECONDS:", "LOCK_SECOND:")
        self.assert_found("compose, orders: LOCK_SECOND is only here")

    def test_a_front_that_leads_elsewhere(self):
        self.plant("deploy/kubernetes/base/front/nginx.conf", r"\^/api/orders\(/\|\$\)", "^/api/order(/|$)")
        self.assert_found("nginx.conf: /api/orders leads to web, not to orders")

    def test_a_database_that_nobody_makes(self):
        self.plant("deploy/kubernetes/overlays/dev/postgres/databases.sh", "gateway:payments", "")
        self.assert_found("databases.sh: does not make gateway for payments")

    def test_a_key_that_is_there_twice(self):
        self.plant("compose.yaml", "^  front:$", "  web: {}\n  front:")
        with self.assertRaisesRegex(Exception, "'web' is there twice"):
            source.document(self.root / "compose.yaml")

    def test_a_workflow_that_may_do_everything(self):
        self.plant(".github/workflows/ci.yml", r"^permissions: \{\}$", "permissions: write-all")
        self.assert_found("ci.yml: what a job may do beyond reading belongs to that job")

    def test_an_action_of_any_version(self):
        self.plant(".github/workflows/release.yml", "checkout@v[0-9]+", "checkout@main")
        self.assert_found("actions/checkout@main is not pinned")

    def test_what_skaffold_cannot_find(self):
        self.plant("skaffold.yaml", "overlays/dev", "overlays/devel")
        self.assert_found("skaffold: there is no deploy/kubernetes/overlays/devel")


if __name__ == "__main__":
    unittest.main()
