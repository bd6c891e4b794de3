"""Clients of every kind, for properties that hold for anybody."""

from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from services.progress.domain.care import Care
from services.progress.domain.model import Client
from shared.contracts.care import Health, Wish
from shared.contracts.submissions import RedFlag
from shared.vocabulary.codes import Condition, Family, PostureFinding, Region
from tests.unit.progress.builders import CLIENT, NOW, after
from tests.unit.progress.planned import (
    OPTIONS,
    assessed,
    cleared,
    finding,
    healthy,
    held,
    screened,
    some_goals,
)

FAMILIES = set(get_args(Family))
CODES = sorted(OPTIONS)


def clients() -> st.SearchStrategy[Client]:
    """Anybody: conditions, answers, limits, holds, signs, findings, wishes."""
    families_regions = st.sampled_from([*CODES, *FAMILIES, *get_args(Region)])
    screening = st.builds(
        lambda conditions, yes, flags, enjoys, wish, active: screened(
            *conditions,
            health=healthy(**dict.fromkeys(yes, True)),
            red_flags=tuple(flags),
            enjoys=tuple(enjoys),
            wish=wish,
            active=active,
        ),
        st.lists(st.sampled_from(get_args(Condition)), unique=True),
        st.lists(st.sampled_from(sorted(Health.model_fields)), unique=True, max_size=4),
        st.lists(st.sampled_from(get_args(RedFlag)), unique=True, max_size=2),
        st.lists(families_regions, unique=True, max_size=3),
        st.sampled_from(get_args(Wish)),
        st.booleans(),
    )
    clearance = st.builds(
        lambda status, avoid, effort: cleared(status, avoid=tuple(avoid), max_effort=effort),
        st.sampled_from(["granted", "limited", "refused", "expired"]),
        st.lists(families_regions, unique=True, max_size=4),
        st.none() | st.integers(0, 10),
    )
    findings = st.lists(
        st.builds(
            finding,
            st.sampled_from(get_args(Region)),
            st.sampled_from(get_args(PostureFinding)),
            st.integers(0, 3),
        ),
        max_size=4,
    )
    hold = st.builds(
        lambda kind, option, flags: held(kind, "R2", option=option, flags=flags),
        st.sampled_from(["session", "option", "joint"]),
        st.none() | st.sampled_from(CODES),
        st.lists(st.sampled_from(get_args(RedFlag)), max_size=2),
    )
    return st.builds(
        lambda screening, clearance, posture, goals, holds: (
            replace(
                after(Client(CLIENT, as_of=NOW), [some_goals(*goals)] if goals else []),
                holds=tuple(holds),
            )
            if screening is None
            else _of(screening, clearance, posture, goals, holds)
        ),
        st.none() | screening,
        st.none() | clearance,
        findings,
        st.lists(st.integers(0, 10), max_size=5),
        st.lists(hold, max_size=3),
    )


def _of(screening: Any, clearance: Any, posture: Any, goals: Any, holds: Any) -> Client:
    care = Care(
        screening=screening, clearance=clearance, assessments=(assessed(posture=tuple(posture)),)
    )
    client = Client(CLIENT, as_of=NOW, care=care)
    return replace(after(client, [some_goals(*goals)] if goals else []), holds=tuple(holds))
