"""A first plan from what is known of a client: which options, how hard, how often."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import fmean
from typing import get_args

from services.progress.domain.care import Care, Finding
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.rules import Rules
from shared.contracts.conclusions import PlanItem
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Condition, Family, Joint, Kind, Movement, Region

FAMILIES: tuple[Family, ...] = get_args(Family)

SUITS, ENJOYED, AT_HOME = 3, 3, 1
"""Points: the catalogue names the condition; the client enjoys it; no pool or machine is needed."""

REGION, REGION_AT_MOST = 1, 4
"""Points for each degree of a finding in a region the option works on, and their bound."""

PAINFUL_REGION = 2
"""What a condition adds to its region, as a finding of that severity would."""

MEASURED = 1
"""What a measured joint adds to its region: somebody thought it worth measuring."""

NOTHING = "nothing-notable"

EXERTING: frozenset[Family] = frozenset({"strength", "low-impact"})

REMEMBERED = 500
"""Combinations of conditions and likings whose points are remembered, 80 numbers each."""

TIPS: frozenset[Kind] = frozenset({"sleep", "food", "stress"})
"""Calm options for the day, not for a session; a draft holds one of them all."""

HARD_TO_COME_BY = frozenset({"stationary-bike", "walking-poles", "step"})

OF_CONDITION: dict[Condition, tuple[Region, ...]] = {
    "back-pain": ("lower-back",),
    "neck-pain": ("neck",),
    "shoulder-pain": ("shoulder",),
    "osteoarthritis-knee": ("knee",),
    "osteoarthritis-hip": ("hip",),
    "rheumatoid-arthritis": ("wrist-hand",),
}

OF_MOVEMENT: dict[Movement, tuple[Region, ...]] = {
    "walking": ("hip", "knee", "ankle-foot"),
    "sit-to-stand": ("knee", "hip"),
    "squat": ("knee", "hip"),
    "hinge": ("lower-back", "hip"),
    "lunge": ("hip", "knee"),
    "step-up": ("knee", "hip"),
    "step-down": ("knee", "hip"),
    "single-leg-stand": ("ankle-foot", "hip"),
    "reach-overhead": ("shoulder", "upper-back"),
    "reach-behind": ("shoulder",),
    "push": ("shoulder", "elbow"),
    "pull": ("upper-back", "shoulder"),
    "lift": ("lower-back", "hip"),
    "carry": ("wrist-hand", "shoulder"),
    "turn": ("upper-back", "lower-back"),
    "look-around": ("neck",),
    "roll-over": ("lower-back", "pelvis"),
    "floor-to-stand": ("knee", "hip"),
}

OF_JOINT: dict[Joint, Region] = {
    "neck": "neck",
    "upper-back": "upper-back",
    "lower-back": "lower-back",
    "shoulder": "shoulder",
    "elbow": "elbow",
    "wrist": "wrist-hand",
    "fingers": "wrist-hand",
    "hip": "hip",
    "knee": "knee",
    "ankle": "ankle-foot",
}


@dataclass(frozen=True)
class Draft:
    """How options fit a client, and the plan that follows; the same care gives the same plan."""

    client: Client
    rules: Rules

    def items(self) -> tuple[PlanItem, ...]:
        """Options of each family where any may be given, with the doses to start from."""
        figures = self.rules.plan
        left = self.ranked(catalogue().options)
        chosen: list[Option] = []
        for family in FAMILIES:
            chosen += self._best(
                [one for one in left if one.family == family], figures.of_each_family, chosen
            )
        # Room that is left goes to what is worked on in places that have a finding.
        fitting = [one for one in left if one not in chosen and self._region_points(one) > 0]
        chosen += self._best(fitting, figures.options_at_most - len(chosen), chosen)
        missing = figures.options_at_least - len(chosen)
        chosen += self._best([one for one in left if one not in chosen], missing, chosen)
        order = {family: number for number, family in enumerate(FAMILIES)}
        chosen.sort(key=lambda one: order[one.family])
        return tuple(self.item(option) for option in chosen)

    def ranked(self, options: Iterable[Option]) -> list[Option]:
        """Those a plan may hold and the client can do, best first; the catalogue's order decides
        between equals."""
        mask = Mask(self.client, self.rules)
        fitting = [one for one in mask.allowed(options) if self._within_reach(one)]
        return sorted(fitting, key=lambda one: -self._points(one))

    def item(self, option: Option) -> PlanItem:
        """An option with the dose to start from."""
        per_week = option.dose.per_week
        screening = self._care.screening
        inactive = screening is None or not screening.active
        if inactive and option.family in EXERTING:
            per_week = min(per_week, self.rules.plan.inactive_per_week)
        return PlanItem(
            option=option.code,
            family=option.family,
            effort=option.effort,
            per_week=per_week,
            sets=option.dose.sets,
            repetitions=option.dose.repetitions,
            minutes=option.dose.minutes,
        )

    @property
    def _care(self) -> Care:
        return self.client.care

    @cached_property
    def gentle(self) -> bool:
        """Whether the start is easier than usual."""
        figures, goals, seen = self.rules.plan, self._care.goals, self._care.assessment
        if goals is not None and fmean(goals.newest) < figures.gentle_goals_below:
            return True
        return seen is not None and (
            any(one.severity >= figures.gentle_severity for one in (*seen.posture, *seen.mechanics))
            or (
                seen.chair_stand is not None and seen.chair_stand < figures.gentle_chair_stand_below
            )
            or seen.baseline.pain_week >= figures.gentle_pain_week
        )

    @cached_property
    def regions(self) -> Counter[Region]:
        """How much each region asks for, from findings, measured joints and conditions."""
        found: Counter[Region] = Counter()
        for condition in self._conditions:
            found.update(dict.fromkeys(OF_CONDITION.get(condition, ()), PAINFUL_REGION))
        seen = self._care.assessment
        if seen is None:
            return found
        for finding in _notable(seen.posture):
            if finding.about in get_args(Region):
                found[finding.about] += finding.severity  # type: ignore[index]
        for finding in _notable(seen.mechanics):
            for region in OF_MOVEMENT.get(finding.about, ()):  # type: ignore[call-overload]
                found[region] += finding.severity
        for joint in sorted({one.joint for one in seen.rom}):
            if joint in OF_JOINT:
                found[OF_JOINT[joint]] += MEASURED
        return found

    @property
    def _conditions(self) -> tuple[Condition, ...]:
        return () if self._care.screening is None else self._care.screening.conditions

    def _within_reach(self, option: Option) -> bool:
        figures, screening = self.rules.plan, self._care.screening
        load = figures.gentle_load_at_most if self.gentle else figures.load_at_most
        light = screening is None or screening.wish == "light"
        return option.load <= load and not (light and option.effort > figures.light_effort_at_most)

    def _points(self, option: Option) -> int:
        if catalogue().by_code().get(option.code) is option:
            return self._points_by_code[option.code]
        return _points(option, self._conditions, self._enjoys) + self._region_points(option)

    @cached_property
    def _points_by_code(self) -> Mapping[str, int]:
        known = _catalogue_points(self._conditions, self._enjoys)
        return {one.code: known[one.code] + self._region_points(one) for one in catalogue().options}

    @property
    def _enjoys(self) -> tuple[str, ...]:
        return () if self._care.screening is None else self._care.screening.enjoys

    def _region_points(self, option: Option) -> int:
        # Calm is for the whole person, wherever it hurts.
        if option.family == "calm":
            return 0
        return min(REGION * max(self.regions[one] for one in option.regions), REGION_AT_MOST)

    def _best(self, options: Sequence[Option], most: int, chosen: Sequence[Option]) -> list[Option]:
        """The first of them, without two steps of one ladder, or two calm ones of a kind."""
        taken: list[Option] = []
        for option in options:
            if len(taken) >= most:
                break
            so_far = [*chosen, *taken]
            ladder = {step for one in so_far for step in (*one.easier, *one.harder)}
            again = option.family == "calm" and _calm(option) in map(_calm, so_far)
            if option.code not in ladder and not again:
                taken.append(option)
        return taken


@lru_cache(maxsize=REMEMBERED)
def _catalogue_points(
    conditions: tuple[Condition, ...], enjoys: tuple[str, ...]
) -> Mapping[str, int]:
    return {one.code: _points(one, conditions, enjoys) for one in catalogue().options}


def _points(option: Option, conditions: Iterable[Condition], enjoys: Iterable[str]) -> int:
    points = SUITS * any(one in option.suits for one in conditions)
    points += ENJOYED * any(liked in {option.code, option.family, option.kind} for liked in enjoys)
    points += AT_HOME * (option.place is None and HARD_TO_COME_BY.isdisjoint(option.equipment))
    return points


def _calm(option: Option) -> str:
    return "tip" if option.kind in TIPS else option.kind


def _notable(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity > 0 and one.finding != NOTHING]
