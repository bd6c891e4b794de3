"""The part of KEDA's objects that the manifests use, strictly: a field not named here is refused.

From the reference of KEDA 2.16 (ScaledObject, TriggerAuthentication, Apache Kafka scaler).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Metadata(_Strict):
    """Name, place and labels."""

    name: str
    namespace: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Target(_Strict):
    """What is scaled; a Deployment unless `kind` says otherwise."""

    name: str
    kind: str = "Deployment"
    apiVersion: str = "apps/v1"  # noqa: N815
    envSourceContainerName: str | None = None  # noqa: N815


class Reference(_Strict):
    """Which authentication a trigger uses."""

    name: str
    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] = "TriggerAuthentication"


Number = Annotated[str, Field(pattern=r"^\d+$")]
Truth = Literal["true", "false"]


class KafkaTrigger(_Strict):
    """Every value is a text; that is how KEDA reads them."""

    bootstrapServers: str | None = None  # noqa: N815
    bootstrapServersFromEnv: str | None = None  # noqa: N815
    consumerGroup: str  # noqa: N815
    topic: str | None = None
    lagThreshold: Number = "10"  # noqa: N815
    activationLagThreshold: Number = "0"  # noqa: N815
    offsetResetPolicy: Literal["earliest", "latest"] = "latest"  # noqa: N815
    allowIdleConsumers: Truth = "false"  # noqa: N815
    scaleToZeroOnInvalidOffset: Truth = "false"  # noqa: N815
    excludePersistentLag: Truth = "false"  # noqa: N815
    limitToPartitionsWithLag: Truth = "false"  # noqa: N815
    partitionLimitation: str | None = None  # noqa: N815
    version: str | None = None


class Trigger(_Strict):
    """One reason to scale."""

    type: Literal["kafka"]
    name: str | None = None
    metadata: KafkaTrigger
    authenticationRef: Reference | None = None  # noqa: N815


class AutoscalerConfig(_Strict):
    """What is handed to the autoscaler that KEDA makes; `behavior` is Kubernetes's own."""

    name: str | None = None
    behavior: dict[str, Any] = {}


class Advanced(_Strict):
    """How the autoscaler behaves."""

    restoreToOriginalReplicaCount: bool = False  # noqa: N815
    horizontalPodAutoscalerConfig: AutoscalerConfig = AutoscalerConfig()  # noqa: N815


class Scaling(_Strict):
    """The specification of a ScaledObject; times in seconds."""

    scaleTargetRef: Target  # noqa: N815
    pollingInterval: Annotated[int, Field(ge=1)] = 30  # noqa: N815
    cooldownPeriod: Annotated[int, Field(ge=0)] = 300  # noqa: N815
    initialCooldownPeriod: Annotated[int, Field(ge=0)] = 0  # noqa: N815
    minReplicaCount: Annotated[int, Field(ge=0)] = 0  # noqa: N815
    maxReplicaCount: Annotated[int, Field(ge=1)] = 100  # noqa: N815
    advanced: Advanced = Advanced()
    triggers: Annotated[list[Trigger], Field(min_length=1)]


class ScaledObject(_Strict):
    """What grows with lag."""

    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: Scaling


class Value(_Strict):
    """A parameter of the scaler, taken from a key."""

    parameter: Literal["sasl", "tls", "username", "password", "ca", "cert", "key", "keyPassword"]
    name: str
    key: str


class Sources(_Strict):
    """Where a scaler's parameters come from."""

    configMapTargetRef: list[Value] = []  # noqa: N815
    secretTargetRef: list[Value] = []  # noqa: N815


class TriggerAuthentication(_Strict):
    """How KEDA signs in."""

    apiVersion: Literal["keda.sh/v1alpha1"]  # noqa: N815
    kind: Literal["TriggerAuthentication"]
    metadata: Metadata
    spec: Sources
