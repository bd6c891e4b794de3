"""The compose file keeps its promises: no default secret, nothing more open than it must be."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.migrate import MigrateSettings
from deploy.operators import OperatorSettings
from deploy.secrets import write_secrets
from deploy.topics import TopicSettings
from services.booking.settings import BookingSettings
from services.notify.settings import NotifySettings
from services.progress.settings import ProgressSettings
from tests.servers import kafka_environment

ROOT = Path(__file__).parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
JOBS = {name for name, service in SERVICES.items() if "restart" not in service}

READERS = {
    "postgres": {"postgres"},
    "migrate": {"migrate"},
    "booking": {"booking", "demo"},
    "notify": {"notify"},
    "progress": {"progress"},
}


def plain(value: str) -> str:
    """A value as it is when the caller's environment sets nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def mounts(name: str) -> dict[str, str]:
    """Volume -> the rest of the line (place and mode) of one service."""
    return dict(line.split(":", 1) for line in SERVICES[name].get("volumes", ()))


def test_no_secret_is_written_in_the_file() -> None:
    names = {name for service in SERVICES.values() for name in service.get("environment", {})}
    suspicious = {n for n in names if re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL", n)}

    assert {"LIMBER_DATABASE_URL_FILE", "LIMBER_BOOKING_SECRET_FILE"} == suspicious


def test_each_secret_is_mounted_for_its_readers_alone_and_only_the_job_can_write_it() -> None:
    for owner, readers in READERS.items():
        mounted = {
            name: mounts(name)[f"secrets-{owner}"]
            for name in SERVICES
            if f"secrets-{owner}" in mounts(name)
        }
        expected = dict.fromkeys(readers, "/run/limber:ro") | {"secrets": f"/secrets/{owner}"}

        assert expected == mounted


def test_what_is_published_is_reachable_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert {"booking", "mailpit"} == set(published)
    assert all(line.startswith("127.0.0.1:") for lines in published.values() for line in lines)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_cannot_gain_rights_or_eat_the_machine(name: str) -> None:
    service = SERVICES[name]

    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert "mem_limit" in service
    assert service.get("read_only", False) or name == "kafka"
    assert name == "postgres" or "cap_add" not in service


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_image_of_ours_ends_as_a_plain_user(name: str) -> None:
    assert "limber" == _last_user(OURS[name]["build"]["target"])
    assert "user" not in OURS[name]


def test_every_job_is_awaited_so_that_up_ends_when_all_is_ready() -> None:
    awaited = {
        job
        for service in SERVICES.values()
        for job, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }

    assert {"secrets", "migrate", "topics", "demo"} == JOBS == awaited


def test_kafka_is_set_up_as_in_the_tests() -> None:
    ours = SERVICES["kafka"]["environment"]
    of_the_place = {
        "KAFKA_LISTENERS",
        "KAFKA_ADVERTISED_LISTENERS",
        "KAFKA_LOG_DIRS",
        "KAFKA_HEAP_OPTS",
    }

    assert {k: v for k, v in kafka_environment(0).items() if k not in of_the_place} == {
        k: v for k, v in ours.items() if k not in of_the_place
    }


@pytest.mark.parametrize(
    ("service", "reader", "settings"),
    [
        ("migrate", "migrate", MigrateSettings),
        ("migrate", "migrate", OperatorSettings),
        ("topics", None, TopicSettings),
        ("demo", "booking", BookingSettings),
        ("booking", "booking", BookingSettings),
        ("notify", "notify", NotifySettings),
        ("progress", "progress", ProgressSettings),
    ],
)
def test_each_program_finds_all_its_settings(
    service: str,
    reader: str | None,
    settings: type[BaseSettings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_secrets(tmp_path)
    for name, value in SERVICES[service].get("environment", {}).items():
        monkeypatch.setenv(name, plain(value))

    found = settings(_secrets_dir=tmp_path / reader if reader else None)

    assert "postgres:5432/limber" not in repr(found)


def _last_user(target: str) -> str:
    """The user of a target of the Dockerfile, through the stages it builds on."""
    stages: dict[str, str] = {}
    name = ""
    for line in (ROOT / "deploy" / "Dockerfile").read_text().splitlines():
        if found := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            name = found[2]
            stages[name] = stages.get(found[1], "root")
        elif line.startswith("USER "):
            stages[name] = line.removeprefix("USER ")
    return stages[target]
