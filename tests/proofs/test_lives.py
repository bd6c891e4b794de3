"""Simulated clients over months: nothing rises after red, nothing unsafe is given or unfrozen."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from services.progress.domain import (
    decide,
    dosing,
    gates,
    milestones,
    planning,
    recommend,
    reflecting,
    view,
)
from services.progress.domain.entries import TimePassed
from services.progress.domain.mask import Mask
from services.progress.domain.mixture import Floats
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome
from services.progress.domain.passing import time_passed
from services.progress.domain.rules import Rules
from shared.contracts.progress import ViewUpdated
from tests.proofs.lives import Life
from tests.proofs.scale import cases

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

LIVES = 100_000

SEEN_WITHIN = 400
"""Lives in which a broken rule has to show; most show in the first few."""

COLLECTED_AFTER = 50_000
"""Objects between two looks of the garbage collector: lives leave no cycles behind."""


def lives() -> int:
    """All of them under `make prove`, else a quarter of the usual share: each is judged whole."""
    wanted = cases(LIVES)
    return wanted if wanted >= LIVES else wanted // 4


def untold(client: Client, _: Rules) -> ViewUpdated:
    """A view without its document, which no decision reads: writing it takes most of the time."""
    return ViewUpdated.model_construct(
        client_id=client.id, version=client.version, level=client.level, document={}
    )


def uncounted(means: Floats, *_: object) -> Floats:
    """No option's chance of being proposed: 20 ms each time, and nothing safe hangs on it."""
    return np.zeros(len(means))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(view, "updated", untold)
    monkeypatch.setattr(recommend, "inclusion", uncounted)
    known = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER)
    yield
    gc.set_threshold(*known)


def test_no_life_breaks_a_promise() -> None:
    seen: Counter[str] = Counter()
    for number in range(lives()):
        ledger = Life(number).live()
        assert [] == ledger.broken, f"life {number}"
        seen += ledger.seen

    each = lives() / 100
    assert seen["activated"] > 80 * each
    assert min(seen["raised"], seen["lowered"], seen["milestone"], seen["proposed"]) > 10 * each
    assert min(seen["hold R1"], seen["hold A3"], seen["hold T2"], seen["lifted"]) > each


def _forgets(client: Client, entry: TimePassed, rules: Rules) -> Outcome:
    outcome = time_passed(client, entry, rules)
    return replace(outcome, client=replace(outcome.client, holds=()))


def _said_last(client: Client) -> str:
    return client.reports[0].level if client.reports else "unknown"


def _any_session(client: Client, _: Rules) -> bool:
    return any(one.kind == "post" for one in client.reports)


def _half(amount: int, _: int) -> int:
    return -(-amount // 2)


def _always(value: Any) -> Callable[..., Any]:
    return lambda *_: value


@dataclass(frozen=True)
class Broken:
    """A rule that no longer does its work: what stands in its place, and what must be noted."""

    name: str
    where: Any
    what: str
    instead: Any
    noted: str


BROKEN = (
    Broken("any morning raises", dosing, "may_progress", _always(True), "raised"),
    Broken("a step of a half", dosing, "share", _half, "step"),
    Broken("doses rise behind gates", dosing, "closed", _always(()), "raised"),
    Broken("plans begin behind gates", planning, "closed", _always(()), "activated"),
    Broken("every clearance counts", gates, "counts", _always(True), "activated"),
    Broken("nothing is masked", Mask, "why_not", _always(None), "menu drafted proposed"),
    Broken("no lock masks", Mask, "_locked", _always(None), "menu planned proposed"),
    Broken("no sign masks", Mask, "_signs", _always(None), "menu drafted planned proposed"),
    Broken("no condition masks", Mask, "_history", _always(None), "drafted menu"),
    Broken("no clinician masks", Mask, "_clearance", _always(None), "drafted menu"),
    Broken("no day masks", Mask, "_today", _always(None), "menu proposed"),
    Broken("old sets are proposed", reflecting, "_safe", _always(True), "proposed"),
    Broken("time lifts holds", decide, "DECISIONS", decide.DECISIONS | {TimePassed: _forgets},
           "unfrozen"),
    Broken("the newest report is the level", view, "level", _said_last, "level"),
    Broken("red is celebrated", milestones, "level", _always("go"), "milestone"),
    Broken("red sessions are celebrated", milestones, "MARKS",
           tuple(one._replace(met=_any_session) if one.code == "first-session" else one
                 for one in milestones.MARKS), "milestone"),
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name)
def test_a_broken_rule_is_seen(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken.where, broken.what, broken.instead)

    for number in range(SEEN_WITHIN):
        noted = Life(number).live().broken
        if noted:
            break

    assert noted, "no life shows it"
    assert noted[0].split(":")[0] in broken.noted.split()
