"""Clearances: asked for once, decided, over by time or by a change, never ended by the client."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.progress.domain.clearance import MOST_AVOIDED, due_gates, months_after
from services.progress.domain.model import Client
from services.progress.domain.passing import next_due
from shared.contracts.care import Decision
from shared.contracts.conclusions import ClearanceDecided, ClearanceExpired, ClearanceRequested
from shared.contracts.progress import RuleFired
from tests.unit.progress.builders import CLIENT, NOW, RULES, answer, tell, view
from tests.unit.progress.intake import (
    CLINICIAN,
    a_decision,
    a_screening,
    asked,
    clearance,
    decided,
    gates,
    life,
    time,
    told,
)
from tests.unit.progress.planned import item, planned

LATER = NOW + timedelta(days=30)
YEAR = datetime(2027, 3, 3, 5, tzinfo=UTC)
"""The end of the day, a year on, where the client is."""


def planning(client: Client) -> Client:
    """The client with an active plan."""
    care = client.care.model_copy(update={"plans": (planned(item("soft-belly-breathing")),)})
    return Client(CLIENT, version=client.version, as_of=client.as_of, care=care)


def in_force(client: Client) -> list[tuple[str, str]]:
    return [(one.rule, one.firings[0].code) for one in client.care.standing]


def test_a_grant_opens_the_gate_for_a_year_and_is_told_without_words() -> None:
    client = asked()
    outcome = tell(client, a_decision(clearance(client).id))

    [said] = [one for one in outcome.events if isinstance(one, ClearanceDecided)]
    assert ("granted", None, (), YEAR) == (
        said.decision,
        said.max_effort,
        said.avoid,
        said.valid_until,
    )
    assert "private" not in "".join(event.model_dump_json() for event in outcome.events)
    assert "done" == answer(outcome.events).status
    assert [] == gates(outcome.client)
    kept = clearance(outcome.client)
    assert ("granted", NOW, CLINICIAN) == (kept.status, kept.decided_at, kept.decided_by)


def test_a_limit_opens_the_gate_and_keeps_what_it_limits() -> None:
    client = decided(asked(), "limited", max_effort=4, avoid=("strength", "knee", "strength"))

    assert [] == gates(client)
    assert ("limited", 4, ("strength", "knee")) == (
        clearance(client).status,
        clearance(client).max_effort,
        clearance(client).avoid,
    )
    shown = view(tell(client, a_screening(2, "chest_pain")).events).document["clearance"]
    assert ("limited", 4, ["strength", "knee"], "2027-03-03T05:00:00Z") == (
        shown["status"],
        shown["max_effort"],
        shown["avoid"],
        shown["valid_until"],
    )


def test_a_refusal_keeps_the_gate_closed() -> None:
    assert [("G2", "clearance-refused")] == gates(decided(asked(), "refused"))


def test_a_clinician_may_think_again() -> None:
    refused = decided(asked(), "refused")

    assert [] == gates(decided(refused, number=2, at=LATER))
    twice = decided(decided(asked()), "refused", number=2, at=LATER)
    assert [("G2", "clearance-refused")] == gates(twice)


def test_an_older_word_does_not_replace_a_newer_one() -> None:
    refused = decided(asked(), "refused", at=LATER)
    late = tell(refused, a_decision(clearance(refused).id, number=2, at=NOW))

    assert ("rejected", "refused") == (answer(late.events).status, clearance(late.client).status)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"clearance": UUID(int=5)}, "unknown"),
        ({"decision": "limited"}, "what is limited"),
        ({"decision": "limited", "avoid": ("jumping",)}, "named by"),
        ({"decision": "limited", "avoid": ("knee",) * (MOST_AVOIDED + 1)}, "At most"),
        ({"valid_until": date(2026, 3, 1)}, "passed"),
        ({"valid_until": date(1, 1, 1)}, "passed"),
        ({"valid_until": date(2027, 3, 4)}, "12 months"),
        ({"valid_until": date(9999, 12, 31)}, "12 months"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_the_request_open(
    wrong: dict[str, Any], reason: str
) -> None:
    client = asked()
    outcome = tell(client, a_decision(**({"clearance": clearance(client).id} | wrong)))

    assert "rejected" == answer(outcome.events).status
    assert reason in (answer(outcome.events).reason or "")
    assert (client.care, []) == (outcome.client.care, told(outcome.events))


def test_nobody_can_decide_on_what_nobody_asked_for() -> None:
    outcome = tell(Client(CLIENT), a_decision(UUID(int=5)))

    assert "rejected" == answer(outcome.events).status


@pytest.mark.parametrize(
    ("last", "until"),
    [
        (date(2026, 3, 2), datetime(2026, 3, 3, 5, tzinfo=UTC)),
        (date(2026, 3, 8), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        (date(2027, 3, 2), YEAR),
        (date(2027, 3, 3), YEAR + timedelta(days=1)),
    ],
    ids=["today", "the day the clocks change", "a year", "a year where the clinician is"],
)
def test_the_last_day_counts_whole_where_the_client_is(last: date, until: datetime) -> None:
    assert until == clearance(decided(asked(), valid_until=last)).valid_until


def test_a_decision_that_comes_when_its_last_day_is_over_is_refused() -> None:
    client = life(asked(), time(NOW + timedelta(days=9)))
    outcome = tell(client, a_decision(clearance(client).id, valid_until=date(2026, 3, 8)))

    assert "rejected" == answer(outcome.events).status


def test_a_clearance_that_has_run_out_is_asked_for_again_by_the_clock() -> None:
    client = decided(asked(), "limited", max_effort=3, valid_until=date(2026, 3, 31))
    over = datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert over == next_due(client, RULES)

    outcome = tell(client, time(over))
    expired, requested = [
        one for one in outcome.events if isinstance(one, ClearanceExpired | ClearanceRequested)
    ]
    assert (clearance(client).id, over) == (expired.clearance_id, expired.at)
    again = clearance(outcome.client)
    assert (again.id, ("G3",)) == (requested.clearance_id, requested.rules)  # type: ignore[union-attr]
    assert ("requested", 3, None) == (again.status, again.max_effort, again.valid_until)
    assert [("G3", "clearance-over")] == gates(outcome.client, over)
    assert [] == gates(decided(outcome.client, number=2, at=over), over)


def test_the_gate_is_closed_from_the_moment_on_also_before_the_clock_is_looked_at() -> None:
    client = decided(asked(), valid_until=date(2026, 3, 31))
    over = datetime(2026, 4, 1, 4, tzinfo=UTC)

    assert [] == gates(client, over - timedelta(microseconds=1))
    assert [("G3", "clearance-over")] == gates(client, over)


def test_a_refusal_is_asked_about_again_after_a_year() -> None:
    client = life(decided(asked(), "refused"), time(YEAR))

    assert ("requested", True) == (clearance(client).status, clearance(client).bound)


def test_time_moves_nothing_twice() -> None:
    client = life(decided(asked()), time(YEAR))
    again = tell(client, time(YEAR + timedelta(seconds=1)))

    assert ([], clearance(client)) == (told(again.events), clearance(again.client))
    assert None is next_due(client, RULES)


def test_the_same_answers_keep_a_decision_and_an_open_request() -> None:
    for client in (asked(), decided(asked()), decided(asked(), "refused")):
        again = tell(client, a_screening(2, "chest_pain", at=LATER))
        assert (clearance(client), []) == (clearance(again.client), told(again.events))


@pytest.mark.parametrize(
    "change",
    [
        {"yes": ("chest_pain", "medication")},
        {"conditions": ["back-pain", "fibromyalgia"]},
        {"red_flags": ["locking"]},
        {"yes": ("dizziness",)},
    ],
    ids=["an answer", "a condition", "a sign", "another symptom"],
)
@pytest.mark.parametrize("decision", [None, "granted", "limited", "refused"])
def test_a_change_of_health_ends_it_and_asks_anew(
    decision: Decision | None, change: dict[str, Any]
) -> None:
    client = asked()
    if decision is not None:
        client = decided(client, decision, max_effort=3)
    given: dict[str, Any] = {"yes": ("chest_pain",)} | change
    outcome = tell(client, a_screening(2, *given.pop("yes"), at=LATER, **given))

    assert ["expired", "requested"] == told(outcome.events)
    new = clearance(outcome.client)
    assert (True, "requested", LATER) == (
        new.id != clearance(client).id,
        new.status,
        new.requested_at,
    )
    assert clearance(client).max_effort == new.max_effort
    assert [("G2", "clearance-open")] == gates(outcome.client)
    late = tell(outcome.client, a_decision(clearance(client).id, number=7, at=LATER))
    assert "rejected" == answer(late.events).status


def test_a_new_reason_is_asked_about_although_health_is_the_same() -> None:
    client = decided(asked("heart_condition", active=False))
    vigorous: dict[str, Any] = {"active": False, "wish": "vigorous"}
    outcome = tell(client, a_screening(2, "heart_condition", at=LATER, **vigorous))

    assert ["expired", "requested"] == told(outcome.events)
    fewer = tell(client, a_screening(2, "heart_condition", at=LATER))
    back = tell(fewer.client, a_screening(3, "heart_condition", at=LATER, active=False))
    assert ([], [], []) == (told(fewer.events), told(back.events), gates(back.client))


def test_a_request_that_health_has_made_needless_is_withdrawn() -> None:
    client = asked()
    outcome = tell(client, a_screening(2, at=LATER))

    assert (["expired"], []) == (told(outcome.events), gates(outcome.client))
    late = tell(outcome.client, a_decision(clearance(client).id, "refused", at=LATER))
    assert ("rejected", []) == (answer(late.events).status, gates(late.client))
    anew = tell(outcome.client, a_screening(3, "chest_pain", at=LATER))
    assert (["requested"], True) == (
        told(anew.events),
        clearance(anew.client).id != clearance(client).id,
    )


@pytest.mark.parametrize("decision", ["limited", "refused"])
def test_only_a_clinician_ends_what_a_clinician_limited_or_refused(decision: Decision) -> None:
    client = decided(asked(), decision, max_effort=3)
    for number in (2, 3):
        client = life(client, a_screening(number, at=LATER))
        assert [("G3", "clearance-open")] == gates(client)
        assert ("requested", ("G3",), 3) == (
            clearance(client).status,
            clearance(client).rules,
            clearance(client).max_effort,
        )

    free = life(decided(client, at=LATER, number=2), a_screening(4, at=LATER))
    assert ([], None) == (gates(free), clearance(free).max_effort)
    assert [] == gates(life(free, a_screening(5, "medication", at=LATER)))


def test_a_refusal_stands_although_the_client_becomes_active() -> None:
    refused = decided(asked("heart_condition", active=False), "refused")

    assert [("G3", "clearance-refused")] == gates(life(refused, a_screening(2, "heart_condition")))


def test_a_refusal_keeps_the_limits_that_were_known() -> None:
    limited = decided(asked(), "limited", avoid=("shoulder",))

    assert ("shoulder",) == clearance(decided(limited, "refused", number=2)).avoid


def test_a_plan_whose_clearance_ran_out_is_held_without_freezing_sessions() -> None:
    client = planning(decided(asked(), valid_until=date(2026, 3, 31)))
    over = datetime(2026, 4, 1, 4, tzinfo=UTC)
    outcome = tell(client, time(over))

    assert ("hold", (), [("G3", "see-clinician")]) == (
        outcome.client.level,
        outcome.client.holds,
        in_force(outcome.client),
    )
    [fired] = [one for one in outcome.events if isinstance(one, RuleFired)]
    assert ("G3", "hold", ("see-clinician",), ("client", "trainer")) == (
        fired.rule,
        fired.level,
        fired.codes,
        fired.notify,
    )
    shown = view(outcome.events).document
    assert ["G3"] == [rule["rule"] for rule in shown["safety"]["rules"]]
    assert "clearance" == shown["next"]["code"]

    again = decided(outcome.client, number=2, at=over)
    assert ("unknown", []) == (again.level, in_force(again))


def test_a_plan_whose_screening_is_too_old_is_held_until_there_is_a_new_one() -> None:
    client = planning(life(Client(CLIENT), a_screening(1)))
    until = NOW.replace(year=2027)
    assert until == due_gates(client, RULES)

    old = life(client, time(until))
    assert ("hold", [("G3", "rescreen")]) == (old.level, in_force(old))
    new = life(old, a_screening(2, at=until))
    assert ("unknown", []) == (new.level, in_force(new))


@pytest.mark.parametrize("active", [True, False])
def test_a_change_or_a_refusal_holds_a_plan_that_is_active(active: bool) -> None:
    client = decided(asked())
    client = planning(client) if active else client
    changed = life(client, a_screening(2, "dizziness", at=LATER))
    refused = decided(client, "refused", number=2)

    level = "hold" if active else "unknown"
    assert (level, level) == (changed.level, refused.level)
    held = [("G3", "see-clinician")] if active else []
    assert (held, held) == (in_force(changed), in_force(refused))


def test_a_pregnancy_is_told_by_its_own_rule_also_where_a_plan_is_active() -> None:
    client = planning(life(Client(CLIENT), a_screening(1)))
    pregnant = life(client, a_screening(2, "pregnant", at=LATER))

    assert ("hold", [("G4", "professional-advice")]) == (pregnant.level, in_force(pregnant))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 6, 15), 0, date(2026, 6, 15)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, expected: date) -> None:
    assert expected == months_after(day, months)
