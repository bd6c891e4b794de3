"""Real Postgres and Kafka for tests: containers where an engine has the images, else processes."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.1.1"

PORTS = (20_000, 30_000)
"""Below the range that the kernel uses for outgoing connections."""

PASSWORD = "only-for-tests"


@dataclass(frozen=True)
class Servers:
    """Where the tests' Postgres (as superuser, database `postgres`) and Kafka are."""

    kind: str
    database_url: str
    kafka_bootstrap: str


def engine_has_images() -> bool:
    """Whether a container engine answers and holds both images."""
    try:
        client = docker.from_env(timeout=5)
        for image in (POSTGRES_IMAGE, KAFKA_IMAGE):
            client.images.get(image)
    except (DockerException, ImageNotFound, OSError):
        return False
    return True


@contextmanager
def running(home: Path) -> Iterator[Servers]:
    """Both servers while the block runs; `home` is where processes keep their state."""
    given = os.environ.get("LIMBER_TEST_DATABASE_URL"), os.environ.get("LIMBER_TEST_KAFKA")
    if given[0] and given[1]:
        yield Servers("given", given[0], given[1])
    elif engine_has_images():
        with _containers() as servers:
            yield servers
    else:
        from deploy.embedded import servers as embedded

        with embedded.running(home) as addresses:
            yield Servers("embedded", addresses.database_url, addresses.kafka_bootstrap)


@contextmanager
def _containers() -> Iterator[Servers]:
    # Ryuk is one image more; the blocks below stop what they started.
    testcontainers_config.ryuk_disabled = True
    port = free_port()
    postgres = (
        DockerContainer(POSTGRES_IMAGE)
        .with_env("POSTGRES_PASSWORD", PASSWORD)
        # These databases live for one test; only the machine's own crash could tell the difference.
        .with_command("postgres -c fsync=off -c full_page_writes=off -c max_connections=200")
        .with_tmpfs_mount("/var/lib/postgresql")
        .with_exposed_ports(5432)
        .waiting_for(LogMessageWaitStrategy("PostgreSQL init process complete"))
    )
    kafka = (
        DockerContainer(KAFKA_IMAGE)
        .with_bind_ports(port, port)
        .waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    )
    for name, value in kafka_environment(port).items():
        kafka.with_env(name, value)
    with postgres, kafka:
        host = f"127.0.0.1:{postgres.get_exposed_port(5432)}"
        yield Servers(
            "containers",
            f"postgresql://postgres:{PASSWORD}@{host}/postgres",
            f"127.0.0.1:{port}",
        )


def kafka_environment(port: int) -> dict[str, str]:
    """A single combined node that is reached at 127.0.0.1:port, set up as production is."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_COORDINATOR_APPEND_LINGER_MS": "0",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses, and that no outgoing connection will be given.

    Raises:
        RuntimeError: none was found in many tries.
    """
    for _ in range(200):
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("no free port on 127.0.0.1")
