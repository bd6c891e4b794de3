"""Matching: who is right, in which order, and why; tried on a thousand clients."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from services.booking.demo import TRAINERS
from services.booking.domain.matching import in_order, load, why
from services.booking.domain.people import Language
from services.booking.domain.slots import span
from services.booking.domain.trainers import Trainer, Wish, serves
from shared.contracts.booking import Area, Mode
from shared.vocabulary.codes import Condition

TWO_WEEKS = timedelta(days=14)
FULL_WEEK = tuple(span(day, 9 * 60, 17 * 60) for day in range(5))
HALF_WEEK = FULL_WEEK[:2]

AMARA = Trainer(
    id=UUID(int=1),
    name="Amara Okafor",
    tz="America/Toronto",
    areas=("toronto",),
    modes=("in-person", "virtual"),
    languages=("en", "fr"),
    conditions=("back-pain", "neck-pain"),
    hours=FULL_WEEK,
)
BENOIT = replace(AMARA, id=UUID(int=2), name="Benoît Lavoie")
CHLOE = replace(AMARA, id=UUID(int=3), name="Chloe Nguyen")


def names(found: Sequence[Trainer]) -> list[str]:
    return [one.name.split()[0] for one in found]


def test_who_knows_the_client_comes_first_whatever_the_load() -> None:
    known = replace(CHLOE, known="met")

    found = in_order([AMARA, BENOIT, known], {CHLOE.id: 900, AMARA.id: 1, BENOIT.id: 2})

    assert ["Chloe", "Amara", "Benoît"] == names(found)


def test_then_comes_who_has_less_to_do_then_the_name_then_the_id() -> None:
    namesake = replace(AMARA, id=UUID(int=9))

    found = in_order([CHLOE, namesake, BENOIT, AMARA], {BENOIT.id: 10, CHLOE.id: 5, AMARA.id: 5})

    assert [namesake, AMARA, CHLOE, BENOIT] == found
    assert [AMARA, namesake] == in_order([namesake, AMARA], {})


def test_load_is_relative_to_the_usual_working_time() -> None:
    half = replace(AMARA, hours=HALF_WEEK)

    assert 250 == load(AMARA, 2 * 10 * 60, TWO_WEEKS)
    assert 625 == load(half, 2 * 10 * 60, TWO_WEEKS)
    assert 0 == load(half, 0, TWO_WEEKS)


def test_who_works_on_single_dates_alone_counts_as_almost_full() -> None:
    assert 500 == load(replace(AMARA, hours=()), 60, TWO_WEEKS)


@pytest.mark.parametrize(
    ("wish", "serving"),
    [
        (Wish(), True),
        (Wish("virtual"), True),
        (Wish("in-person", "toronto", ("back-pain", "neck-pain"), "fr"), True),
        (Wish("in-person", "ottawa"), False),
        (Wish("virtual", conditions=("back-pain", "fibromyalgia")), False),
    ],
)
def test_all_that_is_asked_for_must_be_there(wish: Wish, serving: bool) -> None:
    assert serving == serves(AMARA, wish)


@pytest.mark.parametrize(
    ("trainer", "wish", "sentence"),
    [
        (AMARA, Wish("virtual"), "Trains virtually."),
        (
            AMARA,
            Wish("in-person", "toronto", ("back-pain", "neck-pain"), "fr"),
            "Visits Toronto, has experience with back pain and neck pain and speaks French.",
        ),
        (AMARA, Wish(), "Speaks English and French."),
        (replace(AMARA, known="met"), Wish("virtual"), "You know Amara from your last session."),
        (replace(AMARA, known="booked"), Wish("virtual"), "Your coming session is with Amara."),
    ],
)
def test_each_choice_says_why_in_a_plain_sentence(
    trainer: Trainer, wish: Wish, sentence: str
) -> None:
    assert sentence == why(trainer, wish)


CLIENTS, SESSIONS, WEEKS = 1000, 6, 26


@dataclass
class Client:
    """Somebody who comes back each week or two."""

    wish: Wish
    serving: list[Trainer]
    first_week: int
    every: int


def some_clients(draw: random.Random) -> list[Client]:
    found = []
    for _ in range(CLIENTS):
        conditions = tuple(draw.sample(get_args(Condition), draw.choice([1, 1, 2])))
        languages: list[Language | None] = [None, None, None, "fr"]
        areas: list[Area | None] = [None, "toronto", *get_args(Area)]
        area = draw.choice(areas)
        mode: Mode = "in-person" if area else "virtual"
        wish = Wish(mode, area, conditions, draw.choice(languages))
        serving = [one for one in demo_trainers() if serves(one, wish)]
        if serving:
            found.append(
                Client(wish, serving, draw.randrange(WEEKS - 2 * SESSIONS), draw.choice([1, 2]))
            )
    return found


def demo_trainers() -> list[Trainer]:
    """The demo's trainers; every third works two days a week."""
    return [
        Trainer(
            id=UUID(int=number),
            name=one.name,
            tz="America/Toronto",
            areas=one.areas,
            modes=one.modes,
            languages=one.languages,
            conditions=(*one.conditions, "other"),
            hours=HALF_WEEK if number % 3 == 0 else FULL_WEEK,
        )
        for number, one in enumerate(TRAINERS)
    ]


Pick = Callable[[Wish, UUID | None, list[Trainer], dict[UUID, int]], Trainer]
"""Chooses one of the free trainers, given whom the client knows and minutes booked of late."""


def simulate(pick: Pick) -> tuple[float, dict[UUID, int]]:
    """Let the clients come; returns the share of later sessions with the same trainer, and the
    minutes each trainer worked."""
    draw = random.Random("a thousand clients")
    trainers = demo_trainers()
    # Each trainer is away one week in twenty, and then the clients see somebody else.
    free = {
        (one.id, week): 0 if draw.random() < 0.05 else one.weekly_minutes // 60
        for one in trainers
        for week in range(WEEKS)
    }
    weeks: dict[int, list[Client]] = defaultdict(list)
    for client in some_clients(draw):
        for number in range(SESSIONS):
            weeks[client.first_week + number * client.every].append(client)
    last: dict[int, UUID] = {}
    worked: Counter[UUID] = Counter()
    booked: Counter[tuple[UUID, int]] = Counter()
    again = same = 0
    for week in sorted(weeks):
        for client in weeks[week]:
            open_to = [one for one in client.serving if free[one.id, week] > 0]
            if not open_to:
                continue
            recent = {
                one.id: sum(booked[one.id, week + shift] for shift in (-2, -1, 0, 1))
                for one in open_to
            }
            chosen = pick(client.wish, last.get(id(client)), open_to, recent)
            assert serves(chosen, client.wish)
            if id(client) in last:
                again += 1
                same += last[id(client)] == chosen.id
            last[id(client)] = chosen.id
            free[chosen.id, week] -= 1
            worked[chosen.id] += 60
            booked[chosen.id, week] += 60
    return same / again, worked


def gini(worked: dict[UUID, int]) -> float:
    """How unevenly trainers worked, relative to their hours: 0 is even."""
    shares = sorted(worked.get(one.id, 0) / one.weekly_minutes for one in demo_trainers())
    weighted = sum((place + 1) * share for place, share in enumerate(shares))
    return 2 * weighted / (len(shares) * sum(shares)) - (len(shares) + 1) / len(shares)


def matched(
    wish: Wish, known: UUID | None, free: list[Trainer], recent: dict[UUID, int]
) -> Trainer:
    them = [replace(one, known="met" if one.id == known else None) for one in free]
    during = timedelta(days=28)
    loads = {one.id: load(one, recent[one.id], during) for one in them}
    chosen = in_order(them, loads)[0]
    assert serves(chosen, wish)
    return replace(chosen, known=None)


def test_a_thousand_clients_keep_their_trainer_and_work_is_shared_fairly() -> None:
    turns: Counter[UUID] = Counter()

    def in_turn(_: Wish, __: UUID | None, free: list[Trainer], ___: dict[UUID, int]) -> Trainer:
        chosen = min(free, key=lambda one: (turns[one.id], one.name))
        turns[chosen.id] += 1
        return chosen

    kept, worked = simulate(matched)
    by_chance, in_turns = simulate(in_turn)

    assert kept >= 0.9
    assert by_chance < 0.7
    assert gini(worked) < gini(in_turns)
    assert 0.9 * sum(in_turns.values()) <= sum(worked.values())
