"""Certificates and passwords of Kafka: drawn once, renewed in time, each for its reader."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from deploy.kafka.certificates import LEAF_LASTS, RENEW_BEFORE, is_current, issue, new_authority
from deploy.kafka.principals import PRINCIPALS, READS
from deploy.kafka.secrets import write_kafka_secrets
from services.booking import consumers as booking
from services.notify import consumers as notify
from services.notify.handlers.webhooks import Webhooks
from services.progress.consumers import subscriptions
from services.progress.domain.rules import load
from shared.handling import Handlers

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOSTS = ("kafka", "localhost")


def files(root: Path) -> dict[str, str]:
    """All files: relative name to content."""
    return {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.is_file()}


def test_a_second_run_changes_nothing_until_a_certificate_runs_out(tmp_path: Path) -> None:
    write_kafka_secrets(tmp_path, NOW)
    before = files(tmp_path)
    late = NOW + LEAF_LASTS - RENEW_BEFORE + timedelta(days=1)

    assert [] == write_kafka_secrets(tmp_path, NOW + timedelta(days=300))
    assert before == files(tmp_path)
    assert ["kafka/kafka.pem", "cluster/kafka_jobs.pem"] == write_kafka_secrets(tmp_path, late)


def test_a_reader_finds_what_it_needs_and_nobody_else_s(tmp_path: Path) -> None:
    write_kafka_secrets(tmp_path, NOW)
    found = files(tmp_path)

    assert {
        "authority/ca.pem",
        "authority/ca_key.pem",
        "kafka/kafka.pem",
        "kafka/kafka_ca.pem",
        "cluster/kafka_jobs.pem",
        "cluster/kafka_ca.pem",
        *(f"cluster/limber_kafka_{name}_password" for name in PRINCIPALS),
        *(f"{name}/kafka_ca.pem" for name in (*READS, "analyst")),
        *(f"{name}/{name}_kafka_password" for name in (*READS, "analyst")),
        "booking/limber_kafka_password",
    } == set(found)
    for name in READS:
        assert (
            found[f"cluster/limber_kafka_{name}_password"] == found[f"{name}/{name}_kafka_password"]
        )
    assert len(PRINCIPALS) == len({found[f"cluster/limber_kafka_{n}_password"] for n in PRINCIPALS})


def test_only_the_brokers_group_reads_beside_the_owner(tmp_path: Path) -> None:
    write_kafka_secrets(tmp_path, NOW)
    modes = {
        str(p.relative_to(tmp_path)): stat.S_IMODE(p.stat().st_mode)
        for p in tmp_path.rglob("*")
        if p.is_file()
    }

    assert {0o440} == {mode for name, mode in modes.items() if name.startswith("kafka/")}
    assert {0o400} == {mode for name, mode in modes.items() if not name.startswith("kafka/")}


def test_a_leaf_is_for_its_hosts_and_signed_by_its_authority() -> None:
    authority, other = new_authority("one", NOW), new_authority("other", NOW)
    leaf = issue(authority, "limber-kafka", HOSTS, NOW)
    read = x509.load_pem_x509_certificate(leaf.encode())

    assert is_current(leaf, authority, HOSTS, NOW)
    assert not is_current(leaf, authority, ("kafka",), NOW)
    assert not is_current(leaf, other, HOSTS, NOW)
    assert "CN=limber-kafka" == read.subject.rfc4514_string()
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize(
    ("service", "handlers"),
    [
        ("booking", booking.handlers(None, lambda: NOW)),  # type: ignore[arg-type]
        (
            "notify",
            Webhooks(lambda: NOW, lambda: None).hearing(notify.listen(lambda: NOW, lambda: None)),
        ),
        ("progress", subscriptions(load())),
    ],
)
def test_a_service_may_read_what_it_subscribes_to(service: str, handlers: Handlers) -> None:
    assert sorted(READS[service]) == handlers.topics
