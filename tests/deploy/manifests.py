"""The manifests as kustomize renders them, and a look at what they hold."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("small", "large")
KUBECTL = Path(sys.executable).parent / "kubectl"
"""From a package of the lock, so that nobody's own version decides."""

Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """What `kubectl apply -k` would send."""
    done = subprocess.run(
        (KUBECTL, "kustomize", K8S / "overlays" / overlay),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return tuple(yaml.safe_load_all(done.stdout))


@cache
def examples(name: str) -> tuple[Manifest, ...]:
    """The manifests of a file in examples/."""
    return tuple(yaml.safe_load_all((K8S / "examples" / name).read_text()))


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> dict[str, Manifest]:
    """Name to manifest, of these kinds."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] in kinds}


def pods(overlay: str) -> dict[str, Manifest]:
    """Name of a workload to its pod's template; the example's console is one, too."""
    found = {
        name: manifest["spec"]["template"]
        for name, manifest in of_kind(rendered(overlay), "Deployment", "Job").items()
    }
    return found | of_kind(examples("console.yaml"), "Pod")


def containers(pod: Manifest) -> Iterator[Manifest]:
    """All containers of a pod."""
    yield from pod["spec"].get("initContainers", ())
    yield from pod["spec"]["containers"]


def environment(overlay: str, pod: Manifest) -> dict[str, str]:
    """The environment of a pod's container, as the cluster would put it together."""
    maps = {name: m["data"] for name, m in of_kind(rendered(overlay), "ConfigMap").items()}
    [container] = containers(pod)
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= maps[source["configMapRef"]["name"]]
    for entry in container.get("env", ()):
        if "value" in entry:
            found[entry["name"]] = entry["value"]
        else:
            place = entry["valueFrom"]["configMapKeyRef"]
            found[entry["name"]] = maps[place["name"]][place["key"]]
    return found


def secret_keys() -> dict[str, set[str]]:
    """Secret to its keys, as examples/secrets.yaml fills them."""
    return {
        name: {entry["secretKey"] for entry in manifest["spec"]["data"]}
        for name, manifest in of_kind(examples("secrets.yaml"), "ExternalSecret").items()
    }
