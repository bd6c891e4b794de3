"""Every released event: its sample parses, its schema stands, and a breaking change is caught."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import asyncapi, schemas
from shared.contracts.catalogue import EVENT_TYPES, PARTITIONS, TOPICS

SAMPLES = {
    file.stem: json.loads(file.read_text())
    for file in sorted((Path(__file__).parent / "samples").glob("*.json"))
}
PRIVATE = {topic.name for topic in TOPICS if topic.private}


def test_every_type_has_a_sample() -> None:
    assert set(EVENT_TYPES) == set(SAMPLES)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_sample_of_each_released_type_reads_back_unchanged(kind: str) -> None:
    event = EVENT_TYPES[kind].model_validate(SAMPLES[kind])

    assert SAMPLES[kind] == json.loads(event.model_dump_json())


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_newer_producers_unknown_field_is_ignored(kind: str) -> None:
    newer = {**SAMPLES[kind], "added_later": {"any": "thing"}}

    assert EVENT_TYPES[kind].model_validate(newer) == EVENT_TYPES[kind].model_validate(
        SAMPLES[kind]
    )


def test_the_committed_schemas_are_todays_models() -> None:
    assert [] == schemas.check()


OLD: dict[str, Any] = {
    "properties": {
        "pain": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
    },
    "required": ["pain", "at"],
    "$defs": {"Part": {"properties": {"done": {"type": "boolean"}}, "required": ["done"]}},
}


def changed(change: str) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    match change:
        case "removed":
            del new["properties"]["at"]
        case "retyped":
            new["properties"]["pain"] = {"type": "number"}
        case "optional":
            new["required"] = ["at"]
        case "inner removed":
            new["$defs"]["Part"]["properties"] = {}
        case "widened":
            new["properties"]["at"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        case "narrowed":
            new["properties"]["note"] = {"type": "string"}
        case _:
            new["properties"]["mood"] = {"type": "integer"}
    return new


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("removed", ["at is gone"]),
        ("retyped", ['pain was {"type": "integer"} and is {"type": "number"}']),
        ("optional", ["pain may now be absent"]),
        ("inner removed", ["parts.done is gone"]),
        (
            "widened",
            [
                (
                    'at was {"type": "string", "format": "date-time"} and is'
                    ' [{"type": "null"}, {"type": "string"}]'
                )
            ],
        ),
        ("narrowed", []),
        ("added", []),
    ],
)
def test_only_changes_that_break_a_reader_are_refused(change: str, told: list[str]) -> None:
    assert told == schemas.breaking_changes(OLD, changed(change))


PERSONAL = {"name", "email", "phone", "address", "street", "note", "goal", "reason"}


@pytest.mark.parametrize("kind", [k for k, e in EVENT_TYPES.items() if e.topic not in PRIVATE])
def test_no_public_event_has_a_field_for_personal_details(kind: str) -> None:
    # `reason` of messages, answers and the waitlist is a text of ours, never a person's.
    told_by_us = ("message.", "recipient.", "submission.", "waitlist.")
    ours = {"reason"} if kind.startswith(told_by_us) else set()
    named = {
        path.rsplit(".", maxsplit=1)[-1]
        for path, _ in schemas.fields(schemas.schema(EVENT_TYPES[kind]))
    }

    assert set() == named & (PERSONAL - ours)


def test_the_published_document_names_every_topic_and_message() -> None:
    document = asyncapi.document()

    assert [topic.name for topic in TOPICS] == list(document["channels"])
    assert set(EVENT_TYPES) == set(document["components"]["messages"])
    assert {PARTITIONS} == {
        c["bindings"]["kafka"]["partitions"] for c in document["channels"].values()
    }
