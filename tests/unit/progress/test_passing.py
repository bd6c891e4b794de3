"""Time alone: what is due is done once, and then nothing of it is left."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain import decide
from services.progress.domain.entries import TimePassed
from services.progress.domain.flaring import flare_alarmed
from services.progress.domain.lifting import UNLOCKED_KEPT, lift
from services.progress.domain.load import KEPT as LOADS_KEPT
from services.progress.domain.model import Client
from services.progress.domain.passing import next_due
from shared.contracts.conclusions import FlareSuspected
from shared.contracts.progress import SafetyHoldPlaced, ViewUpdated
from shared.contracts.submissions import CheckInSubmitted
from tests.unit.progress.builders import (
    CLIENT,
    NOW,
    RULES,
    TRAINER,
    a_booking,
    a_check_in,
    a_lift,
    after,
)
from tests.unit.progress.golden import tell
from tests.unit.progress.golden_session import planned

HOUR = timedelta(hours=1)
SESSIONS = tuple(
    a_booking(id=UUID(int=40 + day), start_at=NOW + timedelta(days=day), status="completed")
    for day in range(0, 12, 2)
)
reports = st.lists(
    st.builds(
        a_check_in,
        number=st.integers(1, 900),
        kind=st.sampled_from(["pre", "post", "next-morning", "daily"]),
        pain=st.integers(0, 10),
        at=st.integers(-24, 400).map(lambda hours: NOW + hours * HOUR),
        effort=st.none() | st.integers(0, 10),
        worst_pain=st.none() | st.integers(0, 10),
        flare=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.submission_id,
)


@settings(deadline=None, max_examples=60)
@given(told=reports, waits=st.lists(st.integers(0, 3000), min_size=1, max_size=4))
def test_after_time_has_passed_nothing_is_due_up_to_it(
    told: list[CheckInSubmitted], waits: list[int]
) -> None:
    start = Client(CLIENT, bookings=SESSIONS, care=Client(CLIENT).care.model_copy(
        update={"plans": (planned(4),)}
    ))  # fmt: skip
    client = after(start, told)

    for hours in sorted(waits):
        entry = TimePassed(client_id=CLIENT, at=NOW + hours * HOUR)
        outcome = decide.decide(client, entry, RULES)
        client = outcome.client
        due = next_due(client, RULES)
        assert due is None or due > entry.at
        again = decide.decide(client, entry, RULES)
        assert () == again.events
        assert replace(client, version=0) == replace(again.client, version=0)


def test_time_in_which_nothing_happens_is_not_shown() -> None:
    client = after(Client(CLIENT), [a_check_in(1, "daily", 2)])

    outcome = decide.decide(client, TimePassed(client_id=CLIENT, at=NOW + HOUR), RULES)
    assert () == outcome.events
    assert client.version + 1 == outcome.client.version


def test_a_flare_that_is_too_long_names_the_trainer_and_is_held_once() -> None:
    client = Client(CLIENT, bookings=(a_booking(),))
    declared = a_check_in(1, "daily", 5, flare=True)
    entries = [TimePassed(client_id=CLIENT, at=NOW + timedelta(days=day)) for day in (3, 9, 10)]

    outcomes = [
        tell(client, [declared, *entries[:count]], RULES) for count in range(1, len(entries) + 1)
    ]
    placed = [
        [event for event in outcome.events if isinstance(event, SafetyHoldPlaced)]
        for outcome in outcomes
    ]
    assert [0, 1, 0] == [len(each) for each in placed]
    assert (TRAINER,) == placed[1][0].trainer_ids
    assert any(isinstance(event, ViewUpdated) for event in outcomes[1].events)


def test_an_alarm_names_the_trainer() -> None:
    client = after(Client(CLIENT, bookings=(a_booking(),)), [a_check_in(1, "daily", 5)])

    [suspected] = flare_alarmed(client, NOW, RULES).events
    assert isinstance(suspected, FlareSuspected)
    assert (TRAINER,) == suspected.trainer_ids


def test_a_flare_that_a_late_report_tells_of_after_it_settled_does_not_begin_again() -> None:
    days = [a_check_in(n, "daily", 2, at=NOW + n * timedelta(days=1)) for n in range(1, 4)]
    settled = after(Client(CLIENT), [a_check_in(90, "daily", 6, flare=True), *days])
    assert settled.care.flare is not None
    assert settled.care.flare.resolved_at is not None

    late = a_check_in(91, "daily", 6, at=NOW + 12 * HOUR, flare=True)
    assert settled.care.flare == after(settled, [late]).care.flare


def test_what_is_kept_of_loads_and_unlocked_options_is_bounded() -> None:
    sessions = [
        a_check_in(n, "post", 1, at=NOW + n * HOUR / 10, effort=3, worst_pain=1)
        for n in range(LOADS_KEPT + 20)
    ]
    client = after(Client(CLIENT), sessions[-1:])
    for one in sessions:
        client = replace(after(replace(client, reports=()), [one]), reports=())
    assert LOADS_KEPT == len(client.care.loads)

    for n in range(UNLOCKED_KEPT + 10):
        hold = replace(HOLD, id=UUID(int=9000 + n), option=f"option-{n}")
        client = lift(replace(client, holds=(hold,)), a_lift(n, hold.id), RULES).client
    assert UNLOCKED_KEPT == len(client.care.unlocked)
    assert f"option-{UNLOCKED_KEPT + 9}" == client.care.unlocked[-1].option


HOLD = replace(
    after(Client(CLIENT), [a_check_in(1, red_flags=["hot-swollen-joint"])]).holds[0],
    kind="option",
    rule="A3",
)
