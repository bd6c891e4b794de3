"""`limber doctor` finds real faults, and says nothing of what is well."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.doctor import Finding, broker, house
from deploy.doctor import database as doctor
from deploy.topics import TopicSettings, make_topics
from shared.contracts.catalogue import PARTITIONS, Topic
from shared.kafka import KafkaAccess
from tests.conftest import MigratedDatabase
from tests.e2e.reach import eventually
from tests.integration.notify.post_office import PostOffice

NOBODY = "127.0.0.1:1"


def doctor_of(database: MigratedDatabase, service: str | None = None) -> AsyncIterator[Finding]:
    """The checks of a database, as superuser or as a service."""
    return doctor.look(database.url(service) if service else database.superuser_url)


async def found(findings: AsyncIterator[Finding]) -> dict[str, str]:
    """Check to state."""
    return {one.check: one.state async for one in findings}


@pytest.fixture
async def superuser(database: MigratedDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.superuser_url)
    yield connection
    await connection.close()


async def test_a_database_as_it_should_be_has_no_fault(database: MigratedDatabase) -> None:
    states = await found(doctor_of(database))

    # Others' connections are no concern of this test.
    assert {"ok"} == {state for check, state in states.items() if "connections" not in check}


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        (
            (
                "delete from notify.migrations where set = 'notify'"
                " and name = (select max(name) from notify.migrations where set = 'notify')"
            ),
            "notify migrations",
        ),
        (
            "update booking.migrations set checksum = 'x' where name = '0002_bookings.sql'",
            "booking migrations",
        ),
        (
            (
                "insert into progress.outbox"
                " (event_id, topic, key, type, subject, payload, occurred_at)"
                " values (gen_random_uuid(), 't', 'k', 'y', 's', '{}', now() - interval '1 minute')"
            ),
            "progress outbox",
        ),
        (
            "insert into notify.parked_keys (topic, key, parked_at) values ('t', 'k', now())",
            "notify dead letters",
        ),
        ("drop table progress.dead_letters", "progress dead letters"),
    ],
)
async def test_a_fault_of_the_database_is_found_where_it_is(
    database: MigratedDatabase, superuser: asyncpg.Connection, statement: str, check: str
) -> None:
    await superuser.execute(statement)

    states = await found(doctor_of(database))

    assert {check} == {name for name, state in states.items() if state == "fail"}


async def test_a_role_that_reaches_another_schema_is_found(
    database: MigratedDatabase, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("grant usage on schema progress to limber_notify")

    states = await found(doctor_of(database))

    assert {"notify rights"} == {name for name, state in states.items() if state == "fail"}


async def test_a_role_that_may_not_look_is_told_so_and_nothing_is_made_up(
    database: MigratedDatabase,
) -> None:
    states = await found(doctor_of(database, "booking"))

    assert "ok" == states["booking outbox"]
    assert {"warn"} == {states["notify outbox"], states["notify migrations"]}


async def test_servers_that_are_not_there_are_one_fault_each() -> None:
    assert {"postgres": "fail"} == await found(doctor.look(f"postgresql://x:y@{NOBODY}/limber"))
    assert {"kafka": "fail"} == await found(broker.look(KafkaAccess.at(NOBODY)))
    assert {"booking": "fail"} == await found(house.services({"booking": f"http://{NOBODY}"}))
    assert {"mail server 127.0.0.1:1": "fail"} == await found(house.mail([f"smtp://{NOBODY}"]))


def own_topics() -> tuple[Topic, ...]:
    """Topics of a test's own, so that nobody else's are changed."""
    name = uuid4().hex
    return tuple(
        Topic(f"test.{name}.{n}", "booking", "a test", key="any", compacted=n == 1, readers=())
        for n in range(4)
    )


async def test_a_topic_that_is_missing_or_set_up_otherwise_is_found(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, compacted, wide, missing = own_topics()
    monkeypatch.setattr("deploy.topics.TOPICS", (good, compacted))
    await make_topics(TopicSettings(kafka_bootstrap=kafka_bootstrap))
    monkeypatch.setattr("deploy.doctor.broker.TOPICS", (good, compacted, wide, missing))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(wide.name, PARTITIONS + 1, 1)])
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, compacted.name, {"cleanup.policy": "delete"})]
        )
    finally:
        await admin.close()

    async def all_seen() -> bool:
        # A broker tells a change a moment after it has taken it.
        return await found(broker.look(KafkaAccess.at(kafka_bootstrap))) == {
            "kafka": "ok",
            f"topic {good.name}": "ok",
            f"topic {compacted.name}": "fail",
            f"topic {wide.name}": "fail",
            f"topic {missing.name}": "fail",
        }

    await eventually(all_seen, "three faults and a topic that is well")


async def test_a_group_that_nobody_is_in_is_found(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = f"test-{uuid4().hex}"
    [topic, *_] = own_topics()
    monkeypatch.setattr("deploy.topics.TOPICS", (topic,))
    await make_topics(TopicSettings(kafka_bootstrap=kafka_bootstrap))
    monkeypatch.setattr("deploy.doctor.broker.SERVICES", (group,))
    monkeypatch.setattr("deploy.doctor.broker.TOPICS", (topic,))

    async def seen() -> bool:
        # A broker tells of a new topic a moment after it has made it.
        states = await found(broker.look(KafkaAccess.at(kafka_bootstrap)))
        return states.get(f"{group} consumer") == "fail"

    await eventually(seen, "a group that nobody is in")


async def test_a_mail_server_that_greets_is_well_and_one_that_refuses_is_not() -> None:
    async with PostOffice() as well, PostOffice(at_greeting=["554 go away"]) as unwell:
        states = await found(
            house.mail([f"smtp://127.0.0.1:{office.port}" for office in (well, unwell)])
        )

    assert ["ok", "fail"] == list(states.values())


def test_a_secret_that_others_can_read_is_found(tmp_path: Path) -> None:
    for name, mode in (("own", 0o400), ("open", 0o644)):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(mode)

    states = [
        one.state for one in house.secrets(tmp_path / name for name in ("own", "open", "gone"))
    ]

    assert ["ok", "fail", "fail"] == states


def test_no_finding_that_is_not_well_leaves_one_without_advice() -> None:
    findings = [*house.secrets([Path("/nowhere/secret")]), house.disk(Path("/")), house.zones()]

    assert all(one.do for one in findings if one.state != "ok")
    assert all(one.check in one.line() for one in findings)
