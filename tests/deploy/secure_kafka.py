"""A real broker with the settings of deploy/compose.secure.yml, reached from this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.acls import AccessSettings
from deploy.kafka.principals import PRINCIPALS
from deploy.kafka.secrets import write_kafka_secrets
from deploy.topics import TopicSettings
from shared.clock import system_clock
from shared.kafka import KafkaAccess
from tests.servers import KAFKA_IMAGE, free_port

ROOT = Path(__file__).parent.parent.parent

START_TIMEOUT_S = 200
"""A bound, no expectation: five seconds on a quiet machine."""


@dataclass(frozen=True)
class SecureKafka:
    """Where the broker listens for names (`clients`) and for certificates (`nodes`)."""

    clients: int
    nodes: int
    secrets: Path

    def password(self, name: str) -> str:
        """The password that the secrets job drew for a name."""
        return (self.secrets / "cluster" / f"limber_kafka_{name}_password").read_text()

    def as_(self, name: str, password: str | None = None) -> KafkaAccess:
        """Signing in by name."""
        settings = TopicSettings.model_validate({
            "kafka_bootstrap": f"localhost:{self.clients}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_user": name,
            "kafka_password": password or self.password(name),
            "kafka_ca_file": self.secrets / "cluster" / "kafka_ca.pem",
        })  # fmt: skip
        return settings.kafka

    def _as_job(self) -> dict[str, object]:
        return {
            "kafka_bootstrap": f"localhost:{self.nodes}",
            "kafka_security_protocol": "SSL",
            "kafka_ca_file": self.secrets / "cluster" / "kafka_ca.pem",
            "kafka_certificate_file": self.secrets / "cluster" / "kafka_jobs.pem",
        }

    def topics(self) -> TopicSettings:
        """The settings of the topics job."""
        return TopicSettings.model_validate(self._as_job())

    def access(self) -> AccessSettings:
        """The settings of the access job."""
        passwords = {f"kafka_{name}_password": self.password(name) for name in PRINCIPALS}
        return AccessSettings.model_validate(self._as_job() | passwords)


@contextmanager
def running(place: Path) -> Iterator[SecureKafka]:
    """The broker while the block runs; without topics, names and rights so far."""
    testcontainers_config.ryuk_disabled = True
    write_kafka_secrets(place, system_clock())
    # As the directory that the image makes for the volume: its group may enter.
    (place / "kafka").chmod(0o750)
    clients, nodes = free_port(), free_port()
    container = (
        DockerContainer(KAFKA_IMAGE)
        .with_bind_ports(clients, clients)
        .with_bind_ports(nodes, nodes)
        .with_volume_mapping(str(place / "kafka"), "/run/limber", "ro")
        .with_kwargs(group_add=[str(os.getgid())])
        .waiting_for(
            LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_TIMEOUT_S)
        )
    )
    for name, value in _environment(clients, nodes).items():
        container.with_env(name, value)
    with container:
        yield SecureKafka(clients, nodes, place)


def _environment(clients: int, nodes: int) -> dict[str, str]:
    """What compose gives the broker, at other ports."""
    given: dict[str, str] = {}
    for file in ("docker-compose.yml", "deploy/compose.secure.yml"):
        given |= yaml.safe_load((ROOT / file).read_text())["services"]["kafka"]["environment"]
    return given | {
        "KAFKA_LISTENERS": (f"CLIENTS://:{clients},NODES://:{nodes},CONTROLLER://localhost:9093"),
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENTS://localhost:{clients},NODES://localhost:{nodes}",
        # Half the processor time until it is ready.
        "KAFKA_HEAP_OPTS": "-Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
