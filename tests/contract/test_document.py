"""The published document: official AsyncAPI 3, complete, true to the topics, and not stale."""

import copy
import gzip
import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from services.booking.consumers import handlers
from services.booking.domain.links import LinkSigner
from services.notify.consumers import listen
from services.progress.consumers import subscriptions
from services.progress.domain.rules import load
from shared.contracts import asyncapi, dictionary, page, publish, schemas
from shared.contracts.catalogue import EVENT_TYPES, PARTITIONS, TOPICS
from shared.contracts.compatibility import fields

OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
PUBLIC_TYPES = [kind for kind, event in EVENT_TYPES.items() if event.topic in schemas.PUBLIC]


@lru_cache(maxsize=1)
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))


@lru_cache(maxsize=1)
def served() -> Any:
    """The document as a reader gets it; not to be changed."""
    return yaml.load(asyncapi.text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def payload_validator(document: dict[str, Any], kind: str) -> Draft202012Validator:
    message = document["components"]["messages"][kind]
    return Draft202012Validator(
        {**message["payload"], "components": document["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def test_the_document_is_asyncapi_3_by_the_official_schema() -> None:
    assert [] == [fault.message for fault in official().iter_errors(served())]


@pytest.mark.parametrize("broken", ["asyncapi", "channels", "bindings", "action"])
def test_the_official_schema_would_tell_a_fault(broken: str) -> None:
    document = copy.deepcopy(served())
    match broken:
        case "asyncapi":
            document["asyncapi"] = "2.6.0"
        case "channels":
            document["channels"]["booking.events"]["owner"] = "booking"
        case "bindings":
            document["channels"]["booking.events"]["bindings"]["kafka"]["partitions"] = "six"
        case _:
            document["operations"]["booking.writes.booking.events"]["action"] = "publish"

    assert not official().is_valid(document)


def test_every_topic_is_a_channel_with_owner_rights_retention_and_partitions() -> None:
    told = {
        name: (
            channel["x-owner"],
            channel["tags"][0]["name"],
            channel["bindings"]["kafka"]["topicConfiguration"],
            channel["bindings"]["kafka"]["partitions"],
        )
        for name, channel in served()["channels"].items()
    }

    assert {
        topic.name: (
            topic.owner,
            "private" if topic.private else "public",
            {"cleanup.policy": ["compact"]}
            if topic.compacted
            else {
                "cleanup.policy": ["delete"],
                "retention.ms": topic.retention_days * 24 * 3600 * 1000,
            },
            PARTITIONS,
        )
        for topic in TOPICS
    } == told


def test_each_service_is_told_to_receive_just_what_it_subscribes_to() -> None:
    def clock() -> datetime:
        return datetime.now(UTC)

    subscribed = {
        "booking": handlers(LinkSigner(b"only-for-tests" * 3), clock).topics,
        "notify": listen(clock, lambda: None).topics,
        "progress": subscriptions(load()).topics,
    }

    told = {
        who: sorted(topic.name for topic in TOPICS if who in topic.readers) for who in subscribed
    }
    assert subscribed == told


def test_analysts_are_told_to_receive_the_public_topics_alone() -> None:
    told = {name for name in served()["operations"] if name.startswith("analysts.")}

    assert {f"analysts.read.{topic.name}" for topic in TOPICS if not topic.private} == told


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_example_of_each_message_fits_its_schema_headers_and_key(kind: str) -> None:
    document = served()
    message = document["components"]["messages"][kind]
    example = message["examples"][0]
    headers = Draft202012Validator(document["components"]["schemas"]["headers"])

    assert [] == [
        e.message for e in payload_validator(document, kind).iter_errors(example["payload"])
    ]
    assert [] == [e.message for e in headers.iter_errors(example["headers"])]
    key = message["payload"]["x-key"]
    assert example["payload"][key] == str(UUID(example["payload"][key]))
    assert EVENT_TYPES[kind].model_validate(example["payload"]).key == example["payload"][key]


@pytest.mark.parametrize("kind", PUBLIC_TYPES)
def test_a_published_schema_refuses_a_payload_that_lacks_a_field_or_has_another_type(
    kind: str,
) -> None:
    document = served()
    validator = payload_validator(document, kind)
    message = document["components"]["messages"][kind]
    sample, name = message["examples"][0]["payload"], message["payload"]["required"][0]
    without = {field: value for field, value in sample.items() if field != name}

    assert not validator.is_valid(without)
    assert not validator.is_valid({**copy.deepcopy(sample), name: {"not": "this"}})


def test_the_dictionary_tells_each_field_of_each_public_event() -> None:
    for kind in PUBLIC_TYPES:
        entry = next(
            one for told in dictionary.entries().values() for one in told if one.type == kind
        )
        named = {row.path.replace("[]", "") for row in entry.rows}

        assert {path for path, _ in fields(schemas.published()[kind])} == named
        assert all(row.meaning and row.type and row.since for row in entry.rows), kind
        assert f"### {kind}\n" in dictionary.markdown()


def test_no_private_event_stands_in_the_dictionary() -> None:
    private = set(EVENT_TYPES) - set(PUBLIC_TYPES)

    assert private
    assert not [kind for kind in private if f"### {kind}" in dictionary.markdown()]


def test_what_analysts_read_is_what_the_contracts_say() -> None:
    assert [] == publish.check()


def test_a_stale_file_is_told(tmp_path: Path) -> None:
    publish.write(tmp_path)
    (tmp_path / "dictionary.md").write_text("# Data dictionary\n")
    (tmp_path / "asyncapi.html").unlink()

    assert ["asyncapi.html", "dictionary.md"] == [
        fault.split(" ", 1)[0].rpartition("/")[2] for fault in publish.check(tmp_path)
    ]


def test_the_page_names_every_event_once_and_loads_nothing() -> None:
    html = page.render()

    assert [1] * len(EVENT_TYPES) == [html.count(f'<h3 id="{kind}">') for kind in EVENT_TYPES]
    for loading in ("<script", "<link", "<img", "@import", "url(", 'href="http'):
        assert loading not in html
    assert page.HEADERS["Content-Security-Policy"].startswith("default-src 'none';")


def test_text_of_a_contract_cannot_become_markup() -> None:
    assert "&lt;b&gt; <code>&lt;i&gt;</code>" == page.words("<b> `<i>`")
