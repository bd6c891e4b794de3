"""What a client's key seals, it alone opens."""

from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel

from shared.contracts.care import Activity, Assessment, Baseline, MovementFinding
from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Typed
from shared.contracts.submissions import CheckInSubmitted, Submission
from shared.sealing import PREFIX, MasterKey, Sealer, UnreadableError

ANN, BEN = UUID(int=1), UUID(int=2)
MASTER, OTHER = MasterKey(b"m" * 32), MasterKey(b"o" * 32)
SEALER = MASTER.unwrap(MASTER.new_key(ANN), ANN)

CODES: dict[str, set[str]] = {
    "checkin.submitted.v1": {"tz", "check_in.exercises.option"},
    "screening.submitted.v1": {"tz", "screening.enjoys"},
    "questionnaire.submitted.v1": {"tz", "version"},
    "goals.submitted.v1": {"tz", "activities.mark"},
    "plan.submitted.v1": {"tz", "items.option"},
    "clearance-decision.submitted.v1": {"tz", "limits.avoid"},
    "swap.submitted.v1": {"tz", "given_up", "taken"},
}
"""Text in reports that is no free text: the door lets only codes, zones and releases through."""


def plain_texts(model: Any, place: str = "") -> set[str]:
    """Where a model holds text that is not marked as typed."""
    found: set[str] = set()
    for name, told in model.model_fields.items():
        found |= _texts(told.annotation, list(told.metadata), f"{place}{name}")
    return found


def _texts(annotation: Any, metadata: list[Any], place: str) -> set[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return plain_texts(annotation, f"{place}.")
    if annotation is str:
        return set() if any(isinstance(one, Typed) for one in metadata) else {place}
    parts = get_args(annotation)
    marks = [one for one in parts if isinstance(one, Typed)]
    return {
        text
        for part in parts
        if not isinstance(part, (str, Typed))
        for text in _texts(part, [*metadata, *marks], place)
    }


@pytest.mark.parametrize(
    "kind", [name for name, event in EVENT_TYPES.items() if issubclass(event, Submission)]
)
def test_every_text_of_a_report_is_sealed_or_known_to_be_a_code(kind: str) -> None:
    assert CODES.get(kind, {"tz"}) == plain_texts(EVENT_TYPES[kind])


def test_a_sealed_text_opens_for_its_client_and_nobody_else() -> None:
    sealed = SEALER.seal("my back")

    assert sealed.startswith(PREFIX)
    assert "my back" == SEALER.open(sealed)
    for other in (Sealer(BEN, SEALER.key), MASTER.unwrap(MASTER.new_key(ANN), ANN)):
        with pytest.raises(UnreadableError):
            other.open(sealed)


def test_the_same_text_is_sealed_to_something_else_each_time() -> None:
    assert SEALER.seal("my back") != SEALER.seal("my back")


@pytest.mark.parametrize("harm", [PREFIX, PREFIX + "AAAA", PREFIX + "ä", PREFIX + "A"])
def test_what_is_no_sealed_text_is_refused(harm: str) -> None:
    with pytest.raises(UnreadableError):
        SEALER.open(harm)


def test_what_was_never_sealed_is_shown_as_it_is() -> None:
    assert "an old note" == SEALER.open("an old note")


def test_codes_stay_readable_and_own_words_do_not() -> None:
    assessment = Assessment(
        mechanics=(
            MovementFinding(movement="hinge", finding="looks stiff", severity=1, note="odd"),
        ),
        baseline=Baseline(pain_now=1, pain_week=2),
    )

    (sealed,) = SEALER.seal_typed(assessment).mechanics

    assert "hinge" == sealed.movement
    assert ("looks stiff", "odd") == (SEALER.open(sealed.finding), SEALER.open(sealed.note or ""))
    assert "looks stiff" not in sealed.finding


def test_a_mark_tells_the_same_activity_and_nothing_across_clients() -> None:
    stairs, again = Activity(name="The  stairs", rating=2), Activity(name="the stairs", rating=5)
    ben = MASTER.unwrap(MASTER.new_key(BEN), BEN)

    assert SEALER.mark(stairs.same_as) == SEALER.mark(again.same_as)
    assert SEALER.mark(stairs.same_as) != SEALER.mark("walk")
    assert SEALER.mark(stairs.same_as) != ben.mark(stairs.same_as)


def test_a_key_opens_with_the_old_master_key_until_it_is_wrapped_anew() -> None:
    wrapped = OTHER.new_key(ANN)
    both = MasterKey(MASTER.key, old=OTHER.key)

    opened = both.unwrap(wrapped, ANN)

    assert opened == MASTER.unwrap(both.wrap(opened.key, ANN), ANN)
    with pytest.raises(UnreadableError):
        MASTER.unwrap(wrapped, ANN)
    with pytest.raises(UnreadableError):
        both.unwrap(wrapped, BEN)


@pytest.mark.parametrize("wrong", ["", "short", "ä" * 43, "A" * 44])
def test_a_master_key_is_32_random_bytes(wrong: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        MasterKey.read(wrong)


def test_no_key_is_shown_by_accident() -> None:
    assert "b'" not in repr(SEALER) + repr(MASTER)
    assert CheckInSubmitted.type
