"""The gate: each change that would break a reader or an older record is told, others pass."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import schemas
from shared.contracts.compatibility import breaking_changes

Schema = dict[str, Any]

OLD: Schema = {
    "properties": {
        "pain": {"type": "integer", "minimum": 0, "maximum": 10, "x-unit": "points"},
        "at": {"type": "string", "format": "date-time"},
        "on": {"type": "string"},
        "mode": {"enum": ["virtual", "in-person"], "type": "string"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "late": {"type": "boolean", "default": False},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "chances": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "required": ["pain", "at", "on", "mode"],
    "$defs": {"Part": {"properties": {"done": {"type": "boolean"}}, "required": ["done"]}},
    "x-topic": "booking.events",
    "x-key": "client_id",
}

BREAKING: dict[str, tuple[Callable[[Schema], object], list[str]]] = {
    "removed": (lambda new: new["properties"].pop("at"), ["at is gone"]),
    "renamed": (
        lambda new: (
            new["properties"].update(when=new["properties"].pop("at")),
            new["required"].__setitem__(1, "when"),
        ),
        ["at is gone", "when is new and required; records of before do not have it"],
    ),
    "retyped": (
        lambda new: new["properties"]["pain"].update(type="number"),
        ['pain was {"type": "integer"} and is {"type": "number"}'],
    ),
    "another format": (
        lambda new: new["properties"]["at"].update(format="date"),
        [
            (
                'at was {"type": "string", "format": "date-time"}'
                ' and is {"type": "string", "format": "date"}'
            )
        ],
    ),
    "perhaps null": (
        lambda new: new["properties"].update(on={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ['on was {"type": "string"} and is [{"type": "null"}, {"type": "string"}]'],
    ),
    "never null": (
        lambda new: new["properties"].update(note={"type": "string", "default": None}),
        ['note was [{"type": "null"}, {"type": "string"}] and is {"type": "string"}'],
    ),
    "perhaps absent": (lambda new: new["required"].remove("pain"), ["pain may now be absent"]),
    "never absent": (
        lambda new: new["required"].append("late"),
        ["late is now required; records of before may not have it"],
    ),
    "another default": (
        lambda new: new["properties"]["late"].update(default=True),
        ["late meant false when absent and means true"],
    ),
    "fewer codes": (
        lambda new: new["properties"]["mode"].update(enum=["virtual"]),
        ["mode no longer knows in-person"],
    ),
    "codes where text was free": (
        lambda new: new["properties"]["on"].update(enum=["monday"]),
        ["on was free and now has codes"],
    ),
    "another range": (
        lambda new: new["properties"]["pain"].update(maximum=100),
        ["pain was minimum 0, maximum 10 and is minimum 0, maximum 100"],
    ),
    "another unit": (
        lambda new: new["properties"]["pain"].update({"x-unit": "percent"}),
        ["pain was in points and is in percent"],
    ),
    "removed within a list": (
        lambda new: new["$defs"]["Part"].update(properties={}),
        ["parts.done is gone"],
    ),
    "required within a list": (
        lambda new: (
            new["$defs"]["Part"]["properties"].update(sets={"type": "integer"}),
            new["$defs"]["Part"]["required"].append("sets"),
        ),
        ["parts.sets is new and required; records of before do not have it"],
    ),
    "retyped values by name": (
        lambda new: new["properties"]["chances"].update(additionalProperties={"type": "string"}),
        [
            (
                'chances was {"type": "object", "additionalProperties": {"type": "number"}}'
                ' and is {"type": "object", "additionalProperties": {"type": "string"}}'
            )
        ],
    ),
    "moved to another topic": (
        lambda new: new.update({"x-topic": "booking.contacts"}),
        ['x-topic was "booking.events" and is "booking.contacts"'],
    ),
    "another key": (
        lambda new: new.update({"x-key": "booking_id"}),
        ['x-key was "client_id" and is "booking_id"'],
    ),
}

WELCOME: dict[str, Callable[[Schema], object]] = {
    "a new optional field": lambda new: new["properties"].update(mood={"type": "integer"}),
    "a new code": lambda new: new["properties"]["mode"]["enum"].append("outdoors"),
    "a format that was not told": lambda new: new["properties"]["on"].update(format="date"),
    "a description": lambda new: new["properties"]["on"].update(description="The day."),
    "a new part that requires what it likes": lambda new: new["properties"].update(
        place={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        }
    ),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_change_that_breaks_a_reader_or_an_older_record_is_told(change: str) -> None:
    mutate, told = BREAKING[change]
    new = copy.deepcopy(OLD)
    mutate(new)

    assert told == breaking_changes(OLD, new)


@pytest.mark.parametrize("change", WELCOME)
def test_a_change_that_breaks_nobody_passes(change: str) -> None:
    new = copy.deepcopy(OLD)
    WELCOME[change](new)

    assert [] == breaking_changes(OLD, new)


def test_the_committed_schemas_are_todays_models_and_nothing_released_is_broken() -> None:
    assert [] == schemas.check()


def test_there_is_a_release_to_hold_today_against() -> None:
    assert schemas.releases()


@pytest.mark.parametrize(
    ("kind", "field", "to"),
    [
        ("checkin.recorded.v1", "pain", {"type": "number"}),
        ("booking.confirmed.v1", "area", {"type": "string"}),
        ("message.sent.v1", "at", None),
    ],
)
def test_the_gate_fails_when_a_released_event_loses_or_retypes_a_field(
    kind: str, field: str, to: Schema | None
) -> None:
    made = copy.deepcopy(schemas.today())
    if to is None:
        del made[kind]["properties"][field]
    else:
        made[kind]["properties"][field] = to

    told = [fault for _, release in schemas.releases() for fault in schemas.broken(release, made)]

    assert told
    assert all(fault.startswith(f"{kind}: {field} ") for fault in told)


def test_the_gate_fails_when_todays_model_cannot_read_a_released_sample() -> None:
    release = copy.deepcopy(
        {"checkin.recorded.v1": schemas.releases()[0][1]["checkin.recorded.v1"]}
    )
    release["checkin.recorded.v1"]["examples"][0]["kind"] = "yesterday"

    assert ["checkin.recorded.v1: its sample is no longer read: kind"] == list(
        schemas.broken(release, schemas.today())
    )


def test_a_released_type_that_no_model_reads_is_told() -> None:
    release = {"booking.forgotten.v1": schemas.published()["booking.missed.v1"]}

    assert ["booking.forgotten.v1: no model reads it any more"] == list(
        schemas.broken(release, schemas.today())
    )


def test_a_field_of_a_public_event_without_a_description_is_told() -> None:
    made = copy.deepcopy(schemas.today())
    del made["booking.confirmed.v1"]["properties"]["start"]["description"]
    del made["plan.drafted.v1"]["$defs"]["PlanItem"]["properties"]["per_week"]["description"]
    del made["checkin.submitted.v1"]["properties"]["tz"]

    assert [
        ("booking.confirmed.v1", "start"),
        ("plan.drafted.v1", "items.per_week"),
    ] == list(schemas.undescribed(made))


def test_a_frozen_file_that_was_touched_removed_or_slipped_in_is_told(tmp_path: Path) -> None:
    frozen = tmp_path / "released"
    shutil.copytree(schemas.RELEASED, frozen)
    (frozen / "1.json").write_text("{}\n")
    (frozen / "99.json").write_text("{}\n")
    with (frozen / schemas.CHECKSUMS).open("a") as seals:
        seals.write("0 98.json\n")

    assert [
        "released/98.json: frozen, but gone",
        "released/99.json: not frozen by `release`",
        "released/1.json: changed after it was frozen",
    ] == schemas.seals_broken(frozen)


def test_a_release_freezes_only_what_changed_since_the_one_before(tmp_path: Path) -> None:
    frozen = tmp_path / "released"

    assert [] == schemas.release(frozen)
    first = json.loads((frozen / "1.json").read_text())
    assert [] == schemas.release(frozen)

    assert schemas.today() == first
    assert ["1.json"] == [file.name for file in frozen.glob("*.json")]


def test_a_schema_cannot_be_written_over_one_that_it_would_break(tmp_path: Path) -> None:
    committed = copy.deepcopy(schemas.published()["booking.missed.v1"])
    committed["properties"]["weather"] = {"type": "string"}
    file = tmp_path / "booking.missed.v1.json"
    file.write_text(json.dumps(committed))

    assert ["booking.missed.v1: weather is gone"] == schemas.write(tmp_path)
    assert committed == json.loads(file.read_text())
