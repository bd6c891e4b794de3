"""The ledger's rules: what an answer, a click, a text and the clock make of what stands."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import consents as rules
from services.booking.domain.consents import (
    EVIDENCE,
    INQUIRY_IMPLIES,
    KINDS,
    MARKETING,
    PURCHASE_IMPLIES,
    REMINDERS,
    Kind,
    Line,
    Source,
    Standing,
)
from shared.contracts.contacts import Basis

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SOMEBODY = UUID(int=7)
TEXTS: Kind = ("service", "sms")

kinds = st.sampled_from(KINDS)
instants = st.integers(0, 3000).map(lambda days: NOW + days * DAY)


@st.composite
def lines(draw: st.DrawFn, kind: Kind) -> Line:
    """Any line of a kind, from before or at NOW."""
    source = draw(st.sampled_from(sorted(EVIDENCE)))
    basis = draw(st.sampled_from(get_args(Basis)))
    at = NOW - draw(st.integers(0, 900)) * DAY
    expires_at = at + PURCHASE_IMPLIES if basis == "implied" else None
    return Line(*kind, basis, source, EVIDENCE[source], at, expires_at)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Any ledger, as it stands."""
    return {kind: draw(lines(kind)) for kind in draw(st.sets(kinds))}


def after(standing: Standing, added: list[Line]) -> Standing:
    """How things stand once the lines are added."""
    return {**standing, **{(line.message_class, line.channel): line for line in added}}


def express(kind: Kind = REMINDERS, at: datetime = NOW, source: Source = "settings") -> Line:
    return Line(*kind, "express", source, EVIDENCE[source], at)


@given(standing=standings(), answers=st.dictionaries(kinds, st.booleans()), shown=st.booleans())
def test_after_an_answer_it_is_as_was_answered(
    standing: Standing, answers: Mapping[Kind, bool], shown: bool
) -> None:
    added = rules.answered(standing, answers, source="settings", now=NOW, shown=shown)

    new = after(standing, added)
    assert {kind: answers[kind] for kind in answers} == {
        kind: rules.allows(new, kind, NOW) for kind in answers
    }
    assert [] == rules.answered(new, answers, source="settings", now=NOW, shown=shown)
    assert {kind for kind in KINDS if new.get(kind) != standing.get(kind)} <= answers.keys()


@given(standing=standings(), answers=st.dictionaries(kinds, st.just(True)))
def test_a_box_that_was_ticked_beforehand_is_no_express_consent(
    standing: Standing, answers: Mapping[Kind, bool]
) -> None:
    shown = rules.answered(standing, answers, source="settings", now=NOW, shown=True)
    bare = rules.answered(standing, answers, source="booking-form", now=NOW)

    assert not any(rules.allows(standing, _kind(line), NOW) for line in shown)
    assert {"express"} >= {after(standing, bare)[kind].basis for kind in answers}


@given(standing=standings(), kind=kinds, later=instants)
def test_a_no_holds_for_ever_and_said_again_adds_nothing(
    standing: Standing, kind: Kind, later: datetime
) -> None:
    new = after(standing, rules.withdrawn(standing, [kind], source="one-click", now=NOW))

    assert not rules.allows(new, kind, later)
    assert [] == rules.withdrawn(new, [kind], source="one-click", now=later)
    if kind == REMINDERS:
        assert [] == rules.implied(new, source="session", now=later)


@given(standing=standings(), later=instants)
def test_training_with_us_never_overrides_a_word_and_never_shortens(
    standing: Standing, later: datetime
) -> None:
    added = rules.implied(standing, source="session", now=later)

    line = standing.get(REMINDERS)
    assert len(added) <= 1
    for one in added:
        assert ("service", "email", "implied", later + PURCHASE_IMPLIES) == (
            one.message_class,
            one.channel,
            one.basis,
            one.expires_at,
        )
        assert line is None or line.basis == "implied"
        assert line is None or (line.expires_at or later) < (one.expires_at or later)


@pytest.mark.parametrize(
    ("source", "lasts"), [("booking-form", PURCHASE_IMPLIES), ("waitlist-form", INQUIRY_IMPLIES)]
)
def test_what_is_implied_ends_by_the_clock(source: Source, lasts: timedelta) -> None:
    standing = after({}, rules.introduced({}, source=source, now=NOW))

    assert rules.allows(standing, REMINDERS, NOW + lasts - timedelta.resolution)
    assert not rules.allows(standing, REMINDERS, NOW + lasts)
    assert not rules.allows(standing, MARKETING, NOW)


@pytest.mark.parametrize(
    ("answers", "bases"),
    [
        ({}, {REMINDERS: "implied"}),
        ({REMINDERS: True}, {REMINDERS: "express"}),
        ({REMINDERS: False}, {REMINDERS: "withdrawn"}),
        ({MARKETING: True}, {REMINDERS: "implied", MARKETING: "express"}),
        ({MARKETING: False}, {REMINDERS: "implied"}),
    ],
)
def test_somebody_new_is_taken_at_their_answers(
    answers: Mapping[Kind, bool], bases: Mapping[Kind, str]
) -> None:
    standing = after({}, rules.introduced(answers, source="booking-form", now=NOW))

    assert bases == {kind: line.basis for kind, line in standing.items()}


@given(standing=standings(), at=st.integers(0, 900).map(lambda days: NOW - days * DAY))
def test_what_was_said_later_than_a_late_stop_counts(standing: Standing, at: datetime) -> None:
    added = rules.stopped(standing, "sms", source="stop", at=at)

    assert {("service", "sms"), ("marketing", "sms")} >= {_kind(line) for line in added}
    for kind in (TEXTS, ("marketing", "sms")):
        newer = kind in standing and standing[kind].at > at
        assert newer or not rules.allows(after(standing, added), kind, NOW)
        if newer:
            assert standing[kind] == after(standing, added)[kind]


def test_start_takes_back_a_stop_and_nothing_else() -> None:
    stopped = after({TEXTS: express(TEXTS)}, rules.stopped({}, "sms", source="stop", at=NOW))
    left = after({}, rules.withdrawn({}, [TEXTS], source="settings", now=NOW))

    again = rules.started_again(stopped, at=NOW)
    assert [("service", "sms", "express")] == [
        (line.message_class, line.channel, line.basis) for line in again
    ]
    assert [] == rules.started_again(left, at=NOW)
    assert [] == rules.started_again({}, at=NOW)
    assert [] == rules.started_again(stopped, at=NOW - DAY)


def test_a_forgotten_number_ends_texts_alone() -> None:
    standing = {kind: express(kind) for kind in KINDS}

    ended = rules.number_removed(standing, now=NOW)
    assert {TEXTS, ("marketing", "sms")} == {_kind(line) for line in ended}
    assert [] == rules.number_removed({}, now=NOW)


@given(standing=standings())
def test_every_line_is_told_with_its_basis(standing: Standing) -> None:
    added = rules.withdrawn(standing, KINDS, source="one-click", now=NOW)

    told = rules.changed(SOMEBODY, added)
    assert [(line.channel, False, "withdrawn") for line in added] == [
        (one.channel, one.granted, one.basis) for one in told
    ]
    assert {one.purpose for one in told} <= {"service-messages", "marketing-messages"}


def _kind(line: Line) -> Kind:
    return line.message_class, line.channel
