"""Reads what the checks judge: files as they are, and manifests as kustomize renders them."""

import subprocess
from pathlib import Path

import yaml

from programs import KUBECTL

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = "deploy/kubernetes"


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would silently take the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def documents(text):
    """All documents of a YAML text."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]


def document(path):
    """The one document of a YAML file."""
    (only,) = documents(Path(path).read_text())
    return only


def render(folder):
    """What `kubectl kustomize` makes of a folder."""
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"kustomize {folder}: {done.stderr.strip()}")
    return documents(done.stdout)


def render_all(scratch):
    """Every rendering that is judged, by name. What is optional is rendered with what it is for."""
    kubernetes = ROOT / KUBERNETES
    folders = {name: kubernetes / name for name in ("base", "overlays/dev", "overlays/prod")}
    composed = {
        # Prod has the monitoring component already.
        "base + monitoring": ("base", "components/monitoring"),
        "overlays/prod + cloudnative-pg": ("overlays/prod", "components/cloudnative-pg"),
    }
    for name, (resource, component) in composed.items():
        folder = folders[name] = Path(scratch) / name.replace("/", "-").replace(" ", "")
        folder.mkdir(parents=True, exist_ok=True)
        # kustomize takes relative paths only.
        up = Path(*[".."] * len(folder.resolve().parts[1:]), *kubernetes.parts[1:])
        kustomization = {"resources": [f"{up}/{resource}"], "components": [f"{up}/{component}"]}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return {name: render(folder) for name, folder in folders.items()}
