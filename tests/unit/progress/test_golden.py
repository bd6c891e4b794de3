"""Every rule on both sides of every threshold: the golden scenarios hold."""

import pytest

from tests.unit.progress import (
    golden_course,
    golden_gates,
    golden_next_day,
    golden_plans,
    golden_session,
)
from tests.unit.progress.builders import RULES
from tests.unit.progress.golden import Scenario

SCENARIOS = (
    *golden_gates.SCENARIOS,
    *golden_session.SCENARIOS,
    *golden_next_day.SCENARIOS,
    *golden_course.SCENARIOS,
    *golden_plans.SCENARIOS,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_golden_scenario_holds(scenario: Scenario) -> None:
    assert scenario.expected == scenario.run(RULES)


def test_each_scenario_has_a_name_of_its_own_that_begins_with_a_rule() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    beginnings = {name.split()[0] for name in names}

    assert len(set(names)) == len(names)
    assert {rule.id for rule in RULES.rules} - {"P2", "D1", "D2"} <= beginnings
