"""The kit for analysts: each event once, resumable, tolerant, and it forgets whom it must."""

import ast
import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.integration.analytics.published import document, sample

KIT = Path(__file__).parents[3] / "examples" / "analytics"
MODULES = {file.stem for file in KIT.glob("*.py")}
PARTITIONS = 2


@pytest.fixture(scope="module")
def load() -> Iterator[Any]:
    """The kit's module, imported as it is when somebody runs it in its folder."""
    sys.path.insert(0, str(KIT))
    try:
        yield importlib.import_module("load")
    finally:
        sys.path.remove(str(KIT))


class Streams:
    """Topics of a test's own in the place of the published ones."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.facts, self.views = f"test.{uuid4().hex}", f"test.{uuid4().hex}"
        admin = AdminClient({"bootstrap.servers": bootstrap})
        made = admin.create_topics(
            [NewTopic(name, PARTITIONS, 1) for name in (self.facts, self.views)]
        )
        for one in made.values():
            one.result(30)
        self._producer = Producer({"bootstrap.servers": bootstrap})

    def tell(
        self,
        kind: str,
        *,
        identity: str | None = None,
        topic: str | None = None,
        client: str = "01890a5d-ac96-774b-bcce-b302099a8058",
        value: bytes | None = b"",
        **more: object,
    ) -> None:
        """An event as documented; `value` instead of its data, `more` fields beside it."""
        known = kind in document()["components"]["messages"]
        data = {**(sample(kind) if known else {}), "client_id": client, **more}
        self._producer.produce(
            topic or self.facts,
            key=client,
            value=json.dumps(data).encode() if value == b"" else value,
            headers={
                "ce_specversion": "1.0",
                "ce_id": identity or str(uuid4()),
                "ce_type": kind,
                "ce_source": "/limber/booking",
                "ce_time": "2026-12-01T15:00:00Z",
                "content-type": "application/json",
            },
        )

    def flush(self) -> None:
        assert 0 == self._producer.flush(30)


@pytest.fixture
def streams(load: Any, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> Streams:
    made = Streams(kafka_bootstrap)
    monkeypatch.setattr(load, "TOPICS", (made.facts, made.views))
    monkeypatch.setattr(load, "COMPACTED", frozenset({made.views}))
    return made


async def run(load: Any, streams: Streams, db: Any, *, batch: int = 1000) -> int:
    """What `python -m load` does, in a thread; returns how many records were read."""
    streams.flush()

    def once() -> int:
        consumer = load.connect(streams.bootstrap, {})
        try:
            return int(load.load(consumer, db, batch=batch))
        finally:
            consumer.close()

    return await asyncio.to_thread(once)


async def test_an_event_that_comes_twice_is_kept_once_and_a_second_run_reads_nothing(
    load: Any, streams: Streams
) -> None:
    twice = str(uuid4())
    for identity in (twice, str(uuid4()), twice):
        streams.tell("booking.confirmed.v1", identity=identity)
    streams.flush()

    with load.open_file(":memory:") as db:
        first = await run(load, streams, db, batch=1)
        second = await run(load, streams, db)

        assert (3, 0) == (first, second)
        assert [(2,)] == db.execute("select count(*) from events").fetchall()


async def test_a_run_that_died_between_rows_and_offsets_leaves_neither_and_the_next_one_goes_on(
    load: Any, streams: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        streams.tell("booking.confirmed.v1")
    file = tmp_path / "kept.duckdb"
    with load.open_file(file) as db:
        whole = load.store

        def dies_at_last(given: Any, batch: Any) -> None:
            # A place that cannot be written stands after the rows, so the rows are undone.
            batch.next[None, 0] = 1
            whole(given, batch)

        monkeypatch.setattr(load, "store", dies_at_last)
        with pytest.raises(Exception, match="NOT NULL"):
            await run(load, streams, db, batch=3)
        left = db.execute(
            "select (select count(*) from events), (select count(*) from offsets)"
        ).fetchall()
    monkeypatch.setattr(load, "store", whole)
    with load.open_file(file) as db:
        read = await run(load, streams, db, batch=3)
        kept = db.execute("select count(*) from events").fetchall()

    assert ([(0, 0)], 7, [(7,)]) == (left, read, kept)


async def test_unknown_types_and_fields_are_kept_and_what_is_no_event_is_set_aside(
    load: Any, streams: Streams
) -> None:
    streams.tell("booking.praised.v9", stars=5)
    streams.tell("booking.confirmed.v1", added_later={"any": "thing"})
    streams.tell("booking.confirmed.v1", value=b"{not json")
    streams.tell("booking.confirmed.v1", value=b"[1]")
    streams.tell("booking.confirmed.v1", value=None)
    streams.tell("booking.confirmed.v1", value=b"\xff")

    with load.open_file(":memory:") as db:
        assert 6 == await run(load, streams, db)

        assert [("booking.confirmed.v1",), ("booking.praised.v9",)] == db.execute(
            "select type from events order by type"
        ).fetchall()
        assert 4 == len(db.execute("select * from rejected").fetchall())
        assert [("confirmed",)] == db.execute("select status from bookings").fetchall()


@pytest.mark.parametrize("batch", [1, 1000])
async def test_of_a_compacted_key_the_newest_stays_and_a_tombstone_leaves_nothing(
    load: Any, streams: Streams, batch: int
) -> None:
    ann, ben = str(uuid4()), str(uuid4())
    for client, version in ((ann, 1), (ben, 1), (ann, 2)):
        streams.tell("view.updated.v1", topic=streams.views, client=client, version=version)
    streams.tell("view.updated.v1", topic=streams.views, client=ben, value=None)

    with load.open_file(":memory:") as db:
        await run(load, streams, db, batch=batch)

        assert [(ann, 2)] == db.execute(
            "select key, (data->>'version')::int from events"
        ).fetchall()


@pytest.mark.parametrize("batch", [1, 1000])
async def test_an_erased_client_is_forgotten_also_when_more_comes_later(
    load: Any, streams: Streams, batch: int
) -> None:
    ann, ben = str(uuid4()), str(uuid4())
    for client in (ann, ben):
        streams.tell("booking.confirmed.v1", client=client)
        streams.tell("view.updated.v1", topic=streams.views, client=client)
    streams.tell("client.erased.v1", client=ann)
    streams.tell("message.sent.v1", client=ann)

    with load.open_file(":memory:") as db:
        await run(load, streams, db, batch=batch)
        streams.tell("booking.missed.v1", client=ann)
        await run(load, streams, db, batch=batch)

        assert [(ben,)] == db.execute("select distinct key from events").fetchall()


async def test_a_topic_that_is_missing_or_refused_ends_the_run_with_its_name(
    load: Any, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"test.{uuid4().hex}"
    monkeypatch.setattr(load, "TOPICS", (nowhere,))
    consumer = load.connect(kafka_bootstrap, {})
    try:
        with load.open_file(":memory:") as db, pytest.raises(SystemExit, match=nowhere):
            await asyncio.to_thread(load.load, consumer, db)
    finally:
        consumer.close()


def test_the_kit_reads_the_channels_that_the_document_calls_public(load: Any) -> None:
    public = {
        name: {tag["name"] for tag in channel["tags"]}
        for name, channel in document()["channels"].items()
        if "public" in {tag["name"] for tag in channel["tags"]}
    }

    assert set(public) == set(load.TOPICS)
    assert {name for name, tags in public.items() if "compacted" in tags} == load.COMPACTED


def test_the_kit_imports_nothing_of_limber() -> None:
    imported = set()
    for file in KIT.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    imported |= {one.name.partition(".")[0] for one in names}
                case ast.ImportFrom(module=str(module)):
                    imported.add(module.partition(".")[0])
                case _:
                    pass

    asked = {
        line.partition(">")[0].replace("-", "_")
        for line in (KIT / "requirements.txt").read_text().splitlines()
    }
    assert imported - set(sys.stdlib_module_names) - MODULES == asked
