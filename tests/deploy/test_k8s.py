"""The manifests: valid for Kubernetes and KEDA, and no pod may do or reach more than it must."""

import re
import tomllib
from typing import Any

import kubernetes_validate
import pytest
from pydantic import ValidationError

from deploy.kafka.principals import READS
from shared.contracts.catalogue import PARTITIONS
from tests.chaos.balancer import BOOKINGS_DOOR
from tests.deploy.keda import ScaledObject, TriggerAuthentication
from tests.deploy.manifests import (
    K8S,
    OVERLAYS,
    ROOT,
    Manifest,
    containers,
    environment,
    examples,
    of_kind,
    pods,
    rendered,
)

KUBERNETES = "1.34"
"""The oldest release that the manifests promise to work on."""

KEDA: dict[str, type[ScaledObject | TriggerAuthentication]] = {
    "ScaledObject": ScaledObject,
    "TriggerAuthentication": TriggerAuthentication,
}
SERVICES = ("booking", "notify", "progress")

EVERY_POD = [(overlay, name) for overlay in OVERLAYS for name in sorted(pods(overlay))]
every_pod = pytest.mark.parametrize(("overlay", "name"), EVERY_POD)
every_service = pytest.mark.parametrize(
    ("overlay", "name"), [(overlay, name) for overlay in OVERLAYS for name in SERVICES]
)


def fault(manifest: Manifest) -> str | None:
    """What is wrong with a manifest by its schema, or nothing."""
    if model := KEDA.get(manifest["kind"]):
        try:
            read = model.model_validate(manifest)
        except ValidationError as wrong:
            return str(wrong)
        return fault(_autoscaler(read)) if isinstance(read, ScaledObject) else None
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as wrong:
        return str(wrong.message)
    return None


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_is_valid(overlay: str) -> None:
    given = [*rendered(overlay), *examples("console.yaml")]
    faults = {(m["kind"], m["metadata"]["name"]): wrong for m in given if (wrong := fault(m))}

    assert {} == faults


def test_a_misspelt_field_is_found() -> None:
    deployment = of_kind(rendered("large"), "Deployment")["booking"]
    scaled = of_kind(rendered("large"), "ScaledObject")["notify"]
    misspelt = {**deployment, "spec": {**deployment["spec"], "replica": 3}}
    mistaken = {**scaled, "spec": {**scaled["spec"], "maxReplicas": 6}}

    assert "replica" in (fault(misspelt) or "")
    assert "maxReplicas" in (fault(mistaken) or "")


@every_pod
def test_a_pod_has_no_rights_and_a_root_that_cannot_be_written(overlay: str, name: str) -> None:
    pod = pods(overlay)[name]["spec"]
    expected = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }

    assert {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    } == pod["securityContext"]
    assert pod["automountServiceAccountToken"] is False
    # Else another Service's address may come in under a setting's name.
    assert pod["enableServiceLinks"] is False
    assert [expected] == [c["securityContext"] for c in containers(pods(overlay)[name])]


@every_pod
def test_a_pod_has_limits_and_starts_without_a_shell(overlay: str, name: str) -> None:
    for container in containers(pods(overlay)[name]):
        assert {"cpu", "memory", "ephemeral-storage"} == set(container["resources"]["limits"])
        assert {"cpu", "memory", "ephemeral-storage"} == set(container["resources"]["requests"])
        assert container["command"][0] in {"python", "sleep"}


@every_service
def test_a_service_is_asked_how_it_is_and_given_time_to_leave(overlay: str, name: str) -> None:
    pod = pods(overlay)[name]
    [container] = containers(pod)
    drain_s = int(environment(overlay, pod)[f"{name.upper()}_DRAIN_S"])
    probes = {
        probe: container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }

    assert {
        "startupProbe": "/livez",
        "livenessProbe": "/livez",
        "readinessProbe": BOOKINGS_DOOR if name == "booking" else "/readyz",
    } == probes
    # It is seen as not ready before it closes, and ends before it is killed.
    ready = container["readinessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] < drain_s
    assert drain_s + 2 * 11 <= pod["spec"]["terminationGracePeriodSeconds"]


@every_service
def test_a_service_may_be_moved_and_is_spread(overlay: str, name: str) -> None:
    budget = of_kind(rendered(overlay), "PodDisruptionBudget")[name]["spec"]
    pod = pods(overlay)[name]

    assert 1 == budget["maxUnavailable"]
    assert _selects(budget["selector"], pod)
    assert ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] == [
        spread["topologyKey"] for spread in pod["spec"]["topologySpreadConstraints"]
    ]
    assert all(
        _selects(spread["labelSelector"], pod)
        for spread in pod["spec"]["topologySpreadConstraints"]
    )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_have_one_tag_that_is_the_project_s_version(overlay: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = {c["image"] for pod in pods(overlay).values() for c in containers(pod)}

    assert {
        f"registry.example/limber/{name}:{version}" for name in (*SERVICES, "operations")
    } == images
    assert ["base/kustomization.yaml"] == [
        str(file.relative_to(K8S))
        for file in sorted((K8S / "base").rglob("*")) + sorted((K8S / "overlays").rglob("*.yaml"))
        if f":{version}" in (text := file.read_text()) or f"newTag: {version}" in text
    ]


def test_the_tree_holds_no_secret() -> None:
    for file in K8S.rglob("*.yaml"):
        text = file.read_text()

        assert not re.search(r"^kind: Secret$", text, re.MULTILINE), file
        assert not re.search(r"://[^/\s:]+:[^/\s@]+@|BEGIN [A-Z ]*PRIVATE KEY|whsec_", text), file
    for overlay in OVERLAYS:
        assert {} == of_kind(rendered(overlay), "Secret")


@every_pod
def test_a_pod_is_reached_by_and_reaches_what_is_listed_alone(overlay: str, name: str) -> None:
    policies = of_kind(rendered(overlay), "NetworkPolicy")
    pod = pods(overlay)[name]
    ours = {n for n, p in policies.items() if _selects(p["spec"]["podSelector"], pod)}
    always = {"nothing", "names"}

    assert {
        "booking": always | {"database", "kafka", "front-door", "watching"},
        "notify": always | {"database", "kafka", "front-door", "watching", "outside"},
        "progress": always | {"database", "kafka", "watching"},
        "migrate": always | {"database"},
        "operators": always | {"database"},
        "topics": always | {"kafka"},
        "access": always | {"kafka"},
        "console": always | {"database", "kafka"},
    }[name] == ours


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_without_a_policy_of_its_own_a_pod_is_alone(overlay: str) -> None:
    nothing = of_kind(rendered(overlay), "NetworkPolicy")["nothing"]["spec"]

    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} == nothing


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_for_operators_is_closed_to_the_outside(overlay: str) -> None:
    ingress = of_kind(rendered(overlay), "Ingress")["limber"]
    [rule] = ingress["spec"]["rules"]
    backends = {p["path"]: p["backend"]["service"]["name"] for p in rule["http"]["paths"]}
    closed = of_kind(rendered(overlay), "Service")["closed"]

    assert {"closed"} == {backends[path] for path in ("/metrics", "/livez", "/readyz")}
    assert "selector" not in closed["spec"]
    assert "booking" == backends["/"]


def test_replicas_follow_lag_on_every_topic_and_never_outnumber_the_partitions() -> None:
    scaled = of_kind(rendered("large"), "ScaledObject")
    watched: dict[str, set[str]] = {
        name: {trigger["metadata"]["topic"] for trigger in manifest["spec"]["triggers"]}
        for name, manifest in scaled.items()
    }

    assert {name: set(READS[name]) for name in ("notify", "progress")} == watched
    for name, manifest in scaled.items():
        assert PARTITIONS == manifest["spec"]["maxReplicaCount"]
        servers = environment("large", pods("large")[name])
        for trigger in manifest["spec"]["triggers"]:
            assert name == trigger["metadata"]["consumerGroup"]
            assert trigger["metadata"]["bootstrapServersFromEnv"] in servers


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_first_stage_is_complete_in_itself(overlay: str) -> None:
    first = [
        (m["kind"], m["metadata"]["name"])
        for m in rendered(overlay)
        if m["metadata"].get("labels", {}).get("limber.example/stage") == "first"
    ]
    jobs = of_kind(rendered(overlay), "Job")
    maps = {
        ("ConfigMap", name)
        for job in jobs.values()
        for container in containers(job["spec"]["template"])
        for name in [
            *(source["configMapRef"]["name"] for source in container.get("envFrom", ())),
            *(e["valueFrom"]["configMapKeyRef"]["name"] for e in container.get("env", ())),
        ]
    }

    assert maps | {("Job", n) for n in jobs} | {("ServiceAccount", "jobs")} == set(first)


def test_what_scales_itself_has_no_number_of_replicas() -> None:
    manifests = rendered("large")
    scaled = {
        m["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for m in of_kind(manifests, kind).values()
    }

    assert set(SERVICES) == scaled
    assert not any("replicas" in m["spec"] for m in of_kind(manifests, "Deployment").values())


def _autoscaler(scaled: ScaledObject) -> Manifest:
    """What KEDA makes of it, as far as its behaviour goes: that is Kubernetes's to judge."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": scaled.metadata.name},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": scaled.spec.scaleTargetRef.apiVersion,
                "kind": scaled.spec.scaleTargetRef.kind,
                "name": scaled.spec.scaleTargetRef.name,
            },
            "maxReplicas": scaled.spec.maxReplicaCount,
            "behavior": scaled.spec.advanced.horizontalPodAutoscalerConfig.behavior,
        },
    }


def _selects(selector: Manifest, pod: Manifest) -> bool:
    labels: dict[str, Any] = pod["metadata"]["labels"]
    wanted = selector.get("matchLabels", {}).items()
    among = selector.get("matchExpressions", ())
    assert all(rule["operator"] == "In" for rule in among)
    return all(labels.get(name) == value for name, value in wanted) and all(
        labels.get(rule["key"]) in rule["values"] for rule in among
    )
