"""Drafts: fitting, covering the four families, never with a masked option, whoever it is for."""

from collections import Counter
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from services.progress.domain.drafting import TIPS, Draft
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from shared.contracts.care import Wish
from shared.vocabulary.codes import Condition, Family, MovementFinding
from tests.unit.progress.anybody import clients
from tests.unit.progress.builders import RULES, after
from tests.unit.progress.planned import (
    OPTIONS,
    assessed,
    cleared,
    finding,
    ready,
    screened,
    some_goals,
)

FAMILIES = set(get_args(Family))
CODES = sorted(OPTIONS)


def drafted(client: Client) -> list[str]:
    """The options of a draft, in their order."""
    return [one.option for one in Draft(client, RULES).items()]


@settings(max_examples=150, deadline=None)
@given(clients())
def test_a_draft_never_holds_a_masked_option_whatever_the_client(client: Client) -> None:
    mask = Mask(client, RULES)
    items = Draft(client, RULES).items()

    assert [] == [one.option for one in items if mask.why_not(OPTIONS[one.option])]
    assert len(items) <= RULES.plan.options_at_most
    assert len({one.option for one in items}) == len(items)
    assert items == Draft(client, RULES).items()


@pytest.mark.parametrize("condition", get_args(Condition))
@pytest.mark.parametrize("wish", get_args(Wish))
def test_a_draft_covers_the_four_families_with_six_to_ten_options(
    condition: Condition, wish: Wish
) -> None:
    items = Draft(ready(screening=screened(condition, wish=wish)), RULES).items()

    assert 6 <= len(items) <= 10
    assert FAMILIES == {one.family for one in items}
    assert 1 >= sum(OPTIONS[one.option].kind in TIPS for one in items)


def test_who_enjoys_tips_still_gets_one_and_something_to_do_in_a_session() -> None:
    codes = drafted(ready(screening=screened("fibromyalgia", enjoys=("sleep", "food", "stress"))))
    calm = [OPTIONS[code].kind for code in codes if OPTIONS[code].family == "calm"]

    assert 1 == sum(kind in TIPS for kind in calm)
    assert len(calm) > 1


def test_calm_is_chosen_for_variety_wherever_it_hurts() -> None:
    for condition in get_args(Condition):
        codes = drafted(ready(condition))
        kinds = [OPTIONS[code].kind for code in codes if OPTIONS[code].family == "calm"]

        assert ["breathing", "mindfulness"] == kinds


def test_no_two_steps_of_one_ladder_are_drafted() -> None:
    for condition in get_args(Condition):
        codes = drafted(ready(condition))
        steps = {step for code in codes for step in OPTIONS[code].harder}

        assert set() == steps & set(codes)


def test_a_draft_for_a_stiff_knee_that_likes_water() -> None:
    client = ready(
        screening=screened("osteoarthritis-knee", enjoys=("water-walk",)),
        assessments=(
            assessed(
                posture=(finding("knee", "swelling", 1),),
                mechanics=(finding("sit-to-stand", "needs-support", 2),),
            ),
        ),
    )
    codes = drafted(client)
    regions = Counter(region for code in codes for region in OPTIONS[code].regions)

    assert "water-walk" in codes
    assert "knee" in {region for region, _ in regions.most_common(3)}
    assert {"knee"} & {region for code in codes[:2] for region in OPTIONS[code].regions}


def test_who_wishes_for_light_effort_is_drafted_no_more() -> None:
    for condition in get_args(Condition):
        screening = screened(condition, wish="light", enjoys=("strength", "low-impact"))
        items = Draft(ready(screening=screening), RULES).items()

        assert max(one.effort for one in items) <= 3


@pytest.mark.parametrize(
    ("more", "goals", "gentle"),
    [
        ({}, (), False),
        ({}, (4, 4), False),
        ({}, (3, 4), True),
        ({"mechanics": (finding("squat", "stiff", 2),)}, (), False),
        ({"mechanics": (finding("squat", "stiff", 3),)}, (), True),
        ({"chair_stand": 8}, (), False),
        ({"chair_stand": 7}, (), True),
        ({"baseline": {"pain_now": 9, "pain_week": 6}}, (), False),
        ({"baseline": {"pain_now": 0, "pain_week": 7}}, (), True),
    ],
)
def test_who_is_limited_or_in_much_pain_starts_gently(
    more: dict[str, Any], goals: tuple[int, ...], gentle: bool
) -> None:
    client = ready(assessments=(assessed(**more),))
    client = after(client, [some_goals(*goals)] if goals else [])
    draft = Draft(client, RULES)

    assert gentle == draft.gentle
    if gentle:
        assert max(OPTIONS[one.option].load for one in draft.items()) <= 2


def test_a_draft_is_never_harder_than_load_three() -> None:
    client = ready(
        screening=screened("osteoarthritis-knee", wish="vigorous", enjoys=("low-step-ups",))
    )

    assert "low-step-ups" not in drafted(client)  # load 4
    assert any(
        OPTIONS[code].load == 3
        for code in drafted(
            ready(
                screening=screened("osteoarthritis-knee", wish="vigorous", enjoys=("chair-stands",))
            )
        )
    )


def test_who_was_not_active_starts_with_three_times_a_week() -> None:
    active = ready(screening=screened("osteoarthritis-knee", enjoys=("thigh-squeezes",)))
    inactive = ready(
        screening=screened("osteoarthritis-knee", enjoys=("thigh-squeezes",), active=False)
    )
    weekly = [
        {one.option: one.per_week for one in Draft(client, RULES).items()}["thigh-squeezes"]
        for client in (active, inactive)
    ]

    assert [5, 3] == weekly


def test_a_clinicians_limits_shape_the_draft() -> None:
    client = ready("back-pain", clearance=cleared("limited", max_effort=2, avoid=("lower-back",)))
    items = Draft(client, RULES).items()

    assert items
    assert max(one.effort for one in items) <= 2
    assert not any("lower-back" in OPTIONS[one.option].regions for one in items)


def test_every_word_of_the_vocabulary_finds_its_region() -> None:
    seen = assessed(
        mechanics=tuple(
            finding(movement, get_args(MovementFinding)[1], 1)
            for movement in ("squat", "look-around", "carry", "roll-over")
        )
    )
    found = Draft(ready(assessments=(seen,)), RULES).regions

    assert {"knee", "hip", "neck", "wrist-hand", "shoulder", "lower-back", "pelvis"} == set(found)
