"""The overrides for three brokers and for a secured Kafka keep the promises of the compose file."""

from typing import Any

import pytest
import yaml

from deploy.kafka.secrets import BROKER_NAME, BROKERS, JOBS_NAME
from deploy.topics import TopicSettings
from tests.deploy.manifests import ROOT

BASE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
THREE = yaml.safe_load((ROOT / "deploy" / "compose.brokers.yml").read_text())["services"]
SECURE = yaml.safe_load((ROOT / "deploy" / "compose.secure.yml").read_text())["services"]
NODES = ("kafka", "kafka-2", "kafka-3")
SERVICES = ("booking", "notify", "progress")


def environment(override: dict[str, Any], name: str) -> dict[str, str]:
    """A service's environment with an override on it; `extends` counts."""
    service = override[name]
    ground = service.get("extends", {"service": name})["service"]
    return {**BASE[ground].get("environment", {}), **service.get("environment", {})}


def test_each_record_stands_on_three_brokers_and_is_acknowledged_by_two() -> None:
    topics = environment(THREE, "topics")
    found = TopicSettings.model_validate(
        {name.removeprefix("LIMBER_").lower(): value for name, value in topics.items()}
    )

    assert (3, 2) == (found.kafka_replication, found.kafka_min_insync_replicas)
    for node in NODES:
        kafka = environment(THREE, node)
        for name in ("OFFSETS_TOPIC_REPLICATION_FACTOR", "DEFAULT_REPLICATION_FACTOR"):
            assert "3" == kafka[f"KAFKA_{name}"]
        assert "2" == kafka["KAFKA_MIN_INSYNC_REPLICAS"]
        assert "false" == kafka["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"]


def test_three_brokers_are_three() -> None:
    kafka = {node: environment(THREE, node) for node in NODES}
    data = {
        volume
        for node in NODES
        for volume in THREE[node]["volumes"]
        if volume.endswith("/var/lib/kafka/data")
    }

    assert ["1", "2", "3"] == [kafka[node]["KAFKA_NODE_ID"] for node in NODES]
    assert [f"PLAINTEXT://{node}:9092" for node in NODES] == [
        kafka[node]["KAFKA_ADVERTISED_LISTENERS"] for node in NODES
    ]
    assert 1 == len({settings["KAFKA_CONTROLLER_QUORUM_VOTERS"] for settings in kafka.values()})
    assert 3 == len(data)
    assert {"docker-compose.yml"} == {THREE[node]["extends"]["file"] for node in NODES[1:]}


@pytest.mark.parametrize("name", SERVICES)
def test_everybody_knows_all_three(name: str) -> None:
    bootstrap = environment(THREE, name)[f"{name.upper()}_KAFKA_BOOTSTRAP"]

    assert [f"{node}:9092" for node in NODES] == bootstrap.split(",")


def test_nothing_speaks_in_the_clear() -> None:
    kafka = environment(SECURE, "kafka")
    protocols = dict(
        pair.split(":") for pair in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    listeners = {part.split(":")[0] for part in kafka["KAFKA_LISTENERS"].split(",")}

    assert {"CONTROLLER": "SSL", "NODES": "SSL", "CLIENTS": "SASL_SSL"} == protocols
    assert set(protocols) == listeners
    assert "required" == kafka["KAFKA_LISTENER_NAME_NODES_SSL_CLIENT_AUTH"]
    assert "required" == kafka["KAFKA_LISTENER_NAME_CONTROLLER_SSL_CLIENT_AUTH"]
    assert "false" == kafka["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"]
    assert f"User:CN={BROKER_NAME};User:CN={JOBS_NAME}" == kafka["KAFKA_SUPER_USERS"]
    assert "kafka" in BROKERS


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_signs_in_by_its_own_name_after_it_was_given_its_rights(name: str) -> None:
    given = environment(SECURE, name)
    prefix = f"{name.upper()}_KAFKA_"

    assert "SASL_SSL" == given[f"{prefix}SECURITY_PROTOCOL"]
    assert name == given[f"{prefix}USER"]
    assert "service_completed_successfully" == SECURE[name]["depends_on"]["access"]["condition"]


def test_a_secret_of_kafka_is_mounted_for_its_readers_alone() -> None:
    mounted: dict[str, set[str]] = {}
    for name, service in SECURE.items():
        for line in service.get("volumes", ()):
            volume, place = line.split(":", 1)
            mounted.setdefault(volume, set()).add(f"{name} {place}")

    assert {
        "secrets-authority": {"kafka-secrets /secrets/authority"},
        "secrets-kafka": {"kafka-secrets /secrets/kafka", "kafka /run/limber:ro"},
        "secrets-cluster": {
            "kafka-secrets /secrets/cluster",
            "topics /run/limber:ro",
            "access /run/limber:ro",
        },
        "secrets-analyst": {"kafka-secrets /secrets/analyst"},
    } == mounted
