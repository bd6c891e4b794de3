"""Every released event: its sample parses, its schema stands, and nothing personal is public."""

import json
from pathlib import Path

import pytest

from shared.contracts import compatibility, schemas
from shared.contracts.catalogue import EVENT_TYPES, TOPICS

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


PERSONAL = {"name", "email", "phone", "address", "street", "note", "goal", "reason"}


@pytest.mark.parametrize("kind", [k for k, e in EVENT_TYPES.items() if e.topic not in PRIVATE])
def test_no_public_event_has_a_field_for_personal_details(kind: str) -> None:
    # `reason` of messages, answers and the waitlist is a text of ours, never a person's.
    told_by_us = ("message.", "recipient.", "submission.", "waitlist.")
    ours = {"reason"} if kind.startswith(told_by_us) else set()
    named = {
        path.rsplit(".", maxsplit=1)[-1]
        for path, _ in compatibility.fields(schemas.schema(EVENT_TYPES[kind]))
    }

    assert set() == named & (PERSONAL - ours)
